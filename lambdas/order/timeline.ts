import { buildEvent, type CloudEvent, traceContextOf } from '../../contracts/cloud-event.ts';
import { orderProgressed } from '../../contracts/lifecycle.ts';
import { orderCancelled, orderConfirmed, orderDelayed, orderPlaced, orderReminderDue } from '../../contracts/order.ts';
import type { OutboxEntry } from '../runtime/outbox.ts';
import { isDecision, type Order, type TimelineEntry } from './record.ts';

/**
 * Builds the outbox of an order: what its unpublished timeline entries publish, in sequence. Each is a step on the lifecycle topic; a decision
 * and a delay go to the bus too. Any delivery about the order publishes them, except that a decision is left to what came before it, and to the
 * sweep; `cause` is the delivery's event type.
 */
export function outboxOf(order: Order, cause: string): OutboxEntry[] {
  const { timeline, published } = order;
  const causedAt = timeline.findIndex(({ type }) => type === cause);
  return timeline.slice(published).map((entry, index): OutboxEntry => {
    const position = published + index + 1;
    const step = stepEvent(order, entry, position);
    // What follows from a decision does not publish it again: that would go round for ever while `published` cannot be written.
    if (isDecision(entry) && causedAt >= position) return { events: [step] };
    return { position, events: [step, ...busEvents(order, entry)] };
  });
}

/** Builds the event of the decision on record. */
export const decisionEvents = (order: Order): CloudEvent[] =>
  order.timeline
    .filter(isDecision)
    .slice(-1)
    .flatMap((entry) => busEvents(order, entry));

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

/** Builds what the bus gets of a timeline entry. A delay is published only while the order is undecided. */
function busEvents(order: Order, { time, type }: TimelineEntry): CloudEvent[] {
  const { orderId, reason, items = [], total } = order;
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
  if (type === orderReminderDue.type && order.status === 'PLACED') {
    return [buildEvent(orderDelayed, { ...context, id: `${orderId}.delayed`, data: { orderId } })];
  }
  return [];
}
