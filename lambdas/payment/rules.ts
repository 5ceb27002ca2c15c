import { traceContextOf } from '../../contracts/cloud-event.ts';
import { sameMoney } from '../../contracts/money.ts';
import {
  type OrderCancelled,
  type OrderConfirmed,
  type OrderDispatched,
  type OrderPlaced,
  type OrderRefundRequested,
  orderCancelled,
  orderConfirmed,
  orderDispatched,
  orderPlaced,
  orderRefundRequested,
  paymentMethodOf,
  samePayment,
} from '../../contracts/order.ts';
import type { PaymentReceived } from '../../contracts/payment.ts';
import { type CustomerHash, customerOf, isOtherCustomer } from '../runtime/customer-hash.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { ConflictError } from '../runtime/failure.ts';
import { tombstoneExpiry } from '../runtime/tombstone.ts';
import { onGatewayResult } from './answers.ts';
import type { PaymentEffect, PaymentEffectResult } from './effects.ts';
import type { AuthorizeRequest } from './gateway.ts';
import {
  finishPayment,
  knownOf,
  type PaymentTransition,
  refundRest,
  resumeCalls,
  resumePayment,
  voidPayment,
} from './outcome.ts';
import { onReceived } from './received.ts';
import { CANCELLED, type EventContext, firstPayment, isAuthorizedHere, type Payment } from './record.ts';
import { onDispatched, onRefundRequested } from './refund-requested.ts';

export type PaymentInput =
  | OrderPlaced
  | OrderConfirmed
  | OrderCancelled
  | OrderRefundRequested
  | OrderDispatched
  | PaymentReceived;

/**
 * Decides what follows from an event or from a gateway's result. Throws `ConflictError` if it contradicts the record; of another customer
 * where `customerHash` is given.
 */
export function nextPayment(
  payment: Payment | undefined,
  input: Delivery<PaymentInput> | PaymentEffectResult,
  now: Date,
  customerHash?: CustomerHash,
): PaymentTransition {
  if ('result' in input) return onGatewayResult(payment, input, now.toISOString());
  const { event } = input;
  switch (event.type) {
    case orderPlaced.type:
      return onPlaced(payment, event, now.toISOString(), customerOf(event.data, customerHash));
    case orderConfirmed.type:
      return onConfirmed(payment, event, now.toISOString());
    case orderCancelled.type:
      return onCancelled(payment, event, now);
    case orderRefundRequested.type:
      return onRefundRequested(payment, { ...input, event }, now.toISOString());
    case orderDispatched.type:
      return onDispatched(payment, event);
    default:
      return onReceived(payment, event, now.toISOString());
  }
}

function onPlaced(
  payment: Payment | undefined,
  { data, ...event }: OrderPlaced,
  time: string,
  known: Pick<Payment, 'customer'>,
): PaymentTransition {
  const context = { orderId: data.orderId, trace: traceContextOf(event) };
  const first = firstPayment(data.orderId, data.total, data.payment && paymentMethodOf(data.payment), time);
  const placed = { ...first, ...known };
  if (payment?.money === undefined) {
    if (payment !== undefined) return placedAfterCancellation(payment, placed, context);
    const effect = authorizeEffect(placed, data, context, false);
    if (effect !== undefined) return { after: placed, effect };
    return placed.state === 'awaiting' ? { after: placed } : finishPayment(placed, context);
  }
  rejectConflict(payment, data, known.customer);
  // An earlier invocation called the gateway and may have crashed before it recorded the result. The call may even still be in progress.
  const effect = authorizeEffect(payment, data, context, true);
  return effect === undefined ? resumePayment(payment, context) : { effect };
}

/** Returns the call that authorizes a payment; `undefined` where none is to be made. Only the order itself has the token. */
function authorizeEffect(
  payment: Payment,
  data: OrderPlaced['data'],
  context: EventContext,
  resumed: boolean,
): PaymentEffect | undefined {
  const request = payment.state === 'authorizing' ? requestOf(data) : undefined;
  return request && { ...context, kind: 'authorize', request, known: knownOf(payment), resumed };
}

function requestOf({ orderId, payment, total: money }: OrderPlaced['data']): AuthorizeRequest | undefined {
  if (payment === undefined) return undefined;
  if ('token' in payment) return { orderId, money, token: payment.token };
  return payment.kind === 'authorized' ? { orderId, money, authorization: payment.reference } : undefined;
}

/** Charges nothing. What the checkout holds for the order is voided, and what it has captured is refunded. */
function placedAfterCancellation(tombstone: Payment, placed: Payment, context: EventContext): PaymentTransition {
  const { version, released } = tombstone;
  const payment: Payment = { ...forgotten(placed), version, ...(released && { released }) };
  if (placed.state === 'captured') return refundRest(payment, context, CANCELLED);
  const mayBeHeld = tombstone.state === 'voiding' || placed.method?.kind === 'authorized';
  if (mayBeHeld && isAuthorizedHere(placed)) return voidPayment(payment, context);
  return finishPayment({ ...payment, state: 'voided' }, context);
}

function rejectConflict(
  { orderId, money, method, customer }: Payment,
  { total, payment }: OrderPlaced['data'],
  placedBy: string | undefined,
): void {
  if (isOtherCustomer(customer, placedBy))
    throw new ConflictError(`Order ${orderId} was already placed by another customer`, 'data.customer.id');
  if (money !== undefined && !sameMoney(money, total))
    throw new ConflictError(`Order ${orderId} was already placed with another total`, 'data.total');
  // A record that was begun by a confirmation or a cancellation, after the table was put back, may not know how the order is paid.
  if (total.amount > 0 && method !== undefined && !samePayment(method, payment))
    throw new ConflictError(`Order ${orderId} was already placed with another payment`, 'data.payment');
}

function onConfirmed(
  payment: Payment | undefined,
  { data, ...event }: OrderConfirmed,
  time: string,
): PaymentTransition {
  const { orderId, total } = data;
  const context = { orderId, trace: traceContextOf(event) };
  // Without a record, and where it is younger than the confirmation, the table was put back: the gateway knows what is authorized.
  const current = payment ?? forgotten(firstPayment(orderId, total, data.payment, time));
  if (current.money !== undefined && !sameMoney(current.money, total))
    throw new ConflictError(`Order ${orderId} is confirmed with another total than was placed`, 'data.total');
  if (!isAuthorizedHere(current)) return confirmedElsewhere(payment, current, context, time);
  switch (current.state) {
    case 'authorizing':
    case 'authorized':
    case 'capturing': {
      const resumed = payment?.state !== 'authorized';
      const effect = { ...context, kind: 'capture' as const, money: total, known: knownOf(current), resumed };
      return payment?.state === 'capturing' ? { effect } : { after: { ...current, state: 'capturing', time }, effect };
    }
    default:
      // Once cancelled is heard, a confirmation changes nothing.
      return resumePayment(current, context);
  }
}

/** Returns a first record of an order of which the table may have forgotten since when the gateway holds something. */
const forgotten = ({ since: _, ...payment }: Payment): Payment => payment;

/** What the checkout captured, was reported or comes on delivery is done; an order that is confirmed was paid. */
function confirmedElsewhere(
  payment: Payment | undefined,
  current: Payment,
  context: EventContext,
  time: string,
): PaymentTransition {
  if (current.state === 'awaiting') return { after: { ...current, state: 'captured', received: true, time } };
  return payment === undefined ? { after: current } : resumeCalls(current, context);
}

function onCancelled(payment: Payment | undefined, { data, ...event }: OrderCancelled, now: Date): PaymentTransition {
  const { orderId, reason } = data;
  const time = now.toISOString();
  const context = { orderId, trace: traceContextOf(event) };
  // Also without a record, because a table that was put back may have forgotten what the gateway holds.
  if (payment === undefined)
    return voidPayment({ orderId, version: 0, state: 'voiding', time, expiresAt: tombstoneExpiry(now) }, context);
  if (payment.dispatched)
    throw new ConflictError(
      `Order ${orderId} is cancelled although its goods left, so its money is kept. What is to go back is asked for by shop.order.refund-requested.v1`,
    );
  switch (payment.state) {
    case 'awaiting':
    case 'authorized':
      if (isAuthorizedHere(payment)) return voidPayment({ ...payment, time }, context);
      return payment.received
        ? refundRest({ ...payment, time }, context, reason)
        : { after: { ...payment, state: 'voided', time } };
    case 'authorizing':
    case 'capturing':
    // What the capture did not find may be authorized by a call that is still on its way.
    case 'lapsed':
      return voidPayment({ ...payment, time }, context);
    case 'captured':
      return refundRest({ ...payment, time }, context, reason);
    case 'declined':
      return {};
    default:
      return resumePayment(payment, context);
  }
}
