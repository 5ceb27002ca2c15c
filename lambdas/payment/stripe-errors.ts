import Stripe from 'stripe';
import { BusyError, ConflictError, PermanentError, UnavailableError } from '../runtime/failure.ts';
import type { ChargeResult } from './gateway.ts';

const { StripeAPIError, StripeCardError, StripeError, StripeIdempotencyError, StripeInvalidRequestError } =
  Stripe.errors;

// Error codes and parameters of an amount or a payment method that Stripe will never accept (https://docs.stripe.com/error-codes).
const AMOUNT_LIMIT_CODES = new Set(['amount_too_small', 'amount_too_large']);
const PAYMENT_METHOD_PARAM = /^(payment_method(_data.*)?|customer)$/;
const UNUSABLE_CARD_CODE = /^(token_already_used|payment_method_.*|invalid_cvc|expired_card)$/;
const LAPSED_AUTHORIZATION_CODES = new Set(['charge_expired_for_capture', 'capture_charge_authorization_expired']);
const CONCURRENT_CALL_CODES = new Set(['idempotency_key_in_use', 'lock_timeout']);

/** Returns the decline if the customer's bank or Stripe rejected this card or amount, `undefined` for any other error. */
export function declineFrom(error: unknown): ChargeResult | undefined {
  if (error instanceof StripeCardError) return toDecline(error.decline_code || error.code);
  if (!(error instanceof StripeInvalidRequestError) || hasWrongKey(error)) return undefined;
  const { code = '', param = '' } = error;
  const isUnknownIntent = code === 'resource_missing' && param === 'intent';
  const isDecline =
    isUnknownIntent ||
    AMOUNT_LIMIT_CODES.has(code) ||
    LAPSED_AUTHORIZATION_CODES.has(code) ||
    UNUSABLE_CARD_CODE.test(code) ||
    PAYMENT_METHOD_PARAM.test(param);
  return isDecline ? toDecline(code || `invalid_${param}`) : undefined;
}

/** Builds a decline from Stripe's code, cut to 200 characters as the event's contract requires. */
export const toDecline = (code: string | null | undefined): ChargeResult => ({
  kind: 'declined',
  reason: (code || 'card_declined').slice(0, 200),
});

/**
 * Converts an error of Stripe's to the one of ours that decides whether the message is retried or dead-lettered. The text has Stripe's
 * code and request id (for Stripe's own log), never Stripe's message, which may quote tokens.
 */
export function toFailure(error: unknown): unknown {
  if (!(error instanceof StripeError)) return error;
  const { type, code, param, statusCode, requestId, detail } = error;
  const networkCode = detail instanceof Error && 'code' in detail ? detail.code : undefined;
  const details = [type, code, networkCode, param && `param ${param}`, statusCode, requestId]
    .filter(Boolean)
    .join(', ');
  if (CONCURRENT_CALL_CODES.has(code ?? ''))
    return new BusyError(`Stripe is handling another call for this order: ${details}`);
  if (error instanceof StripeIdempotencyError) {
    return new ConflictError(`Stripe received this idempotency key with other parameters before: ${details}`);
  }
  // A wrong or under-privileged API key is our outage: the message waits, and the circuit breaker's alarm goes off.
  if (error instanceof StripeInvalidRequestError && !hasWrongKey(error))
    return new PermanentError(`Stripe refuses the call: ${details}`);
  return new UnavailableError(`Stripe is unavailable: ${details}`);
}

/** Tells whether a 5xx is one that Stripe saved under the idempotency key, and replays for as long as it retains the key. */
export const isReplayedFailure = (error: unknown): boolean =>
  error instanceof StripeAPIError &&
  (error.statusCode ?? 0) >= 500 &&
  error.headers?.['idempotent-replayed'] === 'true';

/** Tells whether Stripe rejected the request itself, with a 400 or 404. */
export const isInvalidRequest = (error: unknown): boolean => error instanceof StripeInvalidRequestError;

/** Tells whether the charge was refunded before, by us or in Stripe's dashboard. */
export const isAlreadyRefunded = (error: unknown): boolean =>
  error instanceof StripeInvalidRequestError && error.code === 'charge_already_refunded';

/** Tells whether test objects were used with a live key, or the reverse. */
const hasWrongKey = ({ message }: Error): boolean => /exists in (test|live) mode/.test(message);
