/** The time of a test: the real one plus what was skipped. Nobody waits; time is passed. */
export class Clock {
  /** Milliseconds that were skipped. */
  skippedMs = 0;

  now(): number {
    return Date.now() + this.skippedMs;
  }

  /** Goes on to a point in time, unless it has come already. */
  skipTo(time: number): void {
    this.skippedMs += Math.max(0, time - this.now());
  }
}
