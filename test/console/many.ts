import { BatchWriteItemCommand, DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb';
import { PurgeQueueCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import { inject } from 'vitest';
import { orderPlaced } from '../../contracts/order.ts';
import { openAttributes } from '../../lambdas/order/open-orders.ts';
import type { Order } from '../../lambdas/order/record.ts';
import { engineClientConfig } from '../../localstack/environment.ts';
import { deadLetterQueueUrl, output, placed, sqs, testOrder } from '../deployed/deployed-shop.ts';

const ITEMS_PER_CALL = 25;
const CALLS_AT_ONCE = 8;

/** Writes orders into the table as the order consumer leaves them: one in a hundred undecided, the others confirmed, a second apart. */
export async function writeOrders(count: number): Promise<void> {
  const until = Date.now();
  await batchWrite(
    Array.from({ length: count }, (_, index) => ({
      PutRequest: { Item: marshall(orderOf(index, new Date(until - index * 1_000))) },
    })),
  );
}

/** Takes the orders out of the table again, and every dead letter of payment. */
export async function removeMany(count: number): Promise<void> {
  await batchWrite(
    Array.from({ length: count }, (_, index) => ({ DeleteRequest: { Key: marshall({ orderId: idOf(index) }) } })),
  );
  await sqs.send(new PurgeQueueCommand({ QueueUrl: deadLetterQueueUrl('payment') }));
}

const dynamo = new DynamoDBClient(engineClientConfig(inject('endpoint')));

const batchWrite = (requests: readonly WriteRequest[]) =>
  inCalls(requests, ITEMS_PER_CALL, (some) =>
    dynamo.send(new BatchWriteItemCommand({ RequestItems: { [output('OrdersTableName')]: some } })),
  );

/** The id of one of many orders. */
export const idOf = (index: number): string => `many-${String(index).padStart(5, '0')}`;

function orderOf(index: number, at: Date): Order {
  const orderId = idOf(index);
  const status = index % 100 === 0 ? 'PLACED' : 'CONFIRMED';
  return {
    orderId,
    orderNumber: `#${100_000 + index}`,
    version: 1,
    status,
    total: { amount: 12_000, currency: 'KRW' },
    items: [{ sku: 'KB-01', quantity: 1 }],
    ...openAttributes(status === 'PLACED' ? 'open' : 'decided', orderId, at),
    timeline: [{ time: at.toISOString(), type: orderPlaced.type, source: '/shop/checkout' }],
    published: 1,
  };
}

/** Sends dead letters of payment, of orders of their own and for `reasons` different reasons. */
export async function sendLetters(count: number, reasons: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, index) => ({
    Id: String(index % 10),
    MessageBody: JSON.stringify(placed(testOrder({ orderId: `letter-${index}` }))),
    MessageAttributes: textAttributes({
      errorType: 'ContractError',
      errorMessage: `data.items[${index % reasons}].unitPrice: must be a number`,
      consumer: 'payment',
      failedAt: new Date().toISOString(),
    }),
  }));
  const QueueUrl = deadLetterQueueUrl('payment');
  await inCalls(entries, 10, (Entries) => sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries })));
}

const textAttributes = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }] as const),
  );

/** Makes calls with at most `size` of the entries each, a few at a time. */
async function inCalls<T>(entries: readonly T[], size: number, call: (some: T[]) => Promise<unknown>): Promise<void> {
  const chunks = Array.from({ length: Math.ceil(entries.length / size) }, (_, index) =>
    entries.slice(index * size, (index + 1) * size),
  );
  await Promise.all(
    Array.from({ length: CALLS_AT_ONCE }, async () => {
      for (let next = chunks.shift(); next !== undefined; next = chunks.shift()) await call(next);
    }),
  );
}
