import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { expect, inject, test } from 'vitest';
import { dailyLimit } from '../../../lambdas/notification/daily-limit.ts';
import type { Notification } from '../../../lambdas/notification/rules.ts';
import { engineClientConfig } from '../../../localstack/environment.ts';
import type { TestOrder } from '../../harness/shop-state.ts';
import {
  deadLetterQueueUrl,
  decided,
  eventually,
  output,
  placed,
  publish,
  setStock,
  takeMessage,
  testOrder,
  textsTo,
} from '../deployed-shop.ts';

const client = DynamoDBDocumentClient.from(new DynamoDBClient(engineClientConfig(inject('endpoint'))));

async function notificationOf(orderId: string): Promise<Notification | undefined> {
  const { Item } = await client.send(
    new GetCommand({ TableName: output('NotificationsTableName'), Key: { orderId }, ConsistentRead: true }),
  );
  return Item as Notification | undefined;
}

/** Places an order with these members beside its own, and waits until it is confirmed. */
async function confirm(order: TestOrder, parts: { customer?: unknown; orderNumber?: string } = {}): Promise<void> {
  const message = placed(order);
  await setStock(order.sku, 1);
  await publish({ ...message, data: { ...message.data, ...parts } });
  expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
}

/** Waits until the text of a confirmed order is settled, and returns its state. */
const settledText = (orderId: string) =>
  eventually('the text is settled', async () => {
    const state = (await notificationOf(orderId))?.texts['order-confirmed'];
    return state === undefined || 'notBefore' in state || 'sendingUntil' in state ? undefined : state;
  });

test.each([
  ['premium-rate', '+8260700123'],
  ['invalid-number', '02-312-3456'],
  ['invalid-number', '010-1234'],
  ['invalid-number', '?'],
])(
  'an order whose number gets no texts is confirmed, and its refused text is recorded: %s, %s',
  async (reason, phone) => {
    const order = testOrder({ phone });
    await confirm(order);
    expect(await settledText(order.orderId)).toMatchObject({ reason });
    expect(await textsTo(phone)).toEqual([]);
  },
);

test.each([
  ['of a guest without a phone', { locale: 'ko' }],
  ['whose phone is of spaces', { phone: '  ' }],
  ['whose customer is null', null],
])('an order %s is confirmed without a text or a dead letter', async (_, customer) => {
  const order = testOrder();
  await confirm(order, { customer });
  const notification = await eventually('the decision is recorded', async () => {
    const record = await notificationOf(order.orderId);
    return record?.decision === undefined ? undefined : record;
  });
  expect(notification).toMatchObject({ decision: 'order-confirmed', texts: {} });
  expect(await takeMessage(deadLetterQueueUrl('notification'), (body) => body.includes(order.orderId))).toBeUndefined();
});

test('a number and a locale as platforms write them are texted, with the number that the customer knows the order by', async () => {
  const order = testOrder();
  const national = order.phone.replace(/^\+82(..)(....)/, '0$1-$2-');
  expect(national).toMatch(/^010-\d{4}-\d{4}$/);
  await confirm(order, { customer: { phone: national, locale: 'ko_KR' }, orderNumber: '#1029' });
  expect(await settledText(order.orderId)).toHaveProperty('sentAt');
  expect(await textsTo(order.phone)).toEqual(['주문 #1029 확정되었습니다. 감사합니다.']);
});

test('the daily limit of texts holds under concurrency and counts a repeated text once', async () => {
  const { phone } = testOrder();
  let now = new Date('2099-11-21T23:59:00Z');
  const limits = { perDay: 3, hashKey: 'test' };
  const within = dailyLimit(output('NotificationsTableName'), limits, { client, now: () => now });
  const run = ulid();
  const ask = (number: number) => within({ orderId: `${run}-${number}`, template: 'order-confirmed', phone });

  const answers = await Promise.all(Array.from({ length: 8 }, (_, number) => ask(number)));
  expect(answers.filter(Boolean)).toHaveLength(3);
  expect(await Promise.all(answers.map((_, number) => ask(number)))).toEqual(answers);

  now = new Date('2099-11-22T00:00:00Z');
  expect(await ask(100)).toBe(true);
  // An instance with a slow clock counts for the day before.
  now = new Date('2099-11-21T23:59:59Z');
  expect(await ask(101)).toBe(false);
  now = new Date('2099-11-22T00:00:01Z');
  expect([await ask(102), await ask(103), await ask(104), await ask(100)]).toEqual([true, true, false, true]);
});
