import {
  type OrderReconciliationDue,
  orderCancelRequested,
  orderDeadlinePassed,
  orderPlaced,
  orderReconciliationDue,
  orderReminderDue,
  orderShipped,
} from '../../contracts/order.ts';
import { type CustomerHash, customerOf } from '../runtime/customer-hash.ts';
import type { Delivery } from '../runtime/delivery.ts';
import type { Transition } from '../runtime/state-machine.ts';
import { cancelDecided } from './cancel-request.ts';
import { rejectConflict } from './conflict.ts';
import { contradictionFailure, withContradiction } from './contradiction.ts';
import { withDecision } from './decision.ts';
import { indexOfEntry } from './entry.ts';
import type { OrderInput } from './input.ts';
import { noteEvent } from './note.ts';
import { isRemindable, openAttributes } from './open-orders.ts';
import { reconcile } from './reconcile.ts';
import { isDecided, newOrder, type Order } from './record.ts';
import { hasAllParcels, rejectShipment } from './shipment.ts';
import { outboxOf } from './timeline.ts';

/**
 * Applies one delivery to an order and decides the order once it can be decided. An event that is already in the timeline is a repetition: it
 * adds nothing and publishes what is still unpublished. A replay without effects is only noted, for the sweep's next run to have it decided.
 * Throws `ConflictError` if the event contradicts the record, for example another total, or another customer where `customerHash` is
 * given; the transition has it as its failure where the contradiction is noted as well.
 */
export function nextOrder(
  order: Order | undefined,
  delivery: Delivery<OrderInput>,
  now: Date,
  customerHash?: CustomerHash,
): Transition<Order, never> {
  const { event, withoutEffects } = delivery;
  const current: Order = order ?? newOrder(event.data.orderId, event);
  if (event.type === orderReconciliationDue.type) return withoutEffects ? {} : reconcile(current, event, now);
  if (event.type === orderCancelRequested.type && (isDecided(current) || current.dispatched))
    return withoutEffects ? {} : cancelDecided(current, { ...delivery, event }, now);
  const noted = note(current, { ...delivery, event }, now, customerHash);
  if (withoutEffects) return transition(current, learnt(current, noted, event, now), event, now);
  const after = withContradiction(withDecision(noted, now));
  const failure = contradictionFailure(current, after, event);
  return { ...transition(current, after, event, now), ...(failure && { failure }) };
}

function transition(current: Order, after: Order, event: OrderInput, now: Date): Transition<Order, never> {
  const outbox = outboxOf(after, event);
  return after === current ? { outbox } : { after: found(after, now), outbox };
}

/** Adds an event to the record, unless it says nothing new. */
function note(
  order: Order,
  { event, time, withoutEffects }: Delivery<Exclude<OrderInput, OrderReconciliationDue>>,
  now: Date,
  customerHash: CustomerHash | undefined,
): Order {
  const known = event.type === orderPlaced.type ? customerOf(event.data, customerHash) : {};
  rejectConflict(order, event, known.customer);
  if (indexOfEntry(order, event) !== -1 || isOutdated(order, event)) return order;
  if (withoutEffects && isKnown(order, event)) return order;
  if (event.type === orderShipped.type && !withoutEffects) rejectShipment(order);
  const noted = noteEvent(order, event, time, now);
  return known.customer === undefined ? noted : { ...noted, ...known };
}

/** Tells whether a replay says nothing that would still matter. */
const isKnown = (order: Order, { type }: OrderInput): boolean =>
  (type === orderCancelRequested.type && order.cancelRequested === true) ||
  (type === orderShipped.type && hasAllParcels(order));

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
