import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import {
  decided,
  placed,
  publishAll,
  queueUrl,
  setReceiving,
  setStock,
  sqs,
  takeDeadLetter,
  testOrder,
} from './deployed-shop.ts';

// 10,000 levels, arrays and objects in turn.
const NESTED = `${'[{"quantity":'.repeat(5_000)}1${'}]'.repeat(5_000)}`;

/** Returns the messages of nine good orders with one among them that would be good but for its nested quantity. */
async function nineAndNested() {
  const sku = `SKU-${ulid()}`;
  await setStock(sku, 9);
  const orders = Array.from({ length: 9 }, () => testOrder({ sku }));
  const [first = '', ...others] = orders.map((order) => JSON.stringify(placed(order)));
  const good = placed(testOrder());
  const nested = JSON.stringify(good).replace('"quantity":1', `"quantity":${NESTED}`);
  return { orders, nested: { id: good.id, body: nested }, bodies: [first, nested, ...others] };
}

const consumersOfTopic = ['order', 'payment', 'stock', 'notification'] as const;

async function expectConfirmedAndDeadLettered({ orders, nested }: Awaited<ReturnType<typeof nineAndNested>>) {
  for (const { orderId } of orders) expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
  for (const consumer of consumersOfTopic) {
    const { body, ...deadLetter } = await takeDeadLetter(consumer, nested.id);
    expect(body === nested.body, 'the body is unchanged').toBe(true);
    expect(deadLetter).toMatchObject({
      consumer,
      errorType: 'ContractError',
      errorMessage: 'data.items[0].quantity: must be a number',
      attempts: '1',
    });
  }
}

describe('A body nested 10,000 levels deep is dead-lettered by each consumer, and the nine messages beside it are done,', () => {
  test('when all ten are published in one call', async () => {
    const messages = await nineAndNested();
    await publishAll(messages.bodies);
    await expectConfirmedAndDeadLettered(messages);
  });

  test('when all ten are sent straight into its queue', async () => {
    const messages = await nineAndNested();
    const Entries = messages.bodies.map((MessageBody, index) => ({ Id: `${index}`, MessageBody }));
    for (const consumer of consumersOfTopic) {
      // They become one batch.
      await setReceiving(consumer, false);
      await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl(consumer), Entries }));
      await setReceiving(consumer, true);
    }
    await expectConfirmedAndDeadLettered(messages);
  });
});
