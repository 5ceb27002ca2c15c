import { concernsResponse, isLanguageError, RetryAtError, ThrottledError } from './failure.ts';

/**
 * What happens to a message whose handling failed. `dead-letter`: at once, because the same input would fail in the same way
 * forever. `retry`: after a backoff.
 */
export type FailureAction = { action: 'dead-letter' } | ({ action: 'retry' } & BackoffLimits);

/** The action for each error class by name; `otherwise` is for every class not named. */
export type FailurePolicy = { [errorType: string]: FailureAction } & { otherwise: FailureAction };

/**
 * Bounds of the backoff between two attempts. `forSeconds`: they hold for so long after the message was first received, then those of an
 * outage. @default for ever
 */
export type BackoffLimits = { firstSeconds: number; maxSeconds: number; forSeconds?: number };

/** When a message was sent to its queue and first received from it (milliseconds since 1970), and how often it was received. */
export type MessageHistory = { sentAtMs: number; firstReceivedAtMs: number; attempts: number };

/** The longest backoff of any policy, in seconds. */
export const MAX_BACKOFF_SECONDS = 900;

/** Messages survive an outage of this length in hours: they are retried throughout it, and afterwards. */
export const OUTAGE_HOURS = 24;

/** How long a queue keeps a message that nobody could handle, in days. */
export const QUEUE_RETENTION_DAYS = 7;

/** How long a dead-letter queue, and the parking queue, keep a message, in days: the longest that SQS has. */
export const DEAD_LETTER_RETENTION_DAYS = 14;

/** The most days that a letter may be parked for in all; the cancellation of an order is remembered for longer. */
export const MAX_PARKED_DAYS = 90;

const OUTAGE_BACKOFF: BackoffLimits = { firstSeconds: 2, maxSeconds: MAX_BACKOFF_SECONDS };
// Contention lasts seconds. What lasts longer waits for somebody, and so would the shop if it asked every 30 seconds.
const CONTENTION_BACKOFF: BackoffLimits = { firstSeconds: 1, maxSeconds: 30, forSeconds: 600 };

const deadLetter: FailureAction = { action: 'dead-letter' };
const retryOutage: FailureAction = { action: 'retry', ...OUTAGE_BACKOFF };
const retryContention: FailureAction = { action: 'retry', ...CONTENTION_BACKOFF };

/** The policy of every consumer that has none of its own: what is not known to be permanent is retried. */
export const defaultPolicy: FailurePolicy = {
  // The message is wrong.
  ContractError: deadLetter,
  ConflictError: deadLetter,
  PermanentError: deadLetter,
  InvalidParameterException: deadLetter,
  // The code is wrong.
  TypeError: deadLetter,
  ReferenceError: deadLetter,
  RangeError: deadLetter,
  SyntaxError: deadLetter,
  ValidationException: deadLetter,
  ItemCollectionSizeLimitExceededException: deadLetter,
  // Another writer was in the way, which passes within seconds.
  BusyError: retryContention,
  TransactionConflictException: retryContention,
  // A bank may take days.
  WaitingError: retryOutage,
  // A downstream is unavailable, slow, throttling or forbidden, which may last.
  otherwise: retryOutage,
};

/** Finds the action for whatever was thrown, values that are no errors included. */
export function failureActionFor(error: unknown, policy: FailurePolicy = defaultPolicy): FailureAction {
  if (!(error instanceof Error)) return policy.otherwise;
  if (isLanguageError(error) && concernsResponse(error)) return policy.otherwise;
  return Object.hasOwn(policy, error.name) ? (policy[error.name] ?? policy.otherwise) : policy.otherwise;
}

// The backoff as a fraction of the message's age: a message that met a minute of outage is retried within 8 seconds of its end.
const AGE_DIVISOR = 8;

/**
 * Computes the backoff of a message of this age, in whole seconds of at least one: an eighth of the age with full jitter. As each
 * backoff adds to the age, backoffs grow exponentially, and a message waits little longer than the outage it met
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). `random` returns a number in [0, 1).
 */
export function backoffSeconds(
  ageSeconds: number,
  { firstSeconds, maxSeconds }: BackoffLimits = OUTAGE_BACKOFF,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(maxSeconds, Math.max(firstSeconds, ageSeconds / AGE_DIVISOR));
  return 1 + Math.floor(random() * ceiling);
}

/**
 * How long a message is tried before it is dead-lettered, in hours. Three days outlast an outage of a day, and a weekend until somebody reads
 * an alarm.
 */
export const GIVE_UP_HOURS = 72;

/**
 * A message is tried at least as often as in an outage at the longest backoff, however old it is: it may have waited for a time that its
 * handler asked for, or for a consumer that was switched off.
 */
export const MIN_ATTEMPTS = Math.ceil((OUTAGE_HOURS * 3600) / (MAX_BACKOFF_SECONDS / 2));

/** No message expires unnoticed: in so many last hours before its queue forgets it, a failure dead-letters it. */
export const RETENTION_MARGIN_HOURS = 1;

/**
 * How often a queue lets a message be received before it moves it to the dead-letter queue, without a reason: the most that SQS allows
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html). A message that is tried for as long as
 * it may be needs about 700; only one that kills its function each time needs more.
 */
export const MAX_RECEIVES = 1_000;

const HOUR_MS = 3_600_000;

// SQS hides a message for at most 12 hours from its receipt, of which some has passed.
const MAX_DELAY_SECONDS = 11.5 * 3600;

// After the requested time the queue must keep the message through one more outage.
const LATEST_RETRY_MS = (QUEUE_RETENTION_DAYS * 24 - OUTAGE_HOURS) * HOUR_MS;

/** What becomes of a failed message: it is hidden for some seconds, or given up for a reason. */
export type Retry = { seconds: number } | { givenUp: string };

/**
 * Decides when a failed message is tried again: after its backoff, which with `ThrottledError` lasts at least as long as was asked for, or for
 * `RetryAtError` at that time, in steps where that is longer than SQS allows. It is given up once it has been tried for `GIVE_UP_HOURS`,
 * whatever failed; with `RetryAtError` only where the queue would not keep it until then and through one more outage.
 */
export function retryOf(
  error: unknown,
  { sentAtMs, firstReceivedAtMs, attempts }: MessageHistory,
  limits: BackoffLimits,
  nowMs = Date.now(),
): Retry {
  if (error instanceof RetryAtError) {
    const atMs = error.at.getTime();
    if (atMs - sentAtMs > LATEST_RETRY_MS) return { givenUp: 'the queue does not keep it that long' };
    return { seconds: Math.min(MAX_DELAY_SECONDS, Math.max(1, Math.ceil((atMs - nowMs) / 1000))) };
  }
  const [ageMs, triedMs] = [nowMs - sentAtMs, nowMs - firstReceivedAtMs];
  const expires = ageMs >= (QUEUE_RETENTION_DAYS * 24 - RETENTION_MARGIN_HOURS) * HOUR_MS;
  if (expires || (triedMs >= GIVE_UP_HOURS * HOUR_MS && attempts >= MIN_ATTEMPTS))
    return { givenUp: `given up after ${inWords(triedMs)}` };
  const { forSeconds = Number.POSITIVE_INFINITY } = limits;
  const current = triedMs < forSeconds * 1000 ? limits : OUTAGE_BACKOFF;
  const atLeast = error instanceof ThrottledError ? error.retryAfterSeconds : 0;
  return { seconds: Math.max(atLeast, backoffSeconds(ageMs / 1000, current)) };
}

function inWords(milliseconds: number): string {
  const hours = Math.floor(milliseconds / HOUR_MS);
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return hours === 1 ? '1 hour' : `${hours} hours`;
}
