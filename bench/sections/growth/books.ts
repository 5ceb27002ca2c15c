import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Order } from '../../../lambdas/order/rules.ts';
import type { Shelf } from '../../../lambdas/stock/rules.ts';
import type { Charge } from '../../../test/faults/shop-state.ts';
import { violations } from '../../../test/faults/violations.ts';
import type { Demand } from '../../customers.ts';

const WRITES_PER_CALL = 25;

/** Takes a table and the goods by SKU and puts them on the shelves. */
export async function stockShelves(
  client: DynamoDBClient,
  table: string,
  goods: ReadonlyMap<string, number>,
): Promise<void> {
  const document = DynamoDBDocumentClient.from(client);
  const puts = [...goods].map(([sku, available]) => ({
    PutRequest: { Item: { sku, available, reserved: 0, sold: 0 } },
  }));
  for (let start = 0; start < puts.length; start += WRITES_PER_CALL) {
    const RequestItems = { [table]: puts.slice(start, start + WRITES_PER_CALL) };
    await document.send(new BatchWriteCommand({ RequestItems }));
  }
}

/** Takes a table and gives all that it holds, read consistently. */
export async function allOf<Item>(client: DynamoDBClient, TableName: string): Promise<Item[]> {
  const found: Item[] = [];
  const pages = paginateScan({ client: DynamoDBDocumentClient.from(client) }, { TableName, ConsistentRead: true });
  for await (const { Items = [] } of pages) found.push(...(Items as Item[]));
  return found;
}

/** The tables, and what was sent to customers. */
export type Books = { orders: string; shelves: string; charges: string; texts: Record<string, string[]> };

/** Takes everything that was ever ordered on these tables and throws with every broken promise, and where an order was not confirmed. */
export async function checkBooks(client: DynamoDBClient, books: Books, demands: readonly Demand[]): Promise<void> {
  const ledger = {
    orders: new Map(demands.flatMap(({ orders }) => [...orders])),
    goods: new Map(demands.flatMap(({ goods }) => [...goods])),
  };
  const [orders, shelves, charges] = await Promise.all([
    allOf<Order>(client, books.orders),
    allOf<Shelf>(client, books.shelves),
    allOf<Charge>(client, books.charges),
  ]);
  const chargesOf = Map.groupBy(charges, ({ orderId }) => orderId);
  const known = new Map(orders.map((order) => [order.orderId, order]));
  const kept = new Map(shelves.map((shelf) => [shelf.sku, shelf]));
  // Order by order, for each is held against all charges and all shelves of its world.
  const broken = [...ledger.orders].flatMap(([orderId, wish]) => {
    const order = known.get(orderId);
    const world = {
      orders: new Map(order === undefined ? [] : [[orderId, order]]),
      shelves: kept,
      charges: chargesOf.get(orderId) ?? [],
      texts: books.texts,
      waiting: [],
      deadLetters: [],
    };
    const one = new Map([[orderId, wish]]);
    const goods = new Map([[wish.sku, ledger.goods.get(wish.sku) ?? 0]]);
    const observed = { ledger: { orders: one, goods }, statuses: new Map(), negatives: [], logged: () => '' };
    return [
      ...violations(observed, world),
      ...(order?.status === 'CONFIRMED' ? [] : [`${orderId} is ${order?.status ?? 'unknown'}`]),
    ];
  });
  if (known.size !== ledger.orders.size) broken.push(`${known.size} orders on record of ${ledger.orders.size}`);
  if (broken.length > 0) throw new Error(`${broken.length} promises are broken:\n${broken.slice(0, 10).join('\n')}`);
}
