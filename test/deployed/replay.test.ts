import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
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
import { ARCHIVE_MEDIA } from '../../lambdas/archive/object.ts';
import { readReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { archiveOf } from '../../ops/replay/archive.ts';
import { replay } from '../../ops/replay/replay.ts';
import { selectionFor } from '../../ops/replay/select.ts';
import {
  cancelRequested,
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

/** Lends a queue that no consumer reads, as a new consumer's would be. */
async function withNewQueue(use: (url: string) => Promise<void>): Promise<void> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `newcomer-${ulid()}` }));
  try {
    await use(QueueUrl);
  } finally {
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  }
}

async function receiveAll(url: string): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: 10,
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
  await withNewQueue(async (url) => {
    const { count, types } = await replayOrder(order.orderId, since, { url });
    const messages = await receiveAll(url);
    expect(messages).toHaveLength(count);
    const replayed = messages.map(({ Body = '' }) => readReplayed(Body));
    for (const one of replayed)
      expect(one).toMatchObject({ withEffects: false, name: expect.stringMatching('^replay-') });
    const events = replayed.map((one) => JSON.parse(one?.body ?? ''));
    expect(new Set(events.map(({ type, data }) => JSON.stringify([type, data]))).size).toBe(count);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(Object.keys(types)));
    expect(events.find(({ type }) => type === 'shop.order.placed.v1').data.customer.phone).toBe(order.phone);
  });
});

test('two different events that a publisher sent under one id and source are both replayed, and counted', async () => {
  const since = new Date(Date.now() - 1_000);
  const [order, id] = [testOrder({ quantity: 1 }), ulid()];
  const sent = [placed(order, id), { ...cancelRequested(order.orderId), id }];
  const source = new Set(sent.map((event) => event.source));
  expect(source.size).toBe(1);
  for (const event of sent) await publish(event);
  await eventually('both are archived', async () => {
    const { types } = await replayOrder(order.orderId, since, { to: 'order', dryRun: true });
    return sent.every(({ type }) => types[type] === 1);
  });
  expect(await replayOrder(order.orderId, since, { to: 'order', dryRun: true })).toMatchObject({ clashing: 1 });
  await withNewQueue(async (url) => {
    await replayOrder(order.orderId, since, { url });
    const types = (await receiveAll(url)).map(({ Body = '' }) => JSON.parse(readReplayed(Body)?.body ?? '').type);
    expect(types).toEqual(expect.arrayContaining(sent.map(({ type }) => type)));
  });
});

test('a span from 1970 to 2099 is cut to what the archive has', async () => {
  const { order } = await confirmedOrder();
  const before = Date.now();
  const { count, from, until } = await replay(shop, {
    selection: { contracts: catalog, orderId: order.orderId },
    from: new Date(0),
    until: new Date('2099-01-01T00:00:00Z'),
    destination: { queueUrl: '', name: 'none', withEffects: false },
    dryRun: true,
    rate: 1_000,
  });
  expect(count).toBeGreaterThan(10);
  expect(before - from.getTime()).toBeLessThan(24 * 3_600_000);
  expect(until.getTime()).toBeLessThan(Date.now());
});

test('an object of the archive is read with gzip, and its bucket tells what it is', async () => {
  const { order } = await confirmedOrder();
  const { client, bucket } = archiveOf(shop);
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  const read = async (Key: string | undefined) => {
    const { Body, ContentType, ContentEncoding } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    expect({ ContentType, ContentEncoding }).toEqual(ARCHIVE_MEDIA);
    return gunzipSync((await Body?.transformToByteArray()) ?? '').toString();
  };
  const lines = (await Promise.all(Contents.map(({ Key }) => read(Key)))).flatMap((text) => text.trim().split('\n'));
  const bodies = lines.map((line) => JSON.parse(JSON.parse(line).body));
  expect(bodies.filter(({ data }) => data.orderId === order.orderId).length).toBeGreaterThan(5);
});
