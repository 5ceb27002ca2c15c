import Stripe from 'stripe';
import { BusyError, ConflictError, PermanentError, UnavailableError } from '../runtime/failure.ts';
import type { ChargeAnswer } from './gateway.ts';

const { StripeAPIError, StripeCardError, StripeError, StripeIdempotencyError, StripeInvalidRequestError } =
  Stripe.errors;

// What Stripe says of an amount or a means of payment that it will never take (https://docs.stripe.com/error-codes).
const NO_SUCH_AMOUNT = new Set(['amount_too_small', 'amount_too_large']);
const MEANS_OF_PAYMENT = /^(payment_method(_data.*)?|customer)$/;
const UNUSABLE = /^(token_already_used|payment_method_.*|invalid_cvc|expired_card)$/;
const SOMEBODY_ELSE = new Set(['idempotency_key_in_use', 'lock_timeout']);

/** Takes what a call threw and gives the customer's bank's (or Stripe's) no to this card or amount, with its code, if it is one. */
export function declineFrom(error: unknown): ChargeAnswer | undefined {
  if (error instanceof StripeCardError) return declined(error.decline_code || error.code);
  if (!(error instanceof StripeInvalidRequestError) || hasWrongKey(error)) return undefined;
  const { code = '', param = '' } = error;
  const theirs = NO_SUCH_AMOUNT.has(code) || UNUSABLE.test(code) || MEANS_OF_PAYMENT.test(param);
  return theirs ? declined(code || `invalid_${param}`) : undefined;
}

/** A refusal with Stripe's code for it. */
export const declined = (code: string | null | undefined): ChargeAnswer => ({
  kind: 'declined',
  reason: (code || 'card_declined').slice(0, 200),
});

/**
 * Takes what a call threw and gives it as our own error, by what is to become of the message. It says Stripe's code, and the id under
 * which Stripe has the call in its log, never Stripe's sentence: that quotes tokens.
 */
export function toFailure(error: unknown): unknown {
  if (!(error instanceof StripeError)) return error;
  const { type, code, param, statusCode, requestId, detail } = error;
  const cause = detail instanceof Error && 'code' in detail ? detail.code : undefined;
  const what = [type, code, cause, param && `param ${param}`, statusCode, requestId].filter(Boolean).join(', ');
  if (SOMEBODY_ELSE.has(code ?? '')) return new BusyError(`Stripe is at work on this order: ${what}`);
  if (error instanceof StripeIdempotencyError) {
    return new ConflictError(`Stripe was asked the same with other contents before: ${what}`);
  }
  // A wrong or powerless key is our outage and no customer's fault: the message waits, and the alarm says so.
  if (error instanceof StripeInvalidRequestError && !hasWrongKey(error))
    return new PermanentError(`Stripe refuses: ${what}`);
  return new UnavailableError(`Stripe could not: ${what}`);
}

/** True for a 5xx that Stripe has saved under its key, and will answer again for as long as it remembers the key. */
export const isReplayedFailure = (error: unknown): boolean =>
  error instanceof StripeAPIError &&
  (error.statusCode ?? 0) >= 500 &&
  error.headers?.['idempotent-replayed'] === 'true';

/** True if Stripe refused the call as such, with a 400 or 404. */
export const isInvalid = (error: unknown): boolean => error instanceof StripeInvalidRequestError;

/** True if the charge was given back before, by us or by somebody at Stripe's dashboard. */
export const isAlreadyRefunded = (error: unknown): boolean =>
  error instanceof StripeInvalidRequestError && error.code === 'charge_already_refunded';

/** Test objects with a live key, or the reverse. */
const hasWrongKey = ({ message }: Error): boolean => /exists in (test|live) mode/.test(message);
