import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { remindedShards, unremindedShards } from '../../lambdas/order/open-orders.ts';
import type { Order } from '../../lambdas/order/record.ts';
import { dynamoRecordStore } from '../../lambdas/runtime/records.ts';
import type { DeployedShop } from '../stack.ts';
import { openOrdersQuery } from './orders.ts';

/** An undecided order: since when it waits for the shop (ISO 8601), and for whose outcome. */
export type WaitingOrder = { orderId: string; since: string; waitsFor: 'payment' | 'stock' | 'payment and stock' };

/** An order that waits longer than this is late: a healthy shop decides within seconds. */
const LATE_AFTER_MS = 60_000;
/** How many waiting orders are named. */
export const MAX_WAITING_ORDERS = 10;
// Together what one BatchGetItem call reads. Orders that await the customer's payment are among the reminded ones only, and may be many.
const MAX_RECORDS = { unreminded: 20, reminded: 80 };

/**
 * Finds the orders that have been undecided the longest, oldest first, of at most a hundred records that the index of undecided orders leads
 * to. An order that waits for its customer's own payment is no trouble, and is left out.
 */
export async function readWaitingOrders(shop: DeployedShop): Promise<WaitingOrder[]> {
  const found = await Promise.all([
    oldestOf(shop, unremindedShards, MAX_RECORDS.unreminded),
    oldestOf(shop, remindedShards, MAX_RECORDS.reminded),
  ]);
  const oldest = found.flat().sort(bySince);
  if (oldest.length === 0) return [];
  const orders = await dynamoRecordStore<Order>(shop.output('OrdersTableName'), shop.documents).load(
    oldest.map(({ orderId }) => orderId),
  );
  return oldest
    .flatMap(({ orderId, since }) => {
      const waitsFor = missingOutcome(orders.get(orderId));
      return waitsFor === undefined ? [] : [{ orderId, since, waitsFor }];
    })
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
