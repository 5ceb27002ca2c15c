import { afterEach, beforeEach, vi } from 'vitest';

/** Captures the log of each test in a file instead of printing it; `writes` counts writes to stdout. */
export function quietLog(): { lines: string[]; writes: number } {
  const log = { lines: [] as string[], writes: 0 };
  beforeEach(() => {
    log.lines = [];
    log.writes = 0;
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      log.lines.push(...String(text).split(/(?<=\n)/));
      log.writes += 1;
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return log;
}
