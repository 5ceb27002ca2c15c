import { openSync, writeSync } from 'node:fs';

/**
 * The clock of a test: the real time plus the time that was skipped, so that no test waits. Processes that are given its file read the skipped
 * time from there, so that it passes for a frozen one too.
 */
export class Clock {
  private skipped = 0;
  /** Since when, in real time, how much is skipped. */
  private readonly skips = [{ since: 0, skipped: 0 }];
  private readonly descriptor: number | undefined;

  /** `file`: keeps the skipped milliseconds as one 64-bit float. @default none */
  constructor(file?: string) {
    this.descriptor = file === undefined ? undefined : openSync(file, 'w');
    this.write();
  }

  /** The time skipped so far, in milliseconds. */
  get skippedMs(): number {
    return this.skipped;
  }

  now(): number {
    return Date.now() + this.skipped;
  }

  /** Skips to a point in time unless it has passed. */
  skipTo(time: number): void {
    this.skipped += Math.max(0, time - this.now());
    this.skips.push({ since: Date.now(), skipped: this.skipped });
    this.write();
  }

  /** Converts a time that the engine noted, in real milliseconds since 1970, to this clock's. */
  fromReal(time: number): number {
    return time + (this.skips.findLast(({ since }) => since <= time)?.skipped ?? 0);
  }

  private write(): void {
    if (this.descriptor !== undefined) writeSync(this.descriptor, new Float64Array([this.skipped]), 0, 8, 0);
  }
}
