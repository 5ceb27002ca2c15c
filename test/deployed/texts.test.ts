import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { expect, inject, test } from 'vitest';
import { dailyLimit } from '../../lambdas/notification/daily-limit.ts';
import type { Notification } from '../../lambdas/notification/rules.ts';
import { decided, eventually, output, placed, publish, setStock, testOrder, textsTo } from './deployed-shop.ts';

const client = DynamoDBDocumentClient.from(
  new DynamoDBClient({
    endpoint: inject('endpoint'),
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }),
);

test('an order with a premium-rate number is confirmed, and its refused text is recorded', async () => {
  const order = testOrder({ phone: '+8260700123' });
  await setStock(order.sku, 1);
  await publish(placed(order));
  expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
  const TableName = output('NotificationsTableName');
  const texts = await eventually('the text is refused', async () => {
    const { Item } = await client.send(new GetCommand({ TableName, Key: { orderId: order.orderId } }));
    return (Item as Notification | undefined)?.texts['order-confirmed'];
  });
  expect(texts).toMatchObject({ reason: 'premium-rate' });
  expect(await textsTo(order.phone)).toEqual([]);
});

test('the daily limit of texts holds under concurrency and counts a repeated text once', async () => {
  const { phone } = testOrder();
  let now = new Date('2026-11-21T23:59:00Z');
  const within = dailyLimit(output('NotificationsTableName'), 3, { client, now: () => now });
  const run = ulid();
  const ask = (number: number) => within({ orderId: `${run}-${number}`, template: 'order-confirmed', phone });

  const answers = await Promise.all(Array.from({ length: 8 }, (_, number) => ask(number)));
  expect(answers.filter(Boolean)).toHaveLength(3);
  expect(await Promise.all(answers.map((_, number) => ask(number)))).toEqual(answers);

  now = new Date('2026-11-22T00:00:00Z');
  expect(await ask(100)).toBe(true);
  // As an instance with a slow clock.
  now = new Date('2026-11-21T23:59:59Z');
  expect([await ask(101), await ask(102), await ask(103)]).toEqual([true, true, false]);
});
