import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, onTestFinished, test } from 'vitest';
import { toArchiveObjects } from '../../lambdas/archive/object.ts';
import { rewriteArchive } from '../../ops/forget/archive.ts';
import { archiveOf } from '../../ops/replay/archive.ts';
import { findText } from '../harness/find-text.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import {
  deadLetterQueueUrl,
  decided,
  eventually,
  placed,
  publish,
  setStock,
  shop,
  sqs,
  testOrder,
  textsTo,
  waitForEmptyQueues,
} from './deployed-shop.ts';
import { runOps } from './ops.ts';

const TABLE = 'AWS::DynamoDB::Table NotificationsTable';
const kinds = (places: readonly string[]) => [
  ...new Set(places.map((place) => place.split(':').slice(0, 5).join(':'))),
];

/** Publishes an order and waits until it is decided, its customer told and its message archived. */
async function told(parts: Partial<TestOrder> = {}): Promise<TestOrder> {
  const order = testOrder({ ...parts });
  await setStock(order.sku, 1);
  await publish(placed(order));
  await decided(order.orderId);
  await eventually('the customer is texted', async () => (await textsTo(order.phone)).length === 1);
  await eventually('it is archived', async () =>
    (await findText(shop, order.phone)).some((place) => place.startsWith('AWS::S3::Bucket')),
  );
  return order;
}

/** Leaves a dead letter of an order, as a consumer with a bug does; with what its publisher sent beside it. */
async function leaveLetter(consumer: 'payment' | 'stock', order: TestOrder): Promise<void> {
  const text = (StringValue: string) => ({ DataType: 'String', StringValue });
  const attributes = { errorType: 'TypeError', errorMessage: 'a bug', failedAt: new Date().toISOString() };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: deadLetterQueueUrl(consumer),
      MessageBody: JSON.stringify(placed(order)),
      MessageAttributes: {
        ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, text(value)])),
        consumer: text(consumer),
        buyer: text(order.phone),
      },
    }),
  );
}

test('forget removes the customer of orders from everywhere, and nothing brings them back', async () => {
  const [confirmed, cancelled, failed, parked] = await Promise.all([
    told(),
    told({ token: 'tok_declined' }),
    told(),
    told(),
  ]);
  const orders = [confirmed, cancelled, failed, parked];
  const orderIds = orders.map(({ orderId }) => orderId);
  await leaveLetter('stock', failed);
  await leaveLetter('payment', parked);
  expect(await runOps('dlq', 'park', '--order', parked.orderId, '--owner', 'ana', '--yes')).toMatchObject({ code: 0 });
  expect(kinds(await findText(shop, failed.phone))).toEqual(
    expect.arrayContaining([
      expect.stringContaining(TABLE),
      expect.stringContaining('S3::Bucket'),
      expect.stringContaining('SQS::Queue'),
    ]),
  );
  expect(kinds(await findText(shop, parked.phone))).toContainEqual(expect.stringMatching(/SQS::Queue \w*Parked/));
  expect(kinds(await findText(shop, confirmed.orderId))).toContainEqual(expect.stringContaining('Logs::LogGroup'));

  const { code, said, result } = await runOps('forget', ...orderIds, '--yes');
  expect(code, said).toBe(0);
  expect(result.orders).toMatchObject([
    { orderId: confirmed.orderId, record: true, deadLetters: 0, parked: 0, archived: 1 },
    { orderId: cancelled.orderId, deadLetters: 0, parked: 0, archived: 1 },
    { orderId: failed.orderId, record: true, deadLetters: 1, parked: 0, archived: 1 },
    { orderId: parked.orderId, record: true, deadLetters: 0, parked: 1, archived: 1 },
  ]);
  for (const { phone } of orders) expect(await findText(shop, phone)).toEqual([]);

  for (const { orderId } of orders) {
    expect((await runOps('trace', orderId)).result).toMatchObject({ orderId, contactForgotten: true });
  }
  for (const to of ['notification', 'order', 'payment', 'stock']) {
    const replayed = await runOps('replay', '--to', to, '--from', '1h', '--order', confirmed.orderId, '--yes');
    expect(replayed, replayed.said).toMatchObject({ code: 0, result: { broken: 0 } });
    expect(replayed.result.types['shop.order.placed.v1']).toBe(1);
  }
  const redriven = await runOps('dlq', 'redrive', '--order', failed.orderId, '--yes');
  expect(redriven).toMatchObject({ code: 0, result: { moved: 1, failed: 0 } });
  await publish(placed(confirmed));
  await waitForEmptyQueues();
  // Partners have not read theirs, in which there is no customer.
  const letters = kinds(await findText(shop, confirmed.orderId)).filter((place) =>
    /SQS::Queue (?!Partner)/.test(place),
  );
  expect(letters).toEqual([]);
  expect((await findText(shop, confirmed.phone)).filter((place) => !place.startsWith('AWS::S3'))).toEqual([]);
  expect(await textsTo(confirmed.phone)).toHaveLength(1);
  expect(JSON.stringify((await runOps('audit')).result)).not.toMatch(new RegExp(orderIds.join('|')));

  await eventually('what its publisher sent again is forgotten too', async () => {
    await runOps('forget', confirmed.orderId, '--yes');
    return (await findText(shop, confirmed.phone)).length === 0;
  });
  const again = await runOps('forget', ...orderIds, '--yes');
  expect(again.result.orders).toEqual(
    orderIds.map((orderId) => ({ orderId, record: false, deadLetters: 0, parked: 0, archived: 0 })),
  );
});

test('forget leaves out an order that is undecided and one that nobody knows, says so, and does the rest', async () => {
  const order = await told();
  const open = testOrder({ payment: { kind: 'awaited' } });
  await setStock(open.sku, 1);
  await publish(placed(open));
  await eventually('it is placed', async () => (await runOps('trace', open.orderId)).result?.status === 'PLACED');
  const { code, said, result } = await runOps('forget', open.orderId, 't-never-placed', order.orderId, '--yes');
  expect(code).toBe(1);
  expect(said).toContain(`${open.orderId} is not decided yet`);
  expect(Object.fromEntries(result.orders.map((one: { orderId: string }) => [one.orderId, one]))).toMatchObject({
    [order.orderId]: { record: true, archived: 1 },
    [open.orderId]: { record: false, problem: expect.stringContaining('not decided') },
    't-never-placed': { problem: 'There is no order t-never-placed here.' },
  });
  expect(await findText(shop, order.phone)).toEqual([]);
  expect(await findText(shop, open.phone)).not.toEqual([]);
});

test('two runs that forget customers in the same object of the archive at once bring back neither', async () => {
  const [one, other] = [testOrder(), testOrder()];
  const archive = archiveOf(shop);
  const { client, bucket: Bucket } = archive;
  const time = new Date().toISOString();
  const [object] = toArchiveObjects([one, other].map((order) => ({ time, body: JSON.stringify(placed(order)) })));
  const Key = object?.key ?? '';
  await client.send(new PutObjectCommand({ Bucket, Key, Body: object?.content ?? '' }));
  onTestFinished(async () => {
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
  });
  const forgetIn = (through: Pick<S3Client, 'send'>, { orderId }: TestOrder) =>
    rewriteArchive({ ...archive, client: through }, [Key], new Set([orderId]), { archiveDays: 30 });
  let writes = 0;
  const send = async (command: Parameters<S3Client['send']>[0]) => {
    writes += Number(command instanceof PutObjectCommand);
    // The other run writes it after this one read it.
    if (writes === 1 && command instanceof PutObjectCommand) await forgetIn(client, other);
    return client.send(command);
  };
  await forgetIn({ send } as Pick<S3Client, 'send'>, one);
  expect(writes).toBe(2);
  for (const { phone } of [one, other]) expect(await findText(shop, phone)).toEqual([]);
  expect(await findText(shop, one.orderId)).toHaveLength(1);
});
