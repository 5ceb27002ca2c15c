import { paginateQuery, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { openOrdersIndex, openShards } from '../../lambdas/order/open-orders.ts';
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

/** Builds a query for the undecided orders of a shard, oldest first. */
export const openOrdersQuery = (shop: DeployedShop, shard: string) => ({
  TableName: shop.output('OrdersTableName'),
  IndexName: openOrdersIndex,
  KeyConditionExpression: '#open = :shard',
  ExpressionAttributeNames: { '#open': 'open' },
  ExpressionAttributeValues: { ':shard': shard },
});

/** Counts the undecided orders in their index. */
export async function countOpenOrders(shop: DeployedShop): Promise<number> {
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
