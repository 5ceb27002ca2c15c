import { type OrderPlaced, orderCancelled, orderConfirmed } from '../../contracts/order.ts';
import type { Order } from '../../lambdas/order/record.ts';
import type { FollowedOrder, FollowUp } from '../orders/follow-up.ts';
import { generateOrder, orderPlacedEvent } from '../orders/generate.ts';

/**
 * The kinds of orders in a load, as shares from 0 to 1. Of the confirmed ones a share is `cancelled` after its confirmation, and another
 * `refunded` in part.
 */
export type OrderMix = {
  run: string;
  sku: string;
  declined: number;
  duplicates: number;
  cancelled: number;
  refunded: number;
  phone?: string | undefined;
};

/** How and when an order was decided; `time`, in milliseconds, is by the clock of the consumer that decided. */
export type Decision = { status: 'CONFIRMED' | 'CANCELLED'; time: number };

export const loadOrderId = (run: string, index: number): string => `${run}-${index}`;

/** Builds one order of a load. Two of three customers read Korean. */
const loadOrder = ({ run, sku, declined, phone }: OrderMix, index: number): OrderPlaced['data'] =>
  generateOrder({
    orderId: loadOrderId(run, index),
    sku,
    locale: index % 3 === 2 ? 'en' : 'ko',
    token: ordinalInShare(index, declined) === undefined ? 'tok_visa' : 'tok_declined',
    ...(phone === undefined ? {} : { phone }),
  });

/** Builds the messages of one order of a load. */
export const orderMessages = (mix: OrderMix, index: number): string[] =>
  placedMessages(loadOrder(mix, index), ordinalInShare(index, mix.duplicates));

/** Returns what follows the confirmations among decisions. */
export function followUpsOf(mix: OrderMix, decisions: ReadonlyMap<string, Decision>): FollowedOrder[] {
  return [...decisions].flatMap(([orderId, { status }]) => {
    const index = Number(orderId.slice(mix.run.length + 1));
    const followUp = status === 'CONFIRMED' ? followUpInShares(index, mix) : undefined;
    return followUp === undefined ? [] : [{ order: loadOrder(mix, index), followUp }];
  });
}

/** Returns what follows the confirmation of an order: never both, and of other orders than are declined or published twice, while the shares are small. */
export function followUpInShares(
  index: number,
  { cancelled, refunded }: Pick<OrderMix, 'cancelled' | 'refunded'>,
): FollowUp | undefined {
  if (ordinalInShare(index + 7, cancelled) !== undefined) return 'cancellation';
  return ordinalInShare(index + 13, refunded) === undefined ? undefined : 'refund';
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
  if (entry === undefined) return undefined;
  // It may have been cancelled since.
  return { status: entry.type === orderConfirmed.type ? 'CONFIRMED' : 'CANCELLED', time: Date.parse(entry.time) };
}
