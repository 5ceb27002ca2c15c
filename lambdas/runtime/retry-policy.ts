import { RetryAtError } from './failure.ts';

/**
 * What happens to a message whose handling failed. `dead-letter`: at once, because the same input would fail in the same way
 * forever. `retry`: after a backoff.
 */
export type FailureAction = { action: 'dead-letter' } | ({ action: 'retry' } & BackoffLimits);

/** The action for each error class by name; `otherwise` is for every class not named. */
export type FailurePolicy = { [errorType: string]: FailureAction } & { otherwise: FailureAction };

/** Bounds of the backoff between two attempts. */
export type BackoffLimits = { firstSeconds: number; maxSeconds: number };

/** The longest backoff of any policy, in seconds. */
export const MAX_BACKOFF_SECONDS = 900;

/** Messages survive an outage of this length in hours: they are retried throughout it, and afterwards. */
export const OUTAGE_HOURS = 24;

/** How long a queue keeps a message that nobody could handle, in days. */
export const QUEUE_RETENTION_DAYS = 7;

/**
 * The shortest visibility timeout of a consumer's queue, in seconds: when a function hangs, its messages come back after it.
 * Six times the function's timeout (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
 */
export const MIN_VISIBILITY_SECONDS = 180;

const OUTAGE_BACKOFF: BackoffLimits = { firstSeconds: 2, maxSeconds: MAX_BACKOFF_SECONDS };
const CONTENTION_BACKOFF: BackoffLimits = { firstSeconds: 1, maxSeconds: 30 };

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
  // The earlier event may have to be redriven by an operator first.
  OutOfSequenceError: retryOutage,
  // A downstream is unavailable, slow, throttling or forbidden, which may last.
  otherwise: retryOutage,
};

const LANGUAGE_ERRORS = new Set(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError']);

/** Finds the action for whatever was thrown, values that are no errors included. */
export function failureActionFor(error: unknown, policy: FailurePolicy = defaultPolicy): FailureAction {
  if (!(error instanceof Error)) return policy.otherwise;
  // A truncated response is a SyntaxError in the SDK, an unreachable host a TypeError in Node's fetch: neither is our bug.
  const concernsResponse = error.cause !== undefined || '$response' in error || '$metadata' in error;
  if (concernsResponse && LANGUAGE_ERRORS.has(error.name)) return policy.otherwise;
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

/** Counts the attempts that fit into a span on average: what a queue must allow to outlast it. */
export function attemptsWithin(hours: number): number {
  let ageSeconds = 0;
  let attempts = 0;
  while (ageSeconds < hours * 3600) {
    attempts += 1;
    ageSeconds += backoffSeconds(ageSeconds, undefined, () => 0.5);
  }
  return attempts;
}

/**
 * How often a message is attempted before it is dead-lettered: half as often again as an outage takes on average, because jitter
 * can be unlucky, and at least as often as an outage takes in which the function hangs every time.
 */
export const MAX_ATTEMPTS = Math.max(
  Math.ceil(1.5 * attemptsWithin(OUTAGE_HOURS)),
  (OUTAGE_HOURS * 3600) / MIN_VISIBILITY_SECONDS,
);

// SQS hides a message for at most 12 hours from its receipt, of which some has passed.
const MAX_DELAY_SECONDS = 11.5 * 3600;

// After the requested time the queue must keep the message through one more outage.
const LATEST_RETRY_MS = (QUEUE_RETENTION_DAYS * 24 - OUTAGE_HOURS) * 3_600_000;

/**
 * Computes for how many seconds to hide a failed message: its backoff, or for `RetryAtError` the time until then, in steps where
 * that is longer than SQS allows. Returns `undefined` where the queue would not keep the message that long.
 */
export function retryDelaySeconds(
  error: unknown,
  sentAtMs: number,
  limits: BackoffLimits,
  nowMs = Date.now(),
): number | undefined {
  if (!(error instanceof RetryAtError)) return backoffSeconds((nowMs - sentAtMs) / 1000, limits);
  const atMs = error.at.getTime();
  if (atMs - sentAtMs > LATEST_RETRY_MS) return undefined;
  return Math.min(MAX_DELAY_SECONDS, Math.max(1, Math.ceil((atMs - nowMs) / 1000)));
}
