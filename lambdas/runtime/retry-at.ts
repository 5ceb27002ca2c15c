import { type BackoffLimits, backoffSeconds, OUTAGE_HOURS, QUEUE_RETENTION_DAYS } from './backoff.ts';

/**
 * The handler wants its message again at a given time, to do then what is due then: throw it (or give it as the failure of one
 * delivery). Whoever wants the work cancelled says so in the record that the handler looks at when the time has come.
 */
export class RetryAtError extends Error {
  override name = 'RetryAtError';
  readonly at: Date;

  constructor(at: Date) {
    super(`To be tried again at ${at.toISOString()}`);
    this.at = at;
  }
}

// SQS hides a message for at most 12 hours from when it was received; some of that went by.
const LONGEST_STEP_SECONDS = 11.5 * 3600;

// When the time has come, there must be time left to wait out an outage.
const LATEST_MS = (QUEUE_RETENTION_DAYS * 24 - OUTAGE_HOURS) * 3_600_000;

/**
 * Takes what a try failed with, when its message was sent, and how waits grow, and gives how many seconds to hide the message:
 * until the time that was asked for, or a step towards it. `undefined` where the queue would not keep the message that long.
 */
export function retryDelaySeconds(
  error: unknown,
  sentAtMs: number,
  growth: BackoffLimits,
  nowMs = Date.now(),
): number | undefined {
  if (!(error instanceof RetryAtError)) return backoffSeconds((nowMs - sentAtMs) / 1000, growth);
  const atMs = error.at.getTime();
  if (atMs - sentAtMs > LATEST_MS) return undefined;
  return Math.min(LONGEST_STEP_SECONDS, Math.max(1, Math.ceil((atMs - nowMs) / 1000)));
}
