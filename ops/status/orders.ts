import { paginateQuery, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { openOrdersIndex, openShards } from '../../lambdas/order/open-orders.ts';
import type { DeployedShop } from '../stack.ts';

/** How many orders there are by status. `atLeast`: the table is too large to be counted, so there are more of the decided ones. */
export type OrderCounts = { PLACED: number; CONFIRMED: number; CANCELLED: number; atLeast?: true };

const isStatus = (value: unknown) => value === 'PLACED' || value === 'CONFIRMED' || value === 'CANCELLED';

/** How much of the table is read to count it: pages of a megabyte, some ten thousand orders, for less than a cent. */
const MOST_PAGES = 16;

/**
 * Counts orders by status. A table of usual size is read whole and the numbers are exact; of a larger one only the beginning
 * is read, and the undecided orders are counted in their index.
 */
export async function countOrders(shop: DeployedShop, mostPages = MOST_PAGES): Promise<OrderCounts> {
  const counts: OrderCounts = { PLACED: 0, CONFIRMED: 0, CANCELLED: 0 };
  let from: Record<string, unknown> | undefined;
  for (let page = 1; page <= mostPages; page += 1) {
    const { Items = [], LastEvaluatedKey } = await shop.documents.send(
      new ScanCommand({
        TableName: shop.output('OrdersTableName'),
        ProjectionExpression: '#status',
        ExpressionAttributeNames: { '#status': 'status' },
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    for (const { status } of Items) {
      if (isStatus(status)) counts[status] += 1;
    }
    if (LastEvaluatedKey === undefined) return counts;
    from = LastEvaluatedKey;
  }
  return { ...counts, PLACED: await countOpen(shop), atLeast: true };
}

const open = (shop: DeployedShop, part: string) => ({
  TableName: shop.output('OrdersTableName'),
  IndexName: openOrdersIndex,
  KeyConditionExpression: '#open = :part',
  ExpressionAttributeNames: { '#open': 'open' },
  ExpressionAttributeValues: { ':part': part },
});

async function countOpen(shop: DeployedShop): Promise<number> {
  const counts = await Promise.all(
    openShards.map(async (part) => {
      let count = 0;
      const pages = paginateQuery({ client: shop.documents }, { ...open(shop, part), Select: 'COUNT' });
      for await (const { Count = 0 } of pages) count += Count;
      return count;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Gives the id of the order that is undecided for the longest time, `undefined` where every order is decided. */
export async function oldestOpen(shop: DeployedShop): Promise<string | undefined> {
  const answers = await Promise.all(
    openShards.map((part) => shop.documents.send(new QueryCommand({ ...open(shop, part), Limit: 1 }))),
  );
  const [first] = answers
    .flatMap(({ Items = [] }) => Items)
    .sort((one, other) => (String(one.openSince) < String(other.openSince) ? -1 : 1));
  return first === undefined ? undefined : String(first.orderId);
}
