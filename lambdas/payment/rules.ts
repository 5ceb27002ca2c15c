import { traceContextOf } from '../../contracts/cloud-event.ts';
import { sameMoney } from '../../contracts/money.ts';
import {
  type OrderCancelled,
  type OrderPlaced,
  orderCancelled,
  orderPlaced,
  samePayment,
} from '../../contracts/order.ts';
import type { PaymentReceived } from '../../contracts/payment.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { ConflictError } from '../runtime/failure.ts';
import type { PaymentEffectResult } from './effects.ts';
import type { Charge } from './gateway.ts';
import { finishPayment, type PaymentTransition, refund, resumePayment } from './outcome.ts';
import { onReceived } from './received.ts';
import { type EventContext, optionalReference, type Payment, placedPayment } from './record.ts';

export type PaymentInput = OrderPlaced | OrderCancelled | PaymentReceived;

/** Decides what follows from an event or from a gateway's result. Throws `ConflictError` if it contradicts the record. */
export function nextPayment(
  payment: Payment | undefined,
  input: Delivery<PaymentInput> | PaymentEffectResult,
  now: Date,
): PaymentTransition {
  const time = now.toISOString();
  if ('result' in input) return onGatewayResult(payment, input, time);
  const { event } = input;
  switch (event.type) {
    case orderPlaced.type:
      return onPlaced(payment, event, time);
    case orderCancelled.type:
      return onCancelled(payment, event, time);
    default:
      return onReceived(payment, event, time);
  }
}

function onPlaced(payment: Payment | undefined, { data, ...event }: OrderPlaced, time: string): PaymentTransition {
  const context = { orderId: data.orderId, trace: traceContextOf(event) };
  if (payment === undefined) return begin(placedPayment(data, time), data, context);
  if (payment.money === undefined) return placedAfterCancellation(payment, placedPayment(data, time), context);
  rejectConflict(payment, data);
  // An earlier invocation called the gateway and may have crashed before it recorded the result. The call may even still be in
  // progress. So even a cancelled order is charged under the same key, which reveals the result, and is then refunded.
  const charge = payment.state === 'capturing' ? chargeOf(data) : undefined;
  return charge === undefined
    ? resumePayment(payment, context)
    : { effect: { ...context, kind: 'find-then-capture', charge, capturingSince: payment.time } };
}

function begin(payment: Payment, data: OrderPlaced['data'], context: EventContext): PaymentTransition {
  const charge = payment.state === 'capturing' ? chargeOf(data) : undefined;
  return charge === undefined
    ? finishPayment(payment, context)
    : { after: payment, effect: { ...context, kind: 'capture', charge } };
}

/** Charges nothing. What the checkout has charged already is refunded. */
function placedAfterCancellation(tombstone: Payment, placed: Payment, context: EventContext): PaymentTransition {
  const { version } = tombstone;
  if (placed.state === 'captured') return refund({ ...placed, version }, context, 'cancelled');
  return { after: { ...placed, version, state: 'cancelled' } };
}

function chargeOf({ orderId, payment, total: money }: OrderPlaced['data']): Charge | undefined {
  if (payment === undefined) return undefined;
  if ('token' in payment) return { orderId, money, token: payment.token };
  return payment.kind === 'authorized' ? { orderId, money, authorization: payment.reference } : undefined;
}

function rejectConflict({ orderId, money, method }: Payment, { total, payment }: OrderPlaced['data']): void {
  if (money !== undefined && !sameMoney(money, total))
    throw new ConflictError(`Order ${orderId} was already placed with another total`, 'data.total');
  if (total.amount > 0 && !samePayment(method, payment))
    throw new ConflictError(`Order ${orderId} was already placed with another payment`, 'data.payment');
}

function onCancelled(
  payment: Payment | undefined,
  { data, ...event }: OrderCancelled,
  time: string,
): PaymentTransition {
  const { orderId, reason } = data;
  const context = { orderId, trace: traceContextOf(event) };
  if (payment === undefined) return { after: { orderId, version: 0, state: 'cancelled', time } };
  switch (payment.state) {
    case 'capturing':
      return payment.cancelled ? {} : { after: { ...payment, cancelled: true } };
    case 'captured':
      return refund({ ...payment, time }, context, reason);
    case 'awaiting':
    case 'on-delivery':
      return payment.received
        ? refund({ ...payment, time }, context, reason)
        : { after: { ...payment, state: 'cancelled', time } };
    case 'declined':
      return {};
    default:
      return resumePayment(payment, context);
  }
}

function onGatewayResult(
  payment: Payment | undefined,
  { result, ...context }: PaymentEffectResult,
  time: string,
): PaymentTransition {
  if (payment === undefined) throw new ConflictError(`The payment of order ${context.orderId} disappeared`);
  const { state } = payment;
  switch (result.kind) {
    case 'captured': {
      const { reference } = result;
      const captured = { ...payment, time, ...optionalReference(reference) };
      // The order was cancelled or declined meanwhile, but the money was captured: refund it.
      if (state === 'declined' || (state === 'capturing' && payment.cancelled))
        return refund(captured, context, 'cancelled');
      return state === 'capturing'
        ? finishPayment({ ...captured, state: 'captured' }, context)
        : resumePayment(payment, context);
    }
    case 'declined':
      if (state !== 'capturing') return resumePayment(payment, context);
      return finishPayment({ ...payment, state: 'declined', declineReason: result.reason, time }, context);
    case 'refunded':
      return state === 'refunding'
        ? finishPayment({ ...payment, state: 'refunded', time }, context)
        : resumePayment(payment, context);
  }
}
