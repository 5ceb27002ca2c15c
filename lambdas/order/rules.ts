import { buildEvent, type CloudEvent } from '../../contracts/cloud-event.ts';
import { type OrderProgressed, orderProgressed } from '../../contracts/lifecycle.ts';
import { type Money, sameMoney } from '../../contracts/money.ts';
import {
  type CancelReason,
  type Line,
  type OrderCancelRequested,
  type OrderDeadlinePassed,
  type OrderPlaced,
  type OrderReminderDue,
  orderCancelled,
  orderCancelRequested,
  orderConfirmed,
  orderDeadlinePassed,
  orderDelayed,
  orderPlaced,
  orderReminderDue,
  sameGoods,
} from '../../contracts/order.ts';
import {
  type PaymentCaptured,
  type PaymentDeclined,
  type PaymentRefunded,
  paymentCaptured,
  paymentDeclined,
  paymentRefunded,
} from '../../contracts/payment.ts';
import {
  type StockRejected,
  type StockReleased,
  type StockReserved,
  stockRejected,
  stockReleased,
  stockReserved,
} from '../../contracts/stock.ts';
import { explicitTraceparent } from '../../contracts/traceparent.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { ConflictError } from '../runtime/failure.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Transition } from '../runtime/state-machine.ts';
import { openShard } from './open-orders.ts';

/** One thing that happened to an order. */
export type TimelineEntry = { time: string; type: string; source: string };

/** What is kept of an order. It exists without a status while it is only known from a cancellation or an outcome. */
export type Order = OrderRecord & {
  status?: 'PLACED' | 'CONFIRMED' | 'CANCELLED';
  reason?: CancelReason;
  total?: Money;
  items?: Line[];
  payment?: 'captured' | 'declined';
  captured?: Money;
  stock?: 'reserved' | 'rejected';
  reserved?: Line[];
  cancelRequested?: true;
  timedOut?: true;
  /**
   * The trace that the order's first event brought, where it is not the one that the order's id stands for: whatever leads to
   * them, a cancellation or the sweep, all its events belong to this one.
   */
  traceparent?: string;
  /** While the order is undecided: the part of the index of undecided orders it is in, and since when it is there. */
  open?: string;
  openSince?: string;
  timeline: TimelineEntry[];
  /**
   * How many entries of the timeline are known to be published. The timeline is the order's outbox: whatever is delivered
   * about the order, all that was not published is, in sequence.
   */
  published: number;
};

export type OrderInput =
  | OrderPlaced
  | OrderCancelRequested
  | PaymentCaptured
  | PaymentDeclined
  | PaymentRefunded
  | StockReserved
  | StockRejected
  | StockReleased
  | OrderDeadlinePassed
  | OrderReminderDue;

/**
 * Takes an order as it is known and one delivery and gives the order as it is then known, and what to publish of it.
 * Every type of event happens at most once in an order's life, so a type already in the timeline is a repetition.
 * Throws `ConflictError` when the event cannot be about the order on record.
 */
export function nextOrder(
  order: Order | undefined,
  { event, time }: Delivery<OrderInput>,
  now: Date,
): Transition<Order, never> {
  const known: Order = order ?? newOrder(event);
  rejectConflict(known, event);
  const repeated = known.timeline.some(({ type }) => type === event.type);
  const fromSweep = event.type === orderDeadlinePassed.type || event.type === orderReminderDue.type;
  const tooLate = fromSweep && known.status !== 'PLACED';
  if (repeated || tooLate) return { publish: unpublishedEvents(known, event) };
  const after = decide(applyEvent(known, event, time, now), now);
  return { after, publish: unpublishedEvents(after, event) };
}

function newOrder({ traceparent, data: { orderId } }: OrderInput): Order {
  const foreign = explicitTraceparent(traceparent, orderId);
  const trace = foreign === undefined ? {} : { traceparent: foreign };
  return { orderId, version: 0, timeline: [], published: 0, ...trace };
}

function applyEvent(order: Order, event: OrderInput, time: string, now: Date): Order {
  const timeline = [...order.timeline, { time, type: event.type, source: event.source }];
  const known = { ...order, timeline };
  switch (event.type) {
    case orderPlaced.type: {
      const items = event.data.items.map(({ sku, quantity }) => ({ sku, quantity }));
      const open = openShard('open', order.orderId);
      return { ...known, status: 'PLACED', total: event.data.total, items, open, openSince: now.toISOString() };
    }
    case orderCancelRequested.type:
      return { ...known, cancelRequested: true };
    case paymentCaptured.type:
      return { ...known, payment: 'captured', captured: { amount: event.data.amount, currency: event.data.currency } };
    case paymentDeclined.type:
      return { ...known, payment: 'declined' };
    case stockReserved.type:
      return { ...known, stock: 'reserved', reserved: event.data.items };
    case stockRejected.type:
      return { ...known, stock: 'rejected' };
    case orderDeadlinePassed.type:
      return { ...known, timedOut: true };
    case orderReminderDue.type:
      return { ...known, open: openShard('reminded', order.orderId) };
    case paymentRefunded.type:
    case stockReleased.type:
      return known;
  }
}

function decide(order: Order, now: Date): Order {
  if (order.status !== 'PLACED') return order;
  const reason = cancelReasonFor(order);
  if (reason === undefined && !(order.payment === 'captured' && order.stock === 'reserved')) return order;
  const { type, source } = reason === undefined ? orderConfirmed : orderCancelled;
  const { open: _, openSince: __, ...decided } = order;
  return {
    ...decided,
    ...(reason === undefined ? { status: 'CONFIRMED' } : { status: 'CANCELLED', reason }),
    timeline: [...order.timeline, { time: now.toISOString(), type, source: source ?? '' }],
  };
}

/** A customer's wish counts at once; otherwise both outcomes must be in, and a declined card is named before missing goods. */
function cancelReasonFor(order: Order): CancelReason | undefined {
  if (order.cancelRequested) return 'customer';
  if (order.timedOut) return 'timed-out';
  if (order.payment === undefined || order.stock === undefined) return undefined;
  if (order.payment === 'declined') return 'payment-declined';
  return order.stock === 'rejected' ? 'out-of-stock' : undefined;
}

/**
 * What is still to be published of an order: each step on the lifecycle feed, and the decision on the bus. A refund or a
 * release answers a cancellation, so that one is out: to answer it with the cancellation again would never end. That the
 * order is delayed is news only until it is decided.
 */
function unpublishedEvents(order: Order, { type: cause }: OrderInput): CloudEvent[] {
  const { orderId, timeline, reason, items = [], total, published, traceparent } = order;
  const isOpen = order.status === 'PLACED';
  const isAnswer = cause === paymentRefunded.type || cause === stockReleased.type;
  return timeline.slice(published).flatMap(({ time, type }, index): CloudEvent[] => {
    const sequence = published + index + 1;
    const context = { time, subject: orderId, traceparent };
    const status = STATUS_AFTER[type];
    const step = buildEvent(orderProgressed, {
      ...context,
      id: `${orderId}.${sequence}`,
      data: {
        orderId,
        sequence,
        step: type,
        ...(status === undefined ? {} : { status }),
        ...(status === 'CANCELLED' && reason !== undefined ? { reason } : {}),
        ...(status === 'CONFIRMED' ? { items } : {}),
      },
    });
    if (type === orderCancelled.type && reason !== undefined && !isAnswer) {
      return [step, buildEvent(orderCancelled, { ...context, id: decisionId(orderId), data: { orderId, reason } })];
    }
    if (type === orderConfirmed.type && total !== undefined) {
      return [
        step,
        buildEvent(orderConfirmed, { ...context, id: decisionId(orderId), data: { orderId, items, total } }),
      ];
    }
    if (type === orderReminderDue.type && isOpen) {
      return [step, buildEvent(orderDelayed, { ...context, id: delayedId(orderId), data: { orderId } })];
    }
    return [step];
  });
}

const STATUS_AFTER: Partial<Record<string, 'PLACED' | 'CONFIRMED' | 'CANCELLED'>> = {
  [orderPlaced.type]: 'PLACED',
  [orderConfirmed.type]: 'CONFIRMED',
  [orderCancelled.type]: 'CANCELLED',
};

const decisionId = (orderId: string) => `${orderId}.decided`;
const delayedId = (orderId: string) => `${orderId}.delayed`;

/**
 * Takes the events that were published and gives, per order, how many entries of its timeline are published with that. The
 * entry of a decision counts only when the decision itself is out as well, and that of a reminder when the news of the
 * delay is, unless the order is decided.
 */
export function publishedSteps(events: readonly CloudEvent[]): Map<string, number> {
  const out = new Set(events.map(({ id }) => id));
  const decided = new Set(
    events.flatMap((event) => (isProgress(event) && isDecision(event.data.step) ? [event.data.orderId] : [])),
  );
  const steps = new Map<string, number>();
  const stuck = new Set<string>();
  for (const event of events) {
    if (!isProgress(event)) continue;
    const { orderId, sequence, step } = event.data;
    if (isDecision(step) && !out.has(decisionId(orderId))) stuck.add(orderId);
    if (step === orderReminderDue.type && !decided.has(orderId) && !out.has(delayedId(orderId))) stuck.add(orderId);
    if (!stuck.has(orderId)) steps.set(orderId, sequence);
  }
  return steps;
}

const isDecision = (step: string) => step === orderConfirmed.type || step === orderCancelled.type;
const isProgress = (event: CloudEvent): event is OrderProgressed => event.type === orderProgressed.type;

function rejectConflict(order: Order, event: OrderInput): void {
  const { orderId, total, items, captured, reserved } = order;
  const conflict = (what: string) => {
    throw new ConflictError(`Order ${orderId} ${what}`);
  };
  switch (event.type) {
    case orderPlaced.type:
      if (total !== undefined && !sameMoney(total, event.data.total)) conflict('was already placed with another total');
      if (items !== undefined && !sameGoods(items, event.data.items)) conflict('was already placed with other items');
      if (captured !== undefined && !sameMoney(captured, event.data.total)) conflict('was paid with another amount');
      if (reserved !== undefined && !sameGoods(reserved, event.data.items)) conflict('has other goods reserved');
      return;
    case paymentCaptured.type:
      if (total !== undefined && !sameMoney(total, event.data)) conflict('has another total than was captured');
      return;
    case stockReserved.type:
      if (items !== undefined && !sameGoods(items, event.data.items)) conflict('has other items than were reserved');
      return;
  }
}
