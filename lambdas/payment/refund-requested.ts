import { traceContextOf } from '../../contracts/cloud-event.ts';
import type { OrderDispatched, OrderRefundRequested } from '../../contracts/order.ts';
import { paymentRefundRefused } from '../../contracts/payment.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { ConflictError, WaitingError } from '../runtime/failure.ts';
import { beginRefund, buildOutcome, nextRefund, type PaymentTransition, resumeCalls } from './outcome.ts';
import { type EventContext, isAuthorizedHere, isReported, type Payment, type Refund } from './record.ts';
import { capturedAmount, refundedAmount, refundsOf, withRefunds } from './refunds.ts';

/** The reason of a refund that is due because the money it was asked of came past the gateway. */
const REQUESTED = 'requested';

// A record has room for some hundreds.
const MAX_REFUNDS = 100;

/**
 * Sends back money of a confirmed order, once per `refundId`. What is more than is left of it, or comes after the cancellation, is refused and
 * fails with a `ConflictError`. Throws `WaitingError` until the money was captured.
 */
export function onRefundRequested(
  payment: Payment | undefined,
  delivery: Delivery<OrderRefundRequested>,
  time: string,
): PaymentTransition {
  const { data, ...event } = delivery.event;
  const { orderId, refundId, amount, items } = data;
  // Only goods come back.
  if (amount === 0) return {};
  if (payment === undefined || isMoneyToCome(payment))
    throw new WaitingError(`Refund ${refundId} of order ${orderId} was asked for before its payment was captured`);
  const context = { orderId, trace: traceContextOf(event) };
  const refunds = refundsOf(payment);
  const known = refunds.find((one) => one.refundId === refundId);
  if (known !== undefined && known.amount !== amount)
    throw new ConflictError(
      `Refund ${refundId} of order ${orderId} was asked for with ${known.amount} before, and now with ${amount}`,
      'data.amount',
    );
  if (known !== undefined) return resumeCalls(payment, context);
  const problem = refusalOf(payment, amount);
  if (problem !== undefined) return refuse(payment, delivery, context, problem);
  const wanted = { refundId, amount, ...(items && { goods: true as const }), time };
  const refund: Refund = isReported(payment)
    ? { ...wanted, state: 'due', reason: REQUESTED }
    : { ...wanted, state: 'pending' };
  return beginRefund(withRefunds(payment, [...refunds, refund], time), refund, context);
}

/** Notes that goods of the order left, after which no cancellation refunds it. Throws `WaitingError` until the money was captured. */
export function onDispatched(payment: Payment | undefined, { data, ...event }: OrderDispatched): PaymentTransition {
  const { orderId } = data;
  if (payment === undefined || isMoneyToCome(payment))
    throw new WaitingError(`Goods of order ${orderId} left before its payment was captured`);
  const context = { orderId, trace: traceContextOf(event) };
  const isKept = payment.state === 'captured' || payment.state === 'authorized';
  if (!isKept || payment.dispatched) return resumeCalls(payment, context);
  const after: Payment = { ...payment, dispatched: true };
  return { after, ...nextRefund(after, context) };
}

/** Tells whether a payment is still on its way to being captured; the state `authorized` of others than the gateway's is final. */
export const isMoneyToCome = (payment: Pick<Payment, 'state' | 'method' | 'money'>): boolean =>
  payment.state === 'awaiting' ||
  payment.state === 'authorizing' ||
  payment.state === 'capturing' ||
  (payment.state === 'authorized' && isAuthorizedHere(payment));

/** Returns why a refund is refused; `undefined` if it is not. */
function refusalOf(payment: Payment, amount: number): string | undefined {
  if (payment.state !== 'captured' && payment.state !== 'authorized') return `its payment is ${payment.state}`;
  if (refundsOf(payment).length >= MAX_REFUNDS) return `it has ${MAX_REFUNDS} refunds already`;
  return amount > capturedAmount(payment) - refundedAmount(payment) ? 'less than that is left' : undefined;
}

function refuse(
  payment: Payment,
  { event: { data: wanted }, time, withoutEffects }: Delivery<OrderRefundRequested>,
  context: EventContext,
  problem: string,
): PaymentTransition {
  // Its publisher was told when it was sent.
  if (withoutEffects) return {};
  const { orderId, refundId, amount } = wanted;
  const [captured, refunded] = [capturedAmount(payment), refundedAmount(payment)];
  const currency = payment.money && { currency: payment.money.currency };
  const data = { orderId, refundId, amount, captured, refunded, ...currency };
  const { publish = [], ...calls } = resumeCalls(payment, context);
  return {
    ...calls,
    publish: [...publish, buildOutcome(paymentRefundRefused, data, context, time, refundId)],
    failure: new ConflictError(
      `Order ${orderId} cannot have refund ${refundId} of ${amount}: ${problem}. Captured ${captured}, of which ${refunded} went back or is about to (minor units)`,
      'data.amount',
    ),
  };
}
