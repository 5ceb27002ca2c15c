import Stripe from 'stripe';
import {
  BusyError,
  ConflictError,
  DeadlineExceededError,
  PermanentError,
  UnavailableError,
  WaitingError,
} from '../runtime/failure.ts';

const { StripeAPIError, StripeCardError, StripeError, StripeIdempotencyError, StripeInvalidRequestError } =
  Stripe.errors;

// Error codes and parameters of an amount or a payment method that Stripe will never accept (https://docs.stripe.com/error-codes).
const AMOUNT_LIMIT_CODES = new Set(['amount_too_small', 'amount_too_large']);
const PAYMENT_METHOD_PARAM = /^(payment_method(_data.*)?|customer)$/;
const UNUSABLE_CARD_CODE = /^(token_already_used|payment_method_.*|invalid_cvc|expired_card)$/;
const CONCURRENT_CALL_CODES = new Set(['idempotency_key_in_use', 'lock_timeout']);
// The account's balance is too low for a refund: its owner can top it up.
const LOW_BALANCE_CODES = new Set(['balance_insufficient', 'insufficient_funds']);

/**
 * Returns the code with which the customer's bank or Stripe rejected this card, amount or payment intent, `undefined` for any other error.
 */
export function declineReason(error: unknown): string | undefined {
  if (error instanceof StripeCardError) return toReason(error.decline_code || error.code);
  if (!isRefusal(error)) return undefined;
  const { code = '', param = '' } = error;
  const isDecline =
    isUnknownIntent(error) ||
    AMOUNT_LIMIT_CODES.has(code) ||
    UNUSABLE_CARD_CODE.test(code) ||
    PAYMENT_METHOD_PARAM.test(param);
  return isDecline ? toReason(code || `invalid_${param}`) : undefined;
}

/**
 * Returns the code with which Stripe refuses to capture or to refund a payment, whoever asks again, `undefined` for any other error. Throws
 * `WaitingError` where the account's owner can change that.
 */
export function refusalReason(error: unknown): string | undefined {
  if (error instanceof StripeCardError) return toReason(error.decline_code || error.code);
  if (!isRefusal(error)) return undefined;
  const { code = '', param } = error;
  if (LOW_BALANCE_CODES.has(code))
    throw new WaitingError(`Stripe waits for the account's balance: ${detailsOf(error)}`);
  return toReason(code || (param ? `invalid_${param}` : 'refused'));
}

/** Cuts Stripe's code to 200 characters, as the events' contracts require. */
export const toReason = (code: string | null | undefined): string => (code || 'card_declined').slice(0, 200);

/**
 * Converts an error of Stripe's to the one of ours that decides whether the message is retried or dead-lettered. The text has Stripe's
 * code and request id (for Stripe's own log), never Stripe's message, which may quote tokens.
 */
export function toFailure(error: unknown): unknown {
  if (!(error instanceof StripeError)) return error;
  const { code, detail } = error;
  // The fence closed before the request or during it.
  if (detail instanceof DeadlineExceededError) return detail;
  const details = detailsOf(error);
  if (CONCURRENT_CALL_CODES.has(code ?? ''))
    return new BusyError(`Stripe is handling another call for this order: ${details}`);
  if (error instanceof StripeIdempotencyError) {
    return new ConflictError(`Stripe received this idempotency key with other parameters before: ${details}`);
  }
  // A wrong or under-privileged API key is our outage: the message waits, and the circuit breaker's alarm goes off.
  if (isRefusal(error)) return new PermanentError(`Stripe refuses the call: ${details}`);
  return new UnavailableError(`Stripe is unavailable: ${details}`);
}

function detailsOf({ type, code, param, statusCode, requestId, detail }: InstanceType<typeof StripeError>): string {
  const networkCode = detail instanceof Error && 'code' in detail ? detail.code : undefined;
  return [type, code, networkCode, param && `param ${param}`, statusCode, requestId].filter(Boolean).join(', ');
}

/** Tells whether a 5xx is one that Stripe saved under the idempotency key, and replays for as long as it retains the key. */
export const isReplayedFailure = (error: unknown): boolean =>
  error instanceof StripeAPIError &&
  (error.statusCode ?? 0) >= 500 &&
  error.headers?.['idempotent-replayed'] === 'true';

/** Tells whether Stripe rejected the request itself, with a 400 or 404, and not because test objects were used with a live key. */
export const isRefusal = (error: unknown): error is InstanceType<typeof StripeInvalidRequestError> =>
  error instanceof StripeInvalidRequestError &&
  !CONCURRENT_CALL_CODES.has(error.code ?? '') &&
  !/exists in (test|live) mode/.test(error.message);

/** Tells whether the key was used before with other parameters, so that an earlier call counts. */
export const isOtherUseOfKey = (error: unknown): boolean => error instanceof StripeIdempotencyError;

/** Tells whether the account has no such payment intent. */
export const isUnknownIntent = (error: unknown): boolean =>
  isRefusal(error) && error.code === 'resource_missing' && error.param === 'intent';
