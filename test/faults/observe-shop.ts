import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { inject } from 'vitest';
import type { Order } from '../../lambdas/order/record.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import type { Shelf } from '../../lambdas/stock/record.ts';
import { deadLetterQueueUrl, output, queueUrl } from '../deployed/deployed-shop.ts';
import type { BookEntry, PlacedOrders, QueuedMessage, ShopState } from '../harness/shop-state.ts';
import { connection, consumers } from './deployed-functions.ts';

const tables = DynamoDBDocumentClient.from(new DynamoDBClient(connection()));

/** Reads items by their key, a hundred at a time. */
async function items<T>(name: string, key: string, values: readonly string[]): Promise<Map<string, T>> {
  const table = output(name);
  const found = new Map<string, T>();
  for (let start = 0; start < values.length; start += 100) {
    const Keys = values.slice(start, start + 100).map((value) => ({ [key]: value }));
    const RequestItems = { [table]: { Keys, ConsistentRead: true } };
    const { Responses = {} } = await tables.send(new BatchGetCommand({ RequestItems }));
    for (const item of Responses[table] ?? []) found.set(String(item[key]), item as T);
  }
  return found;
}

async function chargesOf(orderId: string): Promise<BookEntry[]> {
  const { Items = [] } = await tables.send(
    new QueryCommand({
      TableName: output('SandboxGatewayTableName'),
      KeyConditionExpression: 'orderId = :orderId',
      ExpressionAttributeValues: { ':orderId': orderId },
      ConsistentRead: true,
    }),
  );
  // What has no kind is no entry of the book.
  return (Items as Partial<BookEntry>[]).filter((item): item is BookEntry => item.kind !== undefined);
}

/** Reads the shelves. */
export const shelves = (skus: readonly string[]) => items<Shelf>('StockTableName', 'sku', skus);

/** Reads the messages of a queue without receiving them. */
async function queuedMessages(consumer: string, url: string): Promise<QueuedMessage[]> {
  const answer = await fetch(`${inject('endpoint')}/_ministack/sqs/messages?QueueUrl=${encodeURIComponent(url)}`);
  type Peeked = { Body: string; ReceiveCount: number; MessageAttributes: Record<string, { StringValue?: string }> };
  const { messages } = (await answer.json()) as { messages: Record<string, Record<string, Record<string, Peeked[]>>> };
  const found = Object.values(messages).flatMap((regions) =>
    Object.values(regions).flatMap((queues) => Object.values(queues).flat()),
  );
  return found.map(({ Body, ReceiveCount, MessageAttributes }) => ({
    consumer,
    body: Body,
    receiveCount: ReceiveCount,
    attributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue]),
    ),
  }));
}

/** Reads the dead letters of all consumers. */
export const deadLetters = async () =>
  (await Promise.all(consumers.map((name) => queuedMessages(name, deadLetterQueueUrl(name))))).flat();

/** Reads the messages that wait in the queues of all but the `idle` consumers. */
export async function waitingFor(idle: readonly string[] = []): Promise<QueuedMessage[]> {
  const working = consumers.filter((name) => !idle.includes(name));
  return (await Promise.all(working.map((name) => queuedMessages(name, queueUrl(name))))).flat();
}

/** Looks at everything that concerns these orders and goods, and at all queues but those of `idle` consumers. */
export async function observeShop({ orders, goods }: PlacedOrders, idle: readonly string[] = []): Promise<ShopState> {
  const orderIds = [...orders.keys()];
  const [known, payments, charges, stock, waiting, dead, sms] = await Promise.all([
    items<Order>('OrdersTableName', 'orderId', orderIds),
    items<Payment>('PaymentsTableName', 'orderId', orderIds),
    Promise.all(orderIds.map(chargesOf)),
    shelves([...goods.keys()]),
    waitingFor(idle),
    deadLetters(),
    fetch(`${inject('endpoint')}/_ministack/sns/sms-messages`).then((answer) => answer.json()),
  ]);
  const { sms_messages } = sms as { sms_messages: Record<string, { Message: string }[]> };
  const texts = Object.entries(sms_messages).map(([phone, sent]) => [phone, sent.map(({ Message }) => Message)]);
  return {
    orders: known,
    charges: charges.flat(),
    payments,
    shelves: stock,
    texts: Object.fromEntries(texts) as Record<string, string[]>,
    waiting,
    deadLetters: dead,
  };
}
