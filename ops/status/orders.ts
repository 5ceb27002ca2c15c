import { paginateQuery, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { deadlineShards, openOrdersIndex, openShards } from '../../lambdas/order/open-orders.ts';
import type { DeployedShop } from '../stack.ts';

/** Orders by status. `atLeast`: only part of the table was counted, so there may be more confirmed and cancelled orders. */
export type OrderCounts = { PLACED: number; CONFIRMED: number; CANCELLED: number; atLeast?: true };

const isStatus = (value: unknown) => value === 'PLACED' || value === 'CONFIRMED' || value === 'CANCELLED';

/** Pages of a megabyte that are read at most: some ten thousand orders, for less than a cent. */
const MAX_PAGES = 16;

/**
 * Counts orders by status: exactly while the table has at most `maxPages` pages. Of a larger table only the first pages are
 * read, and the undecided orders are counted in their index.
 */
export async function countOrders(shop: DeployedShop, maxPages = MAX_PAGES): Promise<OrderCounts> {
  const counts: OrderCounts = { PLACED: 0, CONFIRMED: 0, CANCELLED: 0 };
  let lastKey: Record<string, unknown> | undefined;
  for (let page = 1; page <= maxPages; page += 1) {
    const { Items = [], LastEvaluatedKey } = await shop.documents.send(
      new ScanCommand({
        TableName: shop.output('OrdersTableName'),
        ProjectionExpression: '#status',
        ExpressionAttributeNames: { '#status': 'status' },
        ...(lastKey === undefined ? {} : { ExclusiveStartKey: lastKey }),
      }),
    );
    for (const { status } of Items) {
      if (isStatus(status)) counts[status] += 1;
    }
    if (LastEvaluatedKey === undefined) return counts;
    lastKey = LastEvaluatedKey;
  }
  return { ...counts, PLACED: await countOpenOrders(shop), atLeast: true };
}

const openOrdersQuery = (shop: DeployedShop, shard: string) => ({
  TableName: shop.output('OrdersTableName'),
  IndexName: openOrdersIndex,
  KeyConditionExpression: '#open = :shard',
  ExpressionAttributeNames: { '#open': 'open' },
  ExpressionAttributeValues: { ':shard': shard },
});

async function countOpenOrders(shop: DeployedShop): Promise<number> {
  const counts = await Promise.all(
    openShards.map(async (shard) => {
      let count = 0;
      const pages = paginateQuery({ client: shop.documents }, { ...openOrdersQuery(shop, shard), Select: 'COUNT' });
      for await (const { Count = 0 } of pages) count += Count;
      return count;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Returns the id of the order that has been undecided the longest; `undefined` where every order is decided. Orders that wait for a payment
 * until a moment of their own are not late, and are left out.
 */
export async function oldestOpenOrder(shop: DeployedShop): Promise<string | undefined> {
  const firstOfShards = await Promise.all(
    deadlineShards.map((shard) => shop.documents.send(new QueryCommand({ ...openOrdersQuery(shop, shard), Limit: 1 }))),
  );
  const [oldest] = firstOfShards
    .flatMap(({ Items = [] }) => Items)
    .sort((one, other) => (String(one.openSince) < String(other.openSince) ? -1 : 1));
  return oldest === undefined ? undefined : String(oldest.orderId);
}
