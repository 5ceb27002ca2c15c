import { afterEach, beforeEach, vi } from 'vitest';

/** Keeps the log from the terminal for one test file; gives the lines of the current test, and in how many writes they came. */
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
