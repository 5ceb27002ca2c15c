import { buildEvent, type CloudEvent, type TraceContext, traceContextOf } from '../../contracts/cloud-event.ts';
import { type OrderProgressed, orderProgressed } from '../../contracts/lifecycle.ts';
import { type Money, sameMoney } from '../../contracts/money.ts';
import {
  type CancelReason,
  goodsOf,
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
  type Payment,
  type PaymentMethod,
  paymentMethodOf,
  sameGoods,
  samePayment,
} from '../../contracts/order.ts';
import type { Problem } from '../../contracts/parse.ts';
import {
  type PaymentAuthorized,
  type PaymentCaptured,
  type PaymentDeclined,
  type PaymentRefunded,
  type PaymentVoided,
  paymentAuthorized,
  paymentCaptured,
  paymentDeclined,
  paymentRefunded,
  paymentVoided,
} from '../../contracts/payment.ts';
import {
  type Shortage,
  type StockRejected,
  type StockReleased,
  type StockReserved,
  stockRejected,
  stockReleased,
  stockReserved,
} from '../../contracts/stock.ts';
import { explicitTraceparent } from '../../contracts/traceparent.ts';
import { type CustomerHash, customerOf, isOtherCustomer } from '../runtime/customer-hash.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { ConflictError } from '../runtime/failure.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Transition } from '../runtime/state-machine.ts';
import { tombstoneExpiry } from '../runtime/tombstone.ts';
import { isRemindable, openShard } from './open-orders.ts';

/** One event in an order's history. */
export type TimelineEntry = { time: string; type: string; source: string };

/**
 * An order's record. Its trace context is that of the order's first event, if it differs from the one derived from the order's id: all
 * events of the order belong to this trace, including those caused by a cancellation or the sweep. It has no status while only a
 * cancellation request or an outcome has arrived, but not the order itself.
 */
export type Order = OrderRecord &
  TraceContext & {
    status?: 'PLACED' | 'CONFIRMED' | 'CANCELLED';
    reason?: CancelReason;
    /** What the customer knows the order by, where that is not its id. */
    orderNumber?: string;
    /** Who placed it, as `CustomerHash` hides them; absent where the order names no customer. */
    customer?: string;
    total?: Money;
    items?: Line[];
    /** How the order is paid, as it was placed; absent where it was placed without payment. */
    method?: PaymentMethod;
    /**
     * `declined` after the confirmation: what was authorized could not be captured any more. `not-needed`: placed before there were
     * authorizations, by an order with nothing to pay or paid on delivery, of which payment tells nothing more.
     */
    payment?: 'authorized' | 'captured' | 'declined' | 'not-needed';
    /** What was authorized or captured. */
    paid?: Money;
    stock?: 'reserved' | 'rejected';
    /** The SKUs that were short, where the goods were rejected. */
    short?: Shortage[];
    reserved?: Line[];
    cancelRequested?: true;
    timedOut?: true;
    /** When the cancellation of an order that does not come is forgotten (seconds since 1970). */
    expiresAt?: number;
    /** While the order is undecided: its shard in the index of undecided orders, and its moment there, see `open-orders.ts`. */
    open?: string;
    openSince?: string;
    timeline: TimelineEntry[];
    /**
     * The number of timeline entries that are known to be published. The timeline is the order's outbox: any delivery about the
     * order publishes, in sequence, all entries that are not published yet.
     */
    published: number;
  };

export type OrderInput =
  | OrderPlaced
  | OrderCancelRequested
  | PaymentAuthorized
  | PaymentCaptured
  | PaymentVoided
  | PaymentDeclined
  | PaymentRefunded
  | StockReserved
  | StockRejected
  | StockReleased
  | OrderDeadlinePassed
  | OrderReminderDue;

/**
 * Applies one delivery to an order and decides the order once it can be decided. Each event type occurs at most once per order, so
 * a type that is already in the timeline is a repetition: it changes nothing and publishes what is still unpublished.
 * Throws `ConflictError` if the event contradicts the record, for example another total, or another customer where `customerHash` is
 * given.
 */
export function nextOrder(
  order: Order | undefined,
  { event, time }: Delivery<OrderInput>,
  now: Date,
  customerHash?: CustomerHash,
): Transition<Order, never> {
  const current: Order = order ?? newOrder(event);
  const known = event.type === orderPlaced.type ? customerOf(event.data, customerHash) : {};
  rejectConflict(current, event, known.customer);
  const repeated = current.timeline.some(({ type }) => type === event.type);
  if (repeated || isOutdated(current, event)) return { publish: unpublishedEvents(current, event) };
  const after = withDecision({ ...applyEvent(current, event, time, now), ...known }, now);
  return { after, publish: unpublishedEvents(after, event) };
}

/** Tells whether the sweep found an order that was decided, or must not be reminded of, when its event arrives. */
function isOutdated({ status, open }: Order, { type }: OrderInput): boolean {
  if (type === orderReminderDue.type) return status !== 'PLACED' || !isRemindable(open);
  return type === orderDeadlinePassed.type && status !== 'PLACED';
}

function newOrder({ data: { orderId }, ...event }: OrderInput): Order {
  // A trace that follows from the order's id need not be kept, but what a vendor has added to it does.
  const isDerived = explicitTraceparent(event.traceparent, orderId) === undefined;
  const trace = isDerived && event.tracestate === undefined ? {} : traceContextOf(event);
  return { orderId, version: 0, timeline: [], published: 0, ...trace };
}

function applyEvent(order: Order, event: OrderInput, time: string, now: Date): Order {
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
    case paymentCaptured.type:
      return {
        ...updated,
        payment: 'captured',
        paid: paidBy(event),
        // The customer has paid in time: from now on the order waits for the shop.
        ...(order.open !== undefined && order.method?.kind === 'awaited' ? openAttributes(order.orderId, now) : {}),
      };
    case paymentDeclined.type:
      return { ...updated, payment: 'declined' };
    case stockReserved.type:
      return { ...updated, stock: 'reserved', reserved: event.data.items };
    case stockRejected.type:
      return { ...updated, stock: 'rejected', short: event.data.items };
    case orderDeadlinePassed.type:
      return { ...updated, timedOut: true };
    case orderReminderDue.type:
      return { ...updated, open: openShard('reminded', order.orderId) };
    case paymentVoided.type:
    case paymentRefunded.type:
    case stockReleased.type:
      return updated;
  }
}

const paidBy = ({ data: { amount, currency } }: PaymentAuthorized | PaymentCaptured): Money => ({ amount, currency });

/**
 * Adds a placed order to its record, without the payment's token and the customer. One that was cancelled before it came stays cancelled, and
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
  return { ...placed, status: 'PLACED', ...openAttributes(orderId, now, waitsFor) };
}

const isDecided = ({ status }: Order): boolean => status === 'CONFIRMED' || status === 'CANCELLED';

/** Returns where the sweep finds an undecided order. A customer who has yet to pay is not told of a delay. */
function openAttributes(orderId: string, now: Date, waitsFor?: Payment) {
  const openSince = now.toISOString();
  if (waitsFor?.kind !== 'awaited') return { open: openShard('open', orderId), openSince };
  return waitsFor.until === undefined
    ? { open: openShard('reminded', orderId), openSince }
    : { open: openShard('until', orderId), openSince: new Date(waitsFor.until).toISOString() };
}

/** Decides the order if it can be decided; a confirmed order is still cancelled where its payment could not be captured. */
function withDecision(order: Order, now: Date): Order {
  if (order.status === 'CANCELLED') return order;
  const reason = cancelReasonFor(order);
  if (reason !== undefined) return decided(order, 'CANCELLED', reason, now);
  const isConfirmed = order.status === 'PLACED' && isPaid(order) && order.stock === 'reserved';
  return isConfirmed ? decided(order, 'CONFIRMED', undefined, now) : order;
}

const isPaid = ({ payment }: Order): boolean => payment !== undefined && payment !== 'declined';

/**
 * A customer's request cancels at once, also before the order itself has come, and the deadline cancels what waits. Otherwise both
 * outcomes must be in; a declined card takes precedence.
 */
function cancelReasonFor({ status, cancelRequested, timedOut, payment, stock }: Order): CancelReason | undefined {
  if (status === 'CONFIRMED') return payment === 'declined' ? 'payment-declined' : undefined;
  if (cancelRequested) return 'customer';
  if (status !== 'PLACED') return undefined;
  if (timedOut) return 'timed-out';
  if (payment === undefined || stock === undefined) return undefined;
  if (payment === 'declined') return 'payment-declined';
  return stock === 'rejected' ? 'out-of-stock' : undefined;
}

function decided(order: Order, status: 'CONFIRMED' | 'CANCELLED', reason: CancelReason | undefined, now: Date): Order {
  const { open: _, openSince: __, ...rest } = order;
  const { type, source } = status === 'CONFIRMED' ? orderConfirmed : orderCancelled;
  return {
    ...rest,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(order.items === undefined ? { expiresAt: tombstoneExpiry(now) } : {}),
    timeline: [...order.timeline, { time: now.toISOString(), type, source: source ?? '' }],
  };
}

/**
 * Builds the events of an order's unpublished timeline entries: each step for the lifecycle topic, the decision and the delay for
 * the bus.
 */
function unpublishedEvents(order: Order, { type: cause }: OrderInput): CloudEvent[] {
  const { timeline, published } = order;
  return timeline
    .slice(published)
    .flatMap((entry, index) => [stepEvent(order, entry, published + index + 1), ...busEvents(order, entry, cause)]);
}

function stepEvent(order: Order, { time, type }: TimelineEntry, sequence: number): CloudEvent {
  const { orderId, reason, items = [] } = order;
  // An order that comes after its cancellation stays cancelled.
  const isAfterDecision = type === orderPlaced.type && order.timeline.slice(0, sequence - 1).some(isDecisionEntry);
  const status = isAfterDecision ? undefined : STATUS_AFTER[type];
  return buildEvent(orderProgressed, {
    time,
    subject: orderId,
    trace: traceContextOf(order),
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
}

/**
 * Builds what the bus gets of a timeline entry. A delay is published only while the order is undecided.
 */
function busEvents(order: Order, { time, type }: TimelineEntry, cause: string): CloudEvent[] {
  const { orderId, reason, items = [], total } = order;
  const context = { time, subject: orderId, trace: traceContextOf(order) };
  if (isDecision(type) && followsFrom(order, type, cause)) return [];
  if (type === orderCancelled.type && reason !== undefined) {
    return [buildEvent(orderCancelled, { ...context, id: decisionId(orderId, type), data: { orderId, reason } })];
  }
  if (type === orderConfirmed.type && total !== undefined) {
    // Where there is nothing to pay, it does not matter how.
    const payment = order.method && total.amount > 0 ? { payment: order.method } : {};
    const data = { orderId, items, total, ...payment };
    return [buildEvent(orderConfirmed, { ...context, id: decisionId(orderId, type), data })];
  }
  if (type === orderReminderDue.type && order.status === 'PLACED') {
    return [buildEvent(orderDelayed, { ...context, id: delayedId(orderId), data: { orderId } })];
  }
  return [];
}

const STATUS_AFTER: Partial<Record<string, 'PLACED' | 'CONFIRMED' | 'CANCELLED'>> = {
  [orderPlaced.type]: 'PLACED',
  [orderConfirmed.type]: 'CONFIRMED',
  [orderCancelled.type]: 'CANCELLED',
};

/**
 * Tells whether an event follows from a decision: such an event does not publish it again, because that would loop for ever. Payment is
 * captured before the confirmation too, or declined, and then the event may be what decides.
 */
function followsFrom({ timeline }: Order, decision: string, cause: string): boolean {
  if (COMPENSATIONS.has(cause)) return true;
  if (decision !== orderConfirmed.type || !CAPTURE_RESULTS.has(cause)) return false;
  const position = (type: string) => timeline.findIndex((entry) => entry.type === type);
  return position(cause) > position(decision);
}

const COMPENSATIONS: ReadonlySet<string> = new Set([paymentVoided.type, paymentRefunded.type, stockReleased.type]);
const CAPTURE_RESULTS: ReadonlySet<string> = new Set([paymentCaptured.type, paymentDeclined.type]);

const decisionId = (orderId: string, step: string) =>
  `${orderId}.${step === orderConfirmed.type ? 'confirmed' : 'cancelled'}`;
const delayedId = (orderId: string) => `${orderId}.delayed`;

/**
 * Returns, per order, how many timeline entries are published once `events` are. A decision's step counts only if the decision
 * itself was published as well; a reminder's step only if the delay was, unless the order is decided.
 */
export function publishedSteps(events: readonly CloudEvent[]): Map<string, number> {
  const publishedIds = new Set(events.map(({ id }) => id));
  const decided = new Set(
    events.flatMap((event) => (isProgress(event) && isDecision(event.data.step) ? [event.data.orderId] : [])),
  );
  const counts = new Map<string, number>();
  const incomplete = new Set<string>();
  for (const event of events) {
    if (!isProgress(event)) continue;
    const { orderId, sequence, step } = event.data;
    if (isDecision(step) && !publishedIds.has(decisionId(orderId, step))) incomplete.add(orderId);
    if (step === orderReminderDue.type && !decided.has(orderId) && !publishedIds.has(delayedId(orderId)))
      incomplete.add(orderId);
    if (!incomplete.has(orderId)) counts.set(orderId, sequence);
  }
  return counts;
}

const isDecision = (step: string) => step === orderConfirmed.type || step === orderCancelled.type;
const isDecisionEntry = ({ type }: TimelineEntry) => isDecision(type);
const isProgress = (event: CloudEvent): event is OrderProgressed => event.type === orderProgressed.type;

function rejectConflict(order: Order, event: OrderInput, customer: string | undefined): void {
  const conflict = isOtherCustomer(order.customer, customer) ? OTHER_CUSTOMER : findConflict(order, event);
  if (conflict !== undefined) throw new ConflictError(`Order ${order.orderId} ${conflict.problem}`, conflict.path);
}

const OTHER_CUSTOMER: Problem = { path: 'data.customer.id', problem: 'was already placed by another customer' };

/** Returns what of an event contradicts the record: the member, and how. */
function findConflict(order: Order, event: OrderInput): Problem | undefined {
  switch (event.type) {
    case orderPlaced.type:
      return placementConflict(order, event.data);
    case paymentAuthorized.type:
    case paymentCaptured.type:
      return differs(order.total, event.data, sameMoney)
        ? { path: 'data', problem: 'has another total than was paid' }
        : undefined;
    case stockReserved.type:
      return differs(order.items, event.data.items, sameGoods)
        ? { path: 'data.items', problem: 'has other items than were reserved' }
        : undefined;
    default:
      return undefined;
  }
}

function placementConflict(
  { total, items, method, paid, reserved }: Order,
  placed: OrderPlaced['data'],
): Problem | undefined {
  const goods = goodsOf(placed.items);
  if (differs(total, placed.total, sameMoney))
    return { path: 'data.total', problem: 'was already placed with another total' };
  if (differs(items, goods, sameGoods)) return { path: 'data.items', problem: 'was already placed with other items' };
  // Where there is nothing to pay, it does not matter how.
  if (items !== undefined && placed.total.amount > 0 && !samePayment(method, placed.payment))
    return { path: 'data.payment', problem: 'was already placed with another payment' };
  if (differs(paid, placed.total, sameMoney)) return { path: 'data.total', problem: 'was paid with another amount' };
  return differs(reserved, goods, sameGoods) ? { path: 'data.items', problem: 'has other goods reserved' } : undefined;
}

const differs = <T>(recorded: T | undefined, received: T, areSame: (one: T, other: T) => boolean): boolean =>
  recorded !== undefined && !areSame(recorded, received);
