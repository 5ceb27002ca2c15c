/** The clock of a test: the real time plus the time that was skipped, so that no test waits. */
export class Clock {
  /** The time skipped so far, in milliseconds. */
  skippedMs = 0;

  now(): number {
    return Date.now() + this.skippedMs;
  }

  /** Skips to a point in time unless it has passed. */
  skipTo(time: number): void {
    this.skippedMs += Math.max(0, time - this.now());
  }
}
