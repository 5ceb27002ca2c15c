import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PublishBatchCommand } from '@aws-sdk/client-sns';
import { BatchWriteCommand, DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Order } from '../lambdas/order/record.ts';
import { chunk } from '../lambdas/runtime/chunk.ts';
import type { Shelf } from '../lambdas/stock/record.ts';
import { findViolations } from '../test/harness/invariants.ts';
import { placedMessage } from '../test/harness/orders.ts';
import type { BookEntry, PlacedOrders } from '../test/harness/shop-state.ts';
import type { LocalAws } from './local-aws/local-aws.ts';
import { tableNames, topicArn } from './local-aws/resources.ts';

/** Orders, and the pieces in stock of each SKU. */
export type Workload = PlacedOrders;

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const WRITES_PER_CALL = 25;
// https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
const ENTRIES_PER_CALL = 10;

let workloads = 0;

/**
 * Creates orders of one line each, and as much stock as they need; `skuIndexOf` says which orders share a SKU. Ids have one length and
 * are the same in every run of the benchmark, so that sizes are the same to the byte.
 */
export function createWorkload(count: number, skuIndexOf = (index: number) => index): Workload {
  workloads += 1;
  const number = (index: number) => `${String(workloads).padStart(4, '0')}-${String(index).padStart(6, '0')}`;
  const orders = Array.from({ length: count }, (_, index) => ({
    orderId: `bench-${number(index)}`,
    sku: `SKU-${number(skuIndexOf(index))}`,
    quantity: 1,
    token: 'tok_visa',
    phone: `+8210${String(workloads * 10_000 + index).padStart(8, '0')}`,
    locale: 'ko',
    unitPrice: 12_000,
  }));
  const goods = new Map<string, number>();
  for (const { sku } of orders) goods.set(sku, (goods.get(sku) ?? 0) + 1);
  return { orders: new Map(orders.map((order) => [order.orderId, order])), goods };
}

/** Builds the messages that place the orders. */
export const placedMessages = ({ orders }: Workload) =>
  [...orders.values()].map((order) => ({ specversion: '1.0', ...placedMessage(order, `${order.orderId}.placed`) }));

export type PlacedMessage = ReturnType<typeof placedMessages>[number];

/** Puts the workload's goods in stock. */
export async function stockGoods(shop: string, { goods }: Workload, client: DynamoDBClient): Promise<void> {
  const document = DynamoDBDocumentClient.from(client);
  for (const group of chunk([...goods], WRITES_PER_CALL)) {
    const puts = group.map(([sku, available]) => ({ PutRequest: { Item: { sku, available, reserved: 0, sold: 0 } } }));
    await document.send(new BatchWriteCommand({ RequestItems: { [tableNames(shop).stock]: puts } }));
  }
}

/** Puts the goods in stock and publishes the orders on the shop's topic. */
export async function placeWorkload({ clients }: LocalAws, shop: string, workload: Workload): Promise<void> {
  await stockGoods(shop, workload, clients.dynamodb);
  for (const group of chunk(placedMessages(workload), ENTRIES_PER_CALL)) {
    const PublishBatchRequestEntries = group.map((one, index) => ({ Id: `${index}`, Message: JSON.stringify(one) }));
    await clients.sns.send(new PublishBatchCommand({ TopicArn: topicArn(shop), PublishBatchRequestEntries }));
  }
}

/** Reads a whole table consistently. */
export async function scanTable<Item>(TableName: string, client: DynamoDBClient): Promise<Item[]> {
  const items: Item[] = [];
  const pages = paginateScan({ client: DynamoDBDocumentClient.from(client) }, { TableName, ConsistentRead: true });
  for await (const { Items = [] } of pages) items.push(...(Items as Item[]));
  return items;
}

/** Throws with the violated invariants of these workloads, and with the orders that were not confirmed. */
export async function assertInvariants(
  { clients, transport }: LocalAws,
  shop: string,
  placed: readonly Workload[],
  log = '',
): Promise<void> {
  const tables = tableNames(shop);
  const [orders, shelves, charges, sent] = await Promise.all([
    scanTable<Order>(tables.orders, clients.dynamodb),
    scanTable<Shelf>(tables.stock, clients.dynamodb),
    scanTable<BookEntry>(tables.sandboxGateway, clients.dynamodb),
    transport.texts(),
  ]);
  const ordersById = new Map(orders.map((order) => [order.orderId, order]));
  // The gateway's table has items of its own beside the entries of its book.
  const entries = charges.filter(({ kind }) => kind !== undefined);
  const chargesByOrder = Map.groupBy(entries, ({ orderId }) => orderId);
  const textsByPhone = Map.groupBy(sent, ({ phone }) => phone);
  const texts = [...textsByPhone].map(([phone, own]) => [phone, own.map(({ message }) => message)]);
  const state = {
    orders: ordersById,
    shelves: new Map(shelves.map((shelf) => [shelf.sku, shelf])),
    texts: Object.fromEntries(texts) as Record<string, string[]>,
    waiting: [],
    deadLetters: [],
  };
  const problems = placed.flatMap((workload) => {
    const ids = [...workload.orders.keys()];
    const observations = { ledger: workload, statuses: new Map(), negatives: [], logged: () => log };
    const own = { ...state, charges: ids.flatMap((orderId) => chargesByOrder.get(orderId) ?? []) };
    const undecided = ids.filter((orderId) => ordersById.get(orderId)?.status !== 'CONFIRMED');
    return [...findViolations(observations, own), ...undecided.map((orderId) => `${orderId} is not confirmed`)];
  });
  if (problems.length === 0) return;
  throw new Error(`${shop} violates ${problems.length} invariants:\n${problems.slice(0, 10).join('\n')}`);
}
