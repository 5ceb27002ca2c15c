import { afterEach, beforeEach, vi } from 'vitest';

/** Keeps the consumers' log lines from the terminal for one test file; gives what was written in the current test. */
export function quietLog(): { lines: string[] } {
  const log = { lines: [] as string[] };
  beforeEach(() => {
    log.lines = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      log.lines.push(String(text));
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return log;
}
