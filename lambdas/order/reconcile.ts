import { type CancelReason, type OrderReconciliationDue, orderDispatched } from '../../contracts/order.ts';
import type { Transition } from '../runtime/state-machine.ts';
import { contradictionFailure, withContradiction } from './contradiction.ts';
import { decide, withDecision } from './decision.ts';
import { isDue, openAttributes } from './open-orders.ts';
import { isDecided, type Order } from './record.ts';
import { announcementsOf, outboxOf } from './timeline.ts';

/**
 * Handles the sweep's finding that an order may owe something: takes over what others have heard, decides what can be decided, and
 * publishes the decision once more, and that goods left. Of two decisions on record, the cancellation wins, until goods left.
 */
export function reconcile(order: Order, event: OrderReconciliationDue, now: Date): Transition<Order, never> {
  const isKnown = order.version > 0;
  const decided = withContradiction(withDecision(takeOver(order, event.data, now), now));
  const after = isDue(decided.open) && !isDecided(decided) ? { ...decided, ...openAgain(decided, now) } : decided;
  const failure = contradictionFailure(order, after, event);
  const outcome = { outbox: outboxOf(after, event), ...(failure && { failure }) };
  if (after !== order) return isKnown || isDecided(after) ? { after, ...outcome } : {};
  const announced = new Set(outcome.outbox.flatMap(({ events }) => events.map(({ id }) => id)));
  return { ...outcome, publish: announcementsOf(order).filter(({ id }) => !announced.has(id)) };
}

const openAgain = ({ orderId, status, method, payment }: Order, now: Date) => {
  const isRemindable = status === 'PLACED' && (method?.kind !== 'awaited' || payment !== undefined);
  return openAttributes(isRemindable ? 'open' : 'reminded', orderId, now);
};

/** Takes over a decision, and that goods left, where others have heard of it. */
function takeOver(order: Order, known: OrderReconciliationDue['data'], now: Date): Order {
  const decided = takeOverDecision(order, known, now);
  return known.dispatched ? takeOverShipment(decided, now) : decided;
}

/**
 * Takes over a decision that others have heard. A confirmation needs the goods and the total, from the record or from others; a cancellation
 * of what has shipped is for a person.
 */
function takeOverDecision(
  order: Order,
  { decision, dispatched, items, total, payment }: OrderReconciliationDue['data'],
  now: Date,
): Order {
  if (decision === undefined || order.status === 'CANCELLED') return order;
  if (decision === 'cancelled' && order.status === 'CONFIRMED' && (order.dispatched || dispatched))
    return withContradiction(order, 'cancelled-after-shipping');
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

function takeOverShipment(order: Order, now: Date): Order {
  if (order.status === 'CANCELLED') return withContradiction(order, 'shipped-after-cancellation');
  if (order.status !== 'CONFIRMED' || order.dispatched) return order;
  const { type, source = '' } = orderDispatched;
  return { ...order, dispatched: true, timeline: [...order.timeline, { time: now.toISOString(), type, source }] };
}

const forgottenReason = ({ cancelRequested, payment, stock }: Order): CancelReason => {
  if (payment === 'declined') return 'payment-declined';
  if (stock === 'rejected') return 'out-of-stock';
  return cancelRequested ? 'customer' : 'unknown';
};
