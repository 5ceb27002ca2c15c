import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import './provided.ts';
import {
  capturedOnce,
  chargesOf,
  decided,
  paymentIs,
  placed,
  publish,
  queueUrl,
  setStock,
  sqs,
  testOrder,
  waitForEmptyQueues,
} from './deployed-shop.ts';

const snsEnvelope = (body: string) =>
  JSON.stringify({
    Type: 'Notification',
    MessageId: '5fea7756-0ea4-451a-a703-a558b933e274',
    TopicArn: 'arn:aws:sns:us-east-1:000000000000:another-topic',
    Message: body,
    Timestamp: '2026-11-26T09:00:00.000Z',
  });

const eventBridgeEnvelope = (body: string) =>
  JSON.stringify({
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': 'shop.order.placed.v1',
    source: '/shop/checkout',
    account: '000000000000',
    time: '2026-11-26T09:00:00Z',
    region: 'us-east-1',
    resources: [],
    detail: JSON.parse(body),
  });

describe('An order that is published on the topic is decided like any other', () => {
  test.each<[string, (body: string) => string]>([
    ['behind a byte-order mark', (body) => `\uFEFF${body}`],
    ["in SNS's envelope", snsEnvelope],
    ["in EventBridge's envelope", eventBridgeEnvelope],
    ["in SNS's envelope in EventBridge's", (body) => snsEnvelope(eventBridgeEnvelope(body))],
  ])('%s', async (_, wrap) => {
    const order = testOrder();
    await setStock(order.sku, 1);
    await publish(wrap(JSON.stringify(placed(order))));
    expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
    await waitForEmptyQueues();
    expect(await chargesOf(order.orderId)).toEqual(capturedOnce());
  });
});

test("a message in SNS's envelope in a queue of payment is unwrapped: raw delivery is off for its subscription", async () => {
  const order = testOrder();
  const MessageBody = snsEnvelope(JSON.stringify(placed(order)));
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl('payment'), MessageBody }));
  await paymentIs(order.orderId, 'authorized');
  expect(await chargesOf(order.orderId)).toEqual(['authorization 12000 KRW']);
});
