import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  paginateScan,
} from '@aws-sdk/lib-dynamodb';
import { chunk } from '../../lambdas/runtime/chunk.ts';
import { output } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { connection, deployedFunction } from './deployed-functions.ts';

const client = DynamoDBDocumentClient.from(new DynamoDBClient(connection()));

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const WRITES_PER_CALL = 25;

/** What is put back at once: a consumer's records, and the shelves with the reservations. */
export type RecordTable = 'orders' | 'payments' | 'stock' | 'notifications' | 'shipments';

type Item = Record<string, unknown>;
/** One table as it was at a moment: its items by key. */
export type TableState = { name: string; key: 'orderId' | 'sku'; items: Map<string, Item> };

/** Reads the tables of a consumer as they are now. */
export async function readTables(table: RecordTable): Promise<TableState[]> {
  return Promise.all((await namesOf(table)).map(async (one) => ({ ...one, items: await itemsOf(one) })));
}

async function namesOf(table: RecordTable): Promise<Omit<TableState, 'items'>[]> {
  const byOrder = (name: string) => ({ name, key: 'orderId' as const });
  switch (table) {
    case 'orders':
      return [byOrder(output('OrdersTableName'))];
    case 'payments':
      return [byOrder(output('PaymentsTableName'))];
    case 'notifications':
      return [byOrder(output('NotificationsTableName'))];
    case 'shipments':
      return [byOrder(output('ShipmentsTableName'))];
    case 'stock': {
      const { environment } = await deployedFunction('stock');
      return [byOrder(environment.RESERVATIONS_TABLE_NAME ?? ''), { name: output('StockTableName'), key: 'sku' }];
    }
  }
}

async function itemsOf({ name, key }: Omit<TableState, 'items'>): Promise<Map<string, Item>> {
  const items = new Map<string, Item>();
  for await (const { Items = [] } of paginateScan({ client }, { TableName: name, ConsistentRead: true }))
    for (const item of Items) items.set(String(item[key]), item);
  return items;
}

/** Puts what a moment has of one order back. */
export async function restoreOrder(tables: readonly TableState[], order: TestOrder): Promise<void> {
  for (const { name: TableName, key, items } of tables) {
    const Item = items.get(order[key]);
    await (Item === undefined
      ? client.send(new DeleteCommand({ TableName, Key: { [key]: order[key] } }))
      : client.send(new PutCommand({ TableName, Item })));
  }
}

const TABLES = ['orders', 'payments', 'stock', 'notifications', 'shipments'] as const;

/** Deletes all orders' records and all shelves, and how far the sweep has come. */
export async function forgetEverything(): Promise<void> {
  const tables = (await Promise.all(TABLES.map(readTables))).flat();
  const forget = async ({ name, key, items }: TableState) => {
    for (const group of chunk([...items.keys()], WRITES_PER_CALL)) {
      const requests = group.map((value) => ({ DeleteRequest: { Key: { [key]: value } } }));
      await client.send(new BatchWriteCommand({ RequestItems: { [name]: requests } }));
    }
  };
  await Promise.all(tables.map(forget));
}
