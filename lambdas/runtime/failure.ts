import { framesOf } from './stack-frames.ts';

/** A downstream cannot serve right now (outage, time-out, throttling); the message is retried. */
export class UnavailableError extends Error {
  override name = 'UnavailableError';
}

/** A downstream received a call, as far as known, and did not answer: whether it took effect is unknown. */
export class UnknownOutcomeError extends UnavailableError {
  override name = 'UnknownOutcomeError';
}

/** A downstream asks not to be called for so long; the message is not retried before. */
export class ThrottledError extends UnavailableError {
  override name = 'ThrottledError';
  readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A downstream serves others, but not this one order; the message is retried, and the circuit breaker does not count it. */
export class OneOrderError extends UnavailableError {
  override name = 'OneOrderError';
}

/**
 * Somebody else has to act first (a bank that is still processing a payment, a service that has yet to place the order), which may take days;
 * the message is retried meanwhile.
 */
export class WaitingError extends Error {
  override name = 'WaitingError';
}

/** Another writer is working on the same order right now; the message is retried within seconds. */
export class BusyError extends Error {
  override name = 'BusyError';
}

/** A message conflicts with what is recorded (a used order id with other content); a retry cannot help. */
export class ConflictError extends Error {
  override name = 'ConflictError';
  /** The member of the message that conflicts, as in `data.total`. */
  readonly path: string;

  constructor(message: string, path = 'data') {
    super(message);
    this.path = path;
  }
}

/** A downstream refuses a call because of its content, and always would. */
export class PermanentError extends Error {
  override name = 'PermanentError';
}

/** The invocation's time ran out before the message was handled; it is retried. */
export class DeadlineExceededError extends Error {
  override name = 'DeadlineExceededError';
}

/**
 * The handler needs its message again at a given time, to do then what is due then. To cancel the work meanwhile, change the
 * record that the handler reads when it gets the message again.
 */
export class RetryAtError extends Error {
  override name = 'RetryAtError';
  readonly at: Date;

  constructor(at: Date) {
    super(`To be tried again at ${at.toISOString()}`);
    this.at = at;
  }
}

const nameOf = (thrown: unknown): string => {
  if (thrown === undefined || thrown === null) return String(thrown);
  return typeof thrown === 'object' ? 'an object' : `a ${typeof thrown}`;
};

// Not the example with which a contract says what a number looks like: `must be an E.164 number such as +821012345678`.
const PHONE_NUMBERS = /(?<!\bnumber such as )\+\d{6,15}/g;

/** Tells whether a text contains what looks like a phone number: `+` and 6 to 15 digits. */
export const containsPhoneNumber = (text: string): boolean => text.search(PHONE_NUMBERS) !== -1;

/** Removes what looks like a phone number from a text. */
export const maskPhoneNumbers = (text: string): string => text.replaceAll(PHONE_NUMBERS, '+…');

/**
 * Describes whatever was thrown, `undefined` and strings included, by class and message for an operator. Phone numbers are
 * removed, because AWS quotes the one it refuses.
 */
export function describeError(error: unknown): { errorType: string; errorMessage: string } {
  if (!(error instanceof Error)) return { errorType: 'NonError', errorMessage: `${nameOf(error)} was thrown` };
  const errorType = error.name || 'Error';
  return { errorType, errorMessage: maskPhoneNumbers(error.message || errorType) };
}

const LANGUAGE_ERRORS = new Set(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError']);

/** Tells whether an error is one of the language itself, as a mistake in code causes. */
export const isLanguageError = (error: Error): boolean => LANGUAGE_ERRORS.has(error.name);

/**
 * Tells whether an error is about an answer or a connection: a truncated response is a `SyntaxError` in the SDK, an unreachable host a
 * `TypeError` in Node's fetch, and neither is a mistake in code.
 */
export const concernsResponse = (error: Error): boolean =>
  error.cause !== undefined || '$response' in error || '$metadata' in error;

// Their message says everything, and in a flood or an outage they come by the thousand.
const EXPECTED = new Set(['ContractError', 'WaitingError', 'BusyError', 'DeadlineExceededError', 'RetryAtError']);

/**
 * Describes whatever was thrown for a log line, with the stack's frames, innermost first: with `--enable-source-maps` each names a line of
 * the source. What is expected, such as an outage, has none, unless a mistake in code is what was taken for it.
 */
export function describeForLog(error: unknown): ReturnType<typeof describeError> & { stackTrace?: readonly string[] } {
  const described = describeError(error);
  const unexpected = unexpectedIn(error);
  const stackTrace = unexpected === undefined ? [] : framesOf(unexpected);
  return stackTrace.length === 0 ? described : { ...described, stackTrace };
}

function unexpectedIn(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined;
  if (!(error instanceof UnavailableError) && !EXPECTED.has(error.name)) return error;
  const { cause } = error;
  return cause instanceof Error && isLanguageError(cause) && !concernsResponse(cause) ? cause : undefined;
}

/** A message cannot be taken, and its publisher could not be told: it is retried, so that both happen. */
export class RefusalUnpublishedError extends UnavailableError {
  override name = 'RefusalUnpublishedError';

  constructor(failure: Error, refusal: unknown) {
    super(`${failure.message}, so its publisher is not told yet that ${describeError(refusal).errorMessage}`, {
      cause: failure,
    });
  }
}
