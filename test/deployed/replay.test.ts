import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  type Message,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { constructIdOf } from '../../infra/names.ts';
import { replay } from '../../ops/replay/replay.ts';
import { selectionFor } from '../../ops/replay/select.ts';
import {
  capturedOnce,
  chargesOf,
  decided,
  eventually,
  output,
  placed,
  publish,
  setStock,
  shop,
  sqs,
  testOrder,
  textsTo,
  waitForEmptyQueues,
} from './deployed-shop.ts';

/** Replays the events of one order since a time, or counts them. */
async function replayOrder(
  orderId: string,
  since: Date,
  parts: { to?: string; url?: string; dryRun?: boolean; withEffects?: boolean },
) {
  const { to, url = '', dryRun = false, withEffects = false } = parts;
  const selection = to === undefined ? { contracts: catalog, orderId } : selectionFor(to, { orderId });
  const destination = {
    queueUrl: to === undefined ? url : output(`${constructIdOf(to)}QueueUrl`),
    name: `replay-${ulid()}`,
    withEffects,
  };
  const until = new Date(Date.now() + 1_000);
  return replay(shop, { selection, from: since, until, destination, dryRun, rate: 1_000 });
}

/** Returns an order that is confirmed, paid, texted and completely archived. */
async function confirmedOrder() {
  const since = new Date(Date.now() - 1_000);
  const order = testOrder();
  await setStock(order.sku, 1);
  await publish(placed(order));
  await decided(order.orderId);
  await eventually('the customer is texted', async () => (await textsTo(order.phone)).length === 1);
  const everything = [
    'order.confirmed',
    'notification.sent',
    'payment.authorized',
    'payment.captured',
    'stock.reserved',
    'order.placed',
  ];
  await eventually('the archive has it all', async () => {
    const { types } = await replayOrder(order.orderId, since, { dryRun: true });
    return everything.every((type) => types[`shop.${type}.v1`] === 1) && (types['shop.order.progressed.v1'] ?? 0) >= 5;
  });
  return { order, since };
}

async function receiveAll(url: string): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
      WaitTimeSeconds: 1,
    }),
  );
  for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
  return Messages.length === 0 ? [] : [...Messages, ...(await receiveAll(url))];
}

test('a replay sends no text again, even without the record, unless effects are allowed', async () => {
  const { order, since } = await confirmedOrder();
  expect(await replayOrder(order.orderId, since, { to: 'notification' })).toMatchObject({
    types: { 'shop.order.placed.v1': 1, 'shop.order.confirmed.v1': 1 },
  });
  await waitForEmptyQueues();
  expect(await textsTo(order.phone)).toHaveLength(1);

  for (const name of ['NotificationsTableName', 'PaymentsTableName']) {
    await shop.documents.send(new DeleteCommand({ TableName: output(name), Key: { orderId: order.orderId } }));
  }
  await replayOrder(order.orderId, since, { to: 'notification' });
  await replayOrder(order.orderId, since, { to: 'payment' });
  await waitForEmptyQueues();
  expect(await textsTo(order.phone)).toHaveLength(1);
  expect(await chargesOf(order.orderId)).toEqual(capturedOnce());

  await replayOrder(order.orderId, since, { to: 'notification', withEffects: true });
  await eventually('the customer is texted again', async () => (await textsTo(order.phone)).length === 2);
});

test('a replay sends a new consumer every event once, marked as replayed and otherwise unchanged', async () => {
  const { order, since } = await confirmedOrder();
  const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `newcomer-${ulid()}` }));
  try {
    const { count, types } = await replayOrder(order.orderId, since, { url });
    const messages = await receiveAll(url);
    expect(messages).toHaveLength(count);
    const events = messages.map(({ Body = '' }) => JSON.parse(Body));
    expect(new Set(events.map(({ source, id }) => `${source} ${id}`)).size).toBe(count);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(Object.keys(types)));
    expect(events.find(({ type }) => type === 'shop.order.placed.v1').data.customer.phone).toBe(order.phone);
    for (const { MessageAttributes } of messages) expect(MessageAttributes).toHaveProperty('replayed');
  } finally {
    await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
  }
});
