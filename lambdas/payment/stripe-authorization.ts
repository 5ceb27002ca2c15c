import type Stripe from 'stripe';
import type { Money } from '../../contracts/money.ts';
import type { Charge, ChargeResult } from './gateway.ts';
import type { CallStripe } from './stripe-caller.ts';
import { isInvalidRequest, toDecline } from './stripe-errors.ts';
import { withIdempotencyKey } from './stripe-idempotency.ts';
import { isFreeFor, retrieveIntent, stillProcessing } from './stripe-intent.ts';

type AuthorizedCharge = Extract<Charge, { authorization: string }>;

/**
 * Captures a payment intent that the checkout authorized. `order` is unique in the Stripe account; the capture tags the intent with it, so
 * that no second order is confirmed by the same authorization. `money` is in Stripe's unit.
 */
export async function captureAuthorization(
  callStripe: CallStripe,
  order: string,
  { orderId, authorization: id }: AuthorizedCharge,
  money: Money,
): Promise<ChargeResult> {
  const intent = await retrieveIntent(callStripe, id);
  if (!isFreeFor(order, intent)) return toDecline('authorization_of_another_order');
  if (intent.status !== 'requires_capture') return toCapturedResult(intent);
  if (intent.currency !== money.currency) return toDecline('authorization_in_another_currency');
  if (intent.amount_capturable < money.amount) return toDecline('authorization_below_total');
  const params = { amount_to_capture: money.amount, metadata: { order, orderId } };
  try {
    const captured = await withIdempotencyKey(`${order}/capture`, (idempotencyKey) =>
      callStripe(({ paymentIntents }) => paymentIntents.capture(id, params, { idempotencyKey })),
    );
    return toCapturedResult(captured);
  } catch (error) {
    if (!isInvalidRequest(error)) throw error;
    // It was captured, or has lapsed, since it was looked up.
    const current = await retrieveIntent(callStripe, id);
    if (current.status === 'requires_capture') throw error;
    return toCapturedResult(current);
  }
}

/** An authorization that is neither captured nor open any more is a decline, whatever ended it. */
function toCapturedResult({ id, status, cancellation_reason: reason }: Stripe.PaymentIntent): ChargeResult {
  if (status === 'succeeded') return { kind: 'captured', reference: id };
  if (status === 'processing') throw stillProcessing();
  return toDecline(status === 'canceled' ? `authorization_${reason ?? 'canceled'}` : 'not_authorized');
}
