/** A downstream cannot serve right now (an outage, a time-out, throttling): the message is tried again later. */
export class UnavailableError extends Error {
  override name = 'UnavailableError';
}

/** A downstream got a call, as far as we know, and did not answer: whether it did what was asked nobody can tell. */
export class UnknownOutcomeError extends UnavailableError {
  override name = 'UnknownOutcomeError';
}

/** Someone else is working on the same order right now: the message is tried again shortly. */
export class BusyError extends Error {
  override name = 'BusyError';
}

/**
 * What must be handled before this has not come. Where it is in a dead-letter queue, somebody has to put it back first: the
 * message is tried again for as long as an outage is waited out.
 */
export class OutOfSequenceError extends Error {
  override name = 'OutOfSequenceError';
}

/** A message that contradicts what is already recorded (a used order id with other contents); trying again cannot help. */
export class ConflictError extends Error {
  override name = 'ConflictError';
}

/** A downstream refuses a call for what the call itself is; it would refuse the same call for ever. */
export class PermanentError extends Error {
  override name = 'PermanentError';
}

/** The invocation's time ran out before the message's turn was over: it is tried again. */
export class DeadlineExceededError extends Error {
  override name = 'DeadlineExceededError';
}

/**
 * What becomes of a message that failed. `dead-letter`: now, for the same input would fail in the same way for ever.
 * `retry`: after a wait that grows with each try from `firstSeconds` to at most `longestSeconds`.
 */
export type FailureAction = { action: 'dead-letter' } | { action: 'retry'; firstSeconds: number; maxSeconds: number };

/** A failure policy: the treatment of each error class by name; `otherwise` is for every class not named. */
export type FailurePolicy = { [errorType: string]: FailureAction } & { otherwise: FailureAction };

const never: FailureAction = { action: 'dead-letter' };
const outage: FailureAction = { action: 'retry', firstSeconds: 2, maxSeconds: 900 };
const brief: FailureAction = { action: 'retry', firstSeconds: 1, maxSeconds: 30 };

/** The policy of a consumer that names none of its own: what is not known to be permanent is worth another try. */
export const defaultPolicy: FailurePolicy = {
  // The message is wrong.
  ContractError: never,
  ConflictError: never,
  PermanentError: never,
  InvalidParameterException: never,
  // The code is wrong.
  TypeError: never,
  ReferenceError: never,
  RangeError: never,
  SyntaxError: never,
  ValidationException: never,
  ItemCollectionSizeLimitExceededException: never,
  // Somebody was in the way: that passes within seconds.
  BusyError: brief,
  TransactionConflictException: brief,
  // It waits for an operator, perhaps.
  OutOfSequenceError: outage,
  // Something is down, slow, throttling or forbidden: that may last.
  otherwise: outage,
};

const LANGUAGE_ERRORS = new Set(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError']);

/** Takes whatever was thrown and a policy and gives the treatment. */
export function failureActionFor(error: unknown, policy: FailurePolicy = defaultPolicy): FailureAction {
  if (!(error instanceof Error)) return policy.otherwise;
  // An answer cut short is a SyntaxError in the SDK, an unreachable host a TypeError in Node's fetch: neither is our bug.
  const aboutAnAnswer = error.cause !== undefined || '$response' in error || '$metadata' in error;
  if (aboutAnAnswer && LANGUAGE_ERRORS.has(error.name)) return policy.otherwise;
  return Object.hasOwn(policy, error.name) ? (policy[error.name] ?? policy.otherwise) : policy.otherwise;
}

/**
 * Takes whatever was thrown, `undefined` and strings included, and gives its class and message for an operator. Phone
 * numbers are taken out: AWS quotes the one it refuses.
 */
export function describeError(error: unknown): { errorType: string; errorMessage: string } {
  if (!(error instanceof Error)) return { errorType: 'NonError', errorMessage: `a ${typeof error} was thrown` };
  const errorType = error.name || 'Error';
  return { errorType, errorMessage: (error.message || errorType).replaceAll(/\+\d{6,15}/g, '+…') };
}
