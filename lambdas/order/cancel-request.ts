import { hash } from 'node:crypto';
import { buildEvent, type CloudEvent, traceContextOf } from '../../contracts/cloud-event.ts';
import { type OrderCancelRefused, type OrderCancelRequested, orderCancelRefused } from '../../contracts/order.ts';
import type { Delivery } from '../runtime/delivery.ts';
import type { Transition } from '../runtime/state-machine.ts';
import { decide } from './decision.ts';
import { entryOf, indexOfEntry } from './entry.ts';
import type { Order } from './record.ts';
import { outboxOf } from './timeline.ts';

/**
 * Handles a customer's request to cancel an order that is decided, or of which a replay told that goods left. A confirmed order is cancelled in the write that notes the request, until
 * goods of it have left. A request that changes nothing is refused, each time that it is delivered, unless it is the one that cancelled the order.
 */
export function cancelDecided(
  order: Order,
  { event, time }: Delivery<OrderCancelRequested>,
  now: Date,
): Transition<Order, never> {
  if (order.status === 'CONFIRMED' && !order.dispatched) {
    const timeline = [...order.timeline, entryOf(event, time)];
    const after = decide({ ...order, timeline, cancelRequested: true }, 'CANCELLED', 'customer', now);
    return { after, outbox: outboxOf(after, event) };
  }
  const outbox = outboxOf(order, event);
  if (order.status === 'CANCELLED' && indexOfEntry(order, event) !== -1) return { outbox };
  const reason = order.status === 'CANCELLED' ? 'already-cancelled' : 'shipped';
  return { outbox, publish: [refusal(order, event, time, reason)] };
}

const MAX_ID_LENGTH = 256;

function refusal(
  order: Order,
  { id, source }: OrderCancelRequested,
  time: string,
  reason: OrderCancelRefused['data']['reason'],
): CloudEvent {
  const { orderId } = order;
  const idOf = (request: string) => `${orderId}.cancel-refused.${request}`;
  return buildEvent(orderCancelRefused, {
    id: idOf(id).length <= MAX_ID_LENGTH ? idOf(id) : idOf(hash('sha256', id)),
    time,
    subject: orderId,
    trace: traceContextOf(order),
    data: { orderId, reason, source, id },
  });
}
