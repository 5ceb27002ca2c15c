import { type OrderPlaced, orderCancelled, orderConfirmed } from '../../contracts/order.ts';
import type { Order } from '../../lambdas/order/record.ts';
import { generateOrder, orderPlacedEvent } from '../orders/generate.ts';

/** The kinds of orders in a load; `declined` and `duplicates` are shares from 0 to 1. */
export type OrderMix = { run: string; sku: string; declined: number; duplicates: number; phone?: string | undefined };

/** How and when an order was decided; `time`, in milliseconds, is by the clock of the consumer that decided. */
export type Decision = { status: 'CONFIRMED' | 'CANCELLED'; time: number };

export const loadOrderId = (run: string, index: number): string => `${run}-${index}`;

/** Builds the messages of one order of a load. Two of three customers read Korean. */
export function orderMessages({ run, sku, declined, duplicates, phone }: OrderMix, index: number): string[] {
  const order = generateOrder({
    orderId: loadOrderId(run, index),
    sku,
    locale: index % 3 === 2 ? 'en' : 'ko',
    token: ordinalInShare(index, declined) === undefined ? 'tok_visa' : 'tok_declined',
    ...(phone === undefined ? {} : { phone }),
  });
  return placedMessages(order, ordinalInShare(index, duplicates));
}

/**
 * Builds the messages that place an order: one, or two for a duplicate. Every other duplicate repeats the message id, as a
 * queue may; the rest have a new id, as from a publisher that got no answer.
 */
export function placedMessages(order: OrderPlaced['data'], duplicateOrdinal: number | undefined): string[] {
  const message = JSON.stringify(orderPlacedEvent(order));
  if (duplicateOrdinal === undefined) return [message];
  return [message, duplicateOrdinal % 2 === 0 ? message : JSON.stringify(orderPlacedEvent(order))];
}

/** Spreads a share, 0 to 1, evenly over indexes: returns the index' ordinal within the share, or `undefined` outside of it. */
export function ordinalInShare(index: number, share: number): number | undefined {
  const before = Math.floor(index * share);
  return Math.floor((index + 1) * share) > before ? before : undefined;
}

type LoadOrders = (orderIds: readonly string[]) => Promise<ReadonlyMap<string, Pick<Order, 'status' | 'timeline'>>>;

// Twenty reads of a hundred orders: faster than any load, and not a load itself.
const ORDERS_PER_POLL = 2_000;

/** Polls the undecided orders that were polled longest ago; removes those that are decided from the set and returns them. */
export async function collectDecisions(undecided: Set<string>, loadOrders: LoadOrders): Promise<Map<string, Decision>> {
  const ids = [...undecided].slice(0, ORDERS_PER_POLL);
  const orders = ids.length === 0 ? new Map() : await loadOrders(ids);
  const decisions = new Map<string, Decision>();
  for (const id of ids) {
    const decision = decisionOf(orders.get(id));
    undecided.delete(id);
    // A set keeps insertion order: an id that is added again comes last.
    if (decision === undefined) undecided.add(id);
    else decisions.set(id, decision);
  }
  return decisions;
}

function decisionOf(order: Pick<Order, 'status' | 'timeline'> | undefined): Decision | undefined {
  if (order?.status !== 'CONFIRMED' && order?.status !== 'CANCELLED') return undefined;
  const entry = order.timeline.find(({ type }) => type === orderConfirmed.type || type === orderCancelled.type);
  return entry === undefined ? undefined : { status: order.status, time: Date.parse(entry.time) };
}
