import { SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { expect, onTestFinished, test } from 'vitest';
import { scaledToEngine } from './capabilities.ts';
import {
  capturedOnce,
  chargesOf,
  decided,
  eventually,
  orderOf,
  output,
  paymentIs,
  placed,
  publish,
  publishAll,
  setStock,
  shelfOf,
  shipmentOf,
  sns,
  sqs,
  testOrder,
  voidedOnce,
} from './deployed-shop.ts';

test('shipping follows every step of an order in sequence and records one shipment for a confirmed order', async () => {
  const order = testOrder({ quantity: 2 });
  await setStock(order.sku, 2);
  await publish(placed(order));
  await decided(order.orderId);
  const shipment = await eventually('the shipment is recorded', async () => {
    const known = await shipmentOf(order.orderId);
    return known?.sequence === 5 ? known : undefined;
  });
  expect(shipment).toMatchObject({ status: 'CONFIRMED', shipment: { items: [{ sku: order.sku, quantity: 2 }] } });
  await eventually(
    'the whole timeline is noted as published',
    async () => (await orderOf(order.orderId))?.published === 5,
  );
});

test('a subscribed FIFO queue receives the steps of every order in sequence in its own message group', async () => {
  const queue = await subscribedQueue();
  const orders = Array.from({ length: 10 }, () => testOrder());
  for (const { sku } of orders) await setStock(sku, 1);
  await publishAll(orders.map((order) => placed(order)));
  const steps = new Map(orders.map(({ orderId }) => [orderId, [] as string[]]));
  await eventually('all steps of all orders have come', async () => {
    const ask = { QueueUrl: queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 };
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ ...ask, MessageSystemAttributeNames: ['MessageGroupId'] }),
    );
    for (const { Body = '', Attributes, ReceiptHandle } of Messages) {
      const { orderId, sequence, status } = JSON.parse(Body).data;
      expect(Attributes?.MessageGroupId).toBe(orderId);
      steps.get(orderId)?.push(`${sequence} ${status ?? ''}`.trim());
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }));
    }
    return [...steps.values()].every(({ length }) => length >= 5);
  });
  for (const seen of steps.values()) {
    expect(seen.map((step) => step.charAt(0))).toEqual(['1', '2', '3', '4', '5']);
    // The capture follows the confirmation, and changes no status.
    expect(seen.slice(3)).toEqual(['4 CONFIRMED', '5']);
  }
});

test('shipping follows a cancelled order to its end and records no shipment', async () => {
  const order = testOrder({ token: 'tok_declined' });
  await setStock(order.sku, 1);
  await publishAll([placed(order), placed(order)]);
  await decided(order.orderId);
  const shipment = await eventually('shipping knows', async () => {
    const known = await shipmentOf(order.orderId);
    return known?.status === 'CANCELLED' ? known : undefined;
  });
  expect(shipment.shipment).toBeUndefined();
});

const BUYERS = scaledToEngine(300);
const PIECES = scaledToEngine(50);
const LATE = BUYERS - PIECES;

test(`of ${BUYERS} concurrent buyers of ${PIECES} pieces ${PIECES} are confirmed and charged, and ${LATE} cancelled without a charge`, async () => {
  const { sku } = testOrder();
  const orders = Array.from({ length: BUYERS }, () => testOrder({ sku }));
  await setStock(sku, PIECES);
  await publishAll(orders.map((order) => placed(order)));

  const ends = [];
  for (const { orderId } of orders) {
    const { status, reason } = await decided(orderId, 400);
    ends.push(reason ?? status);
    await paymentIs(orderId, status === 'CANCELLED' ? 'voided' : 'captured');
    expect(await chargesOf(orderId)).toEqual(status === 'CANCELLED' ? voidedOnce() : capturedOnce());
  }
  expect(ends.filter((end) => end === 'CONFIRMED')).toHaveLength(PIECES);
  expect(ends.filter((end) => end === 'out-of-stock')).toHaveLength(LATE);
  await eventually('all is sold', async () => (await shelfOf(sku))?.sold === PIECES);
  expect(await shelfOf(sku)).toMatchObject({ available: 0, reserved: 0 });
});

/** Creates a FIFO queue that is subscribed to the lifecycle feed until the test ends. */
async function subscribedQueue(): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName: `steps-${ulid()}.fifo`, Attributes: { FifoQueue: 'true' } }),
  );
  const Endpoint = output('OrderLifecycleTopicArn')
    .replace('sns', 'sqs')
    .replace(/[^:]+$/, QueueUrl.split('/').at(-1) ?? '');
  const { SubscriptionArn } = await sns.send(
    new SubscribeCommand({
      TopicArn: output('OrderLifecycleTopicArn'),
      Protocol: 'sqs',
      Endpoint,
      Attributes: { RawMessageDelivery: 'true' },
      ReturnSubscriptionArn: true,
    }),
  );
  onTestFinished(async () => {
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  });
  return QueueUrl;
}
