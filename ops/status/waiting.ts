import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { dueShards, remindedShards, unremindedShards } from '../../lambdas/order/open-orders.ts';
import { isDecided, isDecision, type Order } from '../../lambdas/order/record.ts';
import { dynamoRecordStore } from '../../lambdas/runtime/records.ts';
import type { DeployedShop } from '../stack.ts';
import { openOrdersQuery } from './orders.ts';

/**
 * An order that waits for the shop since a moment (ISO 8601): an undecided one for an outcome, a decided one until payment, stock and
 * notification have done what follows from its decision.
 */
export type WaitingOrder = {
  orderId: string;
  since: string;
  waitsFor: 'payment' | 'stock' | 'payment and stock' | 'its decision to be carried out';
};

/** An order that waits longer than this is late: a healthy shop decides within seconds. */
const LATE_AFTER_MS = 60_000;
/** How many waiting orders are named. */
export const MAX_WAITING_ORDERS = 10;
// Together what one BatchGetItem call reads. Orders that await the customer's payment are among the reminded ones only, and may be many.
const MAX_RECORDS = { unreminded: 20, due: 20, reminded: 60 };
/** From so many on the sweep has published a decision again in vain. Once is no trouble: a message may have been slow. */
export const MIN_RECONCILIATIONS = 2;

/**
 * Finds the orders that have waited the longest, oldest first, of at most a hundred records that the index of the sweep leads to. An order that
 * waits for its customer's own payment is no trouble, and is left out.
 */
export async function readWaitingOrders(shop: DeployedShop): Promise<WaitingOrder[]> {
  const found = await Promise.all([
    oldestOf(shop, unremindedShards, MAX_RECORDS.unreminded),
    oldestOf(shop, remindedShards, MAX_RECORDS.reminded),
    oldestOf(shop, dueShards, MAX_RECORDS.due),
  ]);
  const oldest = found.flat().sort(bySince);
  if (oldest.length === 0) return [];
  const orders = await dynamoRecordStore<Order>(shop.output('OrdersTableName'), shop.documents).load(
    oldest.map(({ orderId }) => orderId),
  );
  return oldest
    .flatMap(({ orderId, since }) => {
      const order = orders.get(orderId);
      const waitsFor = missingOutcome(order);
      if (waitsFor !== undefined) return [{ orderId, since, waitsFor }];
      return order === undefined ? [] : unheardDecision(order);
    })
    .sort(bySince)
    .slice(0, MAX_WAITING_ORDERS);
}

/** Returns the keys of the oldest orders of some shards. */
async function oldestOf(shop: DeployedShop, shards: readonly string[], limit: number) {
  const pages = await Promise.all(
    shards.map((shard) => shop.documents.send(new QueryCommand({ ...openOrdersQuery(shop, shard), Limit: limit }))),
  );
  return pages
    .flatMap(({ Items = [] }) => Items)
    .map(({ orderId, openSince }) => ({ orderId: String(orderId), since: String(openSince) }))
    .sort(bySince)
    .slice(0, limit);
}

const bySince = (one: { since: string }, other: { since: string }) => (one.since < other.since ? -1 : 1);

/** Returns a decided order that the sweep has had published again, and that still owes something. */
function unheardDecision(order: Order): WaitingOrder[] {
  if (!isDecided(order) || (order.reconciliations ?? 0) < MIN_RECONCILIATIONS) return [];
  const since = order.timeline.findLast(isDecision)?.time ?? '';
  return [{ orderId: order.orderId, since, waitsFor: 'its decision to be carried out' }];
}

/** Returns those orders that wait for longer than a healthy shop needs. */
export const lateOrders = (waiting: readonly WaitingOrder[], now: Date): WaitingOrder[] =>
  waiting.filter(({ since }) => now.getTime() - Date.parse(since) > LATE_AFTER_MS);

/** Returns the outcome that an order waits for; `undefined` where it is decided, or its customer has yet to pay. */
export function missingOutcome(
  order: Pick<Order, 'status' | 'payment' | 'stock' | 'method'> | undefined,
): WaitingOrder['waitsFor'] | undefined {
  if (order?.status !== 'PLACED') return undefined;
  const needsPayment = order.payment === undefined && order.method?.kind !== 'awaited';
  const needsStock = order.stock === undefined;
  if (needsPayment) return needsStock ? 'payment and stock' : 'payment';
  return needsStock ? 'stock' : undefined;
}
