import type { Money } from '../../contracts/money.ts';
import {
  type CancelReason,
  goodsOf,
  type OrderPlaced,
  type OrderReconciliationDue,
  orderCancelled,
  orderCancelRequested,
  orderConfirmed,
  orderDeadlinePassed,
  orderPlaced,
  orderReconciliationDue,
  orderReminderDue,
  type Payment,
  paymentMethodOf,
} from '../../contracts/order.ts';
import {
  type PaymentAuthorized,
  type PaymentCaptured,
  paymentAuthorized,
  paymentCaptured,
  paymentDeclined,
  paymentRefunded,
  paymentVoided,
} from '../../contracts/payment.ts';
import { stockRejected, stockReleased, stockReserved } from '../../contracts/stock.ts';
import { type CustomerHash, customerOf } from '../runtime/customer-hash.ts';
import type { Delivery } from '../runtime/delivery.ts';
import type { Transition } from '../runtime/state-machine.ts';
import { tombstoneExpiry } from '../runtime/tombstone.ts';
import { isContradictory, rejectConflict } from './conflict.ts';
import type { OrderInput } from './input.ts';
import { isDue, isRemindable, openAttributes } from './open-orders.ts';
import { isDecided, newOrder, type Order } from './record.ts';
import { decisionEvents, outboxOf } from './timeline.ts';

/**
 * Applies one delivery to an order and decides the order once it can be decided. Each event type occurs at most once per order, so
 * a type that is already in the timeline is a repetition: it adds nothing and publishes what is still unpublished. A replay without effects is
 * only noted, for the sweep's next run to have it decided.
 * Throws `ConflictError` if the event contradicts the record, for example another total, or another customer where `customerHash` is
 * given.
 */
export function nextOrder(
  order: Order | undefined,
  { event, time, withoutEffects }: Delivery<OrderInput>,
  now: Date,
  customerHash?: CustomerHash,
): Transition<Order, never> {
  const current: Order = order ?? newOrder(event.data.orderId, event);
  if (event.type === orderReconciliationDue.type) return withoutEffects ? {} : reconcile(current, event, now);
  const known = event.type === orderPlaced.type ? customerOf(event.data, customerHash) : {};
  rejectConflict(current, event, known.customer);
  const isRepeated = current.timeline.some(({ type }) => type === event.type);
  const noted =
    isRepeated || isOutdated(current, event) ? current : { ...applyEvent(current, event, time, now), ...known };
  const after = withoutEffects ? learnt(current, noted, event, now) : withDecision(noted, now);
  const outbox = outboxOf(after, event.type);
  return after === current ? { outbox } : { after: found(after, now), outbox };
}

/** Tells whether the sweep found an order that was decided, or must not be reminded of, when its event arrives. */
function isOutdated({ status, open }: Order, { type }: OrderInput): boolean {
  if (type === orderReminderDue.type) return status !== 'PLACED' || !isRemindable(open);
  return type === orderDeadlinePassed.type && isDecided({ status });
}

/** Keeps what a replay tells of an order, for the sweep. What the sweep said then says nothing about the order. */
function learnt(current: Order, noted: Order, { type }: OrderInput, now: Date): Order {
  if (noted === current || type === orderReminderDue.type || type === orderDeadlinePassed.type) return current;
  // The sweep finds an order that awaits its payment by itself.
  const waits = noted.method?.kind === 'awaited' && noted.payment === undefined && !isDecided(noted);
  return waits ? noted : { ...noted, ...openAttributes('due', noted.orderId, now) };
}

/** Makes sure that the sweep finds an order from its first event on. */
const found = (order: Order, now: Date): Order =>
  order.open === undefined && !isDecided(order)
    ? { ...order, ...openAttributes('reminded', order.orderId, now) }
    : order;

function applyEvent(order: Order, event: Exclude<OrderInput, OrderReconciliationDue>, time: string, now: Date): Order {
  const timeline = [...order.timeline, { time, type: event.type, source: event.source }];
  const updated = { ...order, timeline };
  switch (event.type) {
    case orderPlaced.type:
      return placement(updated, event.data, now);
    case orderCancelRequested.type:
      return { ...updated, cancelRequested: true };
    case paymentAuthorized.type:
      // One that comes late says nothing new.
      return { ...updated, payment: order.payment ?? 'authorized', paid: paidBy(event) };
    case paymentCaptured.type: {
      // The customer has paid in time: from now on the order waits for the shop.
      const waited = order.status === 'PLACED' && order.method?.kind === 'awaited';
      const captured: Order = { ...updated, payment: 'captured', paid: paidBy(event) };
      return waited ? { ...captured, ...openAttributes('open', order.orderId, now) } : captured;
    }
    case paymentDeclined.type:
      return { ...updated, payment: 'declined' };
    case stockReserved.type:
      return { ...updated, stock: 'reserved', reserved: event.data.items };
    case stockRejected.type:
      return { ...updated, stock: 'rejected', short: event.data.items };
    case orderDeadlinePassed.type:
      return { ...updated, timedOut: true };
    case orderReminderDue.type:
      return { ...updated, open: openAttributes('reminded', order.orderId, now).open };
    case paymentVoided.type:
    case paymentRefunded.type:
    case stockReleased.type:
      return updated;
  }
}

const paidBy = ({ data: { amount, currency } }: PaymentAuthorized | PaymentCaptured): Money => ({ amount, currency });

/**
 * Adds a placed order to its record, without the payment's token and the customer. One that was decided before it came stays decided, and
 * nobody waits for it.
 */
function placement(
  order: Order,
  { orderId, orderNumber, total, items, payment }: OrderPlaced['data'],
  now: Date,
): Order {
  const { expiresAt: _, ...kept } = order;
  const placed: Order = {
    ...kept,
    ...(orderNumber === undefined ? {} : { orderNumber }),
    total,
    items: goodsOf(items),
    ...(payment === undefined ? {} : { method: paymentMethodOf(payment) }),
  };
  if (isDecided(order)) return placed;
  const waitsFor = order.payment === undefined && total.amount > 0 ? payment : undefined;
  return { ...placed, status: 'PLACED', ...openPlaced(orderId, now, waitsFor) };
}

/** Returns where the sweep finds an order that was placed now. A customer who has yet to pay is not told of a delay. */
function openPlaced(orderId: string, now: Date, waitsFor: Payment | undefined) {
  if (waitsFor?.kind !== 'awaited') return openAttributes('open', orderId, now);
  return waitsFor.until === undefined
    ? openAttributes('reminded', orderId, now)
    : openAttributes('until', orderId, new Date(waitsFor.until));
}

/**
 * Handles the sweep's finding that an order may owe something: takes over what others have heard, decides what can be decided, and
 * publishes the decision once more. Of two decisions on record, the cancellation wins.
 */
function reconcile(order: Order, event: OrderReconciliationDue, now: Date): Transition<Order, never> {
  const isKnown = order.version > 0;
  const decided = withDecision(takeOver(order, event.data, now), now);
  const after = isDue(decided.open) && !isDecided(decided) ? { ...decided, ...openAgain(decided, now) } : decided;
  if (after === order) {
    const outbox = outboxOf(order, event.type);
    const announced = new Set(outbox.flatMap(({ events }) => events.map(({ id }) => id)));
    return { outbox, publish: decisionEvents(order).filter(({ id }) => !announced.has(id)) };
  }
  return isKnown || isDecided(after) ? { after, outbox: outboxOf(after, event.type) } : {};
}

const openAgain = ({ orderId, status, method, payment }: Order, now: Date) => {
  const isRemindable = status === 'PLACED' && (method?.kind !== 'awaited' || payment !== undefined);
  return openAttributes(isRemindable ? 'open' : 'reminded', orderId, now);
};

/** Takes over a decision that others have heard. A confirmation needs the goods and the total, from the record or from others. */
function takeOver(order: Order, { decision, items, total, payment }: OrderReconciliationDue['data'], now: Date): Order {
  if (decision === undefined || order.status === 'CANCELLED') return order;
  const known: Order = {
    ...(items && { items }),
    ...(total && { total }),
    ...(payment && { method: payment }),
    ...order,
  };
  if (decision === 'cancelled') return decide(known, 'CANCELLED', forgottenReason(order), now);
  const isComplete = known.items !== undefined && known.total !== undefined;
  return order.status === 'CONFIRMED' || !isComplete ? order : decide(known, 'CONFIRMED', undefined, now);
}

const forgottenReason = ({ cancelRequested, payment, stock }: Order): CancelReason => {
  if (payment === 'declined') return 'payment-declined';
  if (stock === 'rejected') return 'out-of-stock';
  return cancelRequested ? 'customer' : 'unknown';
};

/** Decides the order if it can be decided; a confirmed order is still cancelled where its payment could not be captured. */
export function withDecision(order: Order, now: Date): Order {
  if (order.status === 'CANCELLED') return order;
  const reason = cancelReasonFor(order);
  if (reason !== undefined) return decide(order, 'CANCELLED', reason, now);
  const isConfirmed = order.status === 'PLACED' && isPaid(order) && order.stock === 'reserved';
  return isConfirmed ? decide(order, 'CONFIRMED', undefined, now) : order;
}

const isPaid = ({ payment }: Order): boolean => payment !== undefined && payment !== 'declined';

/**
 * A contradiction and a customer's request cancel at once, also before the order itself has come, and the deadline cancels what waits.
 * Otherwise both outcomes must be in; a declined card takes precedence.
 */
function cancelReasonFor(order: Order): CancelReason | undefined {
  const { status, cancelRequested, timedOut, payment, stock } = order;
  if (status === 'CONFIRMED') return payment === 'declined' ? 'payment-declined' : undefined;
  if (isContradictory(order)) return 'contradiction';
  if (cancelRequested) return 'customer';
  if (timedOut) return 'timed-out';
  if (status !== 'PLACED' || payment === undefined || stock === undefined) return undefined;
  if (payment === 'declined') return 'payment-declined';
  return stock === 'rejected' ? 'out-of-stock' : undefined;
}

function decide(order: Order, status: 'CONFIRMED' | 'CANCELLED', reason: CancelReason | undefined, now: Date): Order {
  const { type, source } = status === 'CONFIRMED' ? orderConfirmed : orderCancelled;
  return {
    ...order,
    ...openAttributes('decided', order.orderId, now),
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(order.items === undefined ? { expiresAt: tombstoneExpiry(now) } : {}),
    timeline: [...order.timeline, { time: now.toISOString(), type, source: source ?? '' }],
  };
}
