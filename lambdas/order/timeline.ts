import { buildEvent, type CloudEvent, traceContextOf } from '../../contracts/cloud-event.ts';
import { orderProgressed } from '../../contracts/lifecycle.ts';
import {
  orderCancelled,
  orderConfirmed,
  orderDelayed,
  orderDispatched,
  orderPlaced,
  orderReminderDue,
  orderShipped,
} from '../../contracts/order.ts';
import type { OutboxEntry } from '../runtime/outbox.ts';
import { indexOfEntry } from './entry.ts';
import type { OrderInput } from './input.ts';
import { isDecision, type Order, type TimelineEntry } from './record.ts';

/**
 * Builds the outbox of an order: what its unpublished timeline entries publish, in sequence. Each is a step on the lifecycle topic; a decision
 * and a delay go to the bus too. Any delivery about the order publishes them, except that a decision is left to what came before it, and to the
 * sweep; `cause` is the delivery's event.
 */
export function outboxOf(order: Order, cause: OrderInput): OutboxEntry[] {
  const { timeline, published } = order;
  const causedAt = indexOfEntry(order, cause);
  return timeline.slice(published).map((entry, index): OutboxEntry => {
    const position = published + index + 1;
    const step = stepEvent(order, entry, position);
    // What follows from a decision does not publish it again: that would go round for ever while `published` cannot be written.
    if (isDecision(entry) && causedAt >= position) return { events: [step] };
    return { position, events: [step, ...busEvents(order, entry)] };
  });
}

/** Builds again what the bus was told of a decided order: the decision on record, and that goods of it left. */
export const announcementsOf = (order: Order): CloudEvent[] =>
  [order.timeline.findLast(isDecision), order.timeline.find(isShipment)].flatMap((entry) =>
    entry === undefined ? [] : busEvents(order, entry),
  );

/** Tells whether an entry says that goods left: from a message, or taken over from what others have on record. */
const isShipment = ({ type }: TimelineEntry): boolean => type === orderShipped.type || type === orderDispatched.type;

function stepEvent(order: Order, { time, type }: TimelineEntry, sequence: number): CloudEvent {
  const { orderId, reason, items = [] } = order;
  // An order that comes after its decision stays decided.
  const isAfterDecision = type === orderPlaced.type && order.timeline.slice(0, sequence - 1).some(isDecision);
  const status = isAfterDecision ? undefined : STATUS_AFTER[type];
  const [, name = type] = /([a-z-]+)\.v\d+$/.exec(type) ?? [];
  return buildEvent(orderProgressed, {
    time,
    subject: orderId,
    trace: traceContextOf(order),
    // The name tells apart what a table that was put back publishes under a sequence that was used before.
    id: `${orderId}.${name}.${sequence}`,
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

const STATUS_AFTER: Partial<Record<string, 'PLACED' | 'CONFIRMED' | 'CANCELLED'>> = {
  [orderPlaced.type]: 'PLACED',
  [orderConfirmed.type]: 'CONFIRMED',
  [orderCancelled.type]: 'CANCELLED',
};

/**
 * Builds what the bus gets of a timeline entry. A delay is published only while the order is undecided, and that goods left only with the first
 * of them, and while the order is not cancelled.
 */
function busEvents(order: Order, entry: TimelineEntry): CloudEvent[] {
  const { orderId, reason, items = [], total, status, timeline } = order;
  const { time, type } = entry;
  const context = { time, subject: orderId, trace: traceContextOf(order) };
  if (type === orderCancelled.type && reason !== undefined) {
    return [buildEvent(orderCancelled, { ...context, id: `${orderId}.cancelled`, data: { orderId, reason } })];
  }
  if (type === orderConfirmed.type && total !== undefined) {
    // Where there is nothing to pay, it does not matter how.
    const payment = order.method && total.amount > 0 ? { payment: order.method } : {};
    const data = { orderId, items, total, ...payment };
    return [buildEvent(orderConfirmed, { ...context, id: `${orderId}.confirmed`, data })];
  }
  if (type === orderReminderDue.type && status === 'PLACED') {
    return [buildEvent(orderDelayed, { ...context, id: `${orderId}.delayed`, data: { orderId } })];
  }
  if (timeline.find(isShipment) === entry && status !== 'CANCELLED') {
    return [buildEvent(orderDispatched, { ...context, id: `${orderId}.dispatched`, data: { orderId } })];
  }
  return [];
}
