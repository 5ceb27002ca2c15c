import { randomUUID } from 'node:crypto';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { sumBySku } from '../../contracts/order.ts';
import { receiptKey } from '../runtime/delivery.ts';
import { MAX_ACTIONS_PER_TRANSACTION, toRefusal } from '../runtime/records.ts';
import { endedKey, type Reservation, restockedLines, soldLines } from '../stock/record.ts';
import { isUnchanged } from '../stock/table.ts';
import type { OrderRecords } from './rules.ts';

export type TableNames = Record<'orders' | 'payments' | 'reservations' | 'notifications' | 'shipments', string>;

type Action = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/**
 * Deletes all records of an order in one transaction, unless one of them has changed since it was read. What it sold is added to its SKUs'
 * `EndedSales`, and what came back on the shelves becomes a receipt, so that the shelves still add up. An order of so many SKUs that one transaction
 * cannot take it is deleted in two, its reservation last: without an order, the sweep ends it as well. `kept`: it does not fit into two either.
 */
export async function deleteOrder(
  client: DynamoDBDocumentClient,
  tables: TableNames,
  { orderId, records, now }: { orderId: string; records: OrderRecords; now: Date },
): Promise<'deleted' | 'kept' | 'conflict' | Error> {
  const people = deletionsOf(tables, orderId, records);
  const goods = goodsOf(tables.reservations, records.reservation, now);
  if (goods.length > MAX_ACTIONS_PER_TRANSACTION) return 'kept';
  const all = [...people, ...goods];
  for (const TransactItems of all.length <= MAX_ACTIONS_PER_TRANSACTION ? [all] : [people, goods]) {
    const result = await commit(client, TransactItems);
    if (result !== 'saved') return result;
  }
  return 'deleted';
}

async function commit(client: DynamoDBDocumentClient, TransactItems: Action[]) {
  try {
    await client.send(new TransactWriteCommand({ TransactItems }));
    return 'saved';
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    return toRefusal(error);
  }
}

function deletionsOf(tables: TableNames, orderId: string, { order, payment, notification }: OrderRecords): Action[] {
  const Key = { orderId };
  const deletion = (TableName: string, record: { version: number } | undefined): Action[] =>
    record === undefined ? [] : [{ Delete: { TableName, Key, ...isVersion(record.version) } }];
  const unknown = {
    ConditionCheck: { TableName: tables.orders, Key, ConditionExpression: 'attribute_not_exists(orderId)' },
  };
  return [
    ...(order === undefined ? [unknown] : deletion(tables.orders, order)),
    ...deletion(tables.payments, payment),
    ...deletion(tables.notifications, notification),
    // Only what `order` publishes changes it.
    { Delete: { TableName: tables.shipments, Key } },
  ];
}

const isVersion = (version: number) => ({
  ConditionExpression: '#version = :version',
  ExpressionAttributeNames: { '#version': 'version' },
  ExpressionAttributeValues: { ':version': version },
});

function goodsOf(TableName: string, reservation: Reservation | undefined, now: Date): Action[] {
  if (reservation === undefined) return [];
  const { orderId } = reservation;
  const receipts = restockedLines(reservation).map(
    ({ lines, time }): Reservation => ({
      orderId: receiptKey(randomUUID()),
      state: 'received',
      lines: sumBySku(lines),
      time,
    }),
  );
  return [
    { Delete: { TableName, Key: { orderId }, ...isUnchanged(reservation) } },
    ...sumBySku(soldLines(reservation)).map(({ sku, quantity }) => ({
      Update: {
        TableName,
        Key: { orderId: endedKey(sku) },
        UpdateExpression: 'SET #state = :ended, sku = :sku, #time = :time ADD sold :sold',
        ExpressionAttributeNames: { '#state': 'state', '#time': 'time' },
        ExpressionAttributeValues: { ':ended': 'ended', ':sku': sku, ':time': now.toISOString(), ':sold': quantity },
      },
    })),
    ...receipts.map((Item) => ({ Put: { TableName, Item } })),
  ];
}
