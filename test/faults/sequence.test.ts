import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import type { Shipment } from '../../lambdas/shipping/rules.ts';
import {
  cancelRequested,
  publish,
  queueUrl,
  setGatewayState,
  shipmentOf,
  sqs,
  testOrder,
} from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { checkInvariants } from './check-invariants.ts';
import { standardConsumers } from './deployed-functions.ts';
import { useHarness } from './harness.ts';
import { observeShop } from './observe-shop.ts';
import { readTables, restoreOrder } from './record-tables.ts';

const shop = useHarness();

const QueueUrl = queueUrl('shipping');
const STEPS = 5;
// The mapping of a FIFO queue takes at most ten, whatever `batchSize` says.
const BATCH_SIZES = [1, 5, 10];
const PREFIXES = [1, 2, 3, 4, 5];

/** Places an order and has all consumers but shipping work; its steps wait for shipping. */
async function processedOrder(): Promise<TestOrder> {
  const order = testOrder();
  await shop().ledger.stock(order.sku, 1);
  await shop().ledger.place([order]);
  await shop().pump(standardConsumers);
  return order;
}

/** Removes some of an order's steps from the queue, as if they were dead-lettered; returns their bodies. */
async function takeOut({ orderId }: TestOrder, isWanted: (sequence: number) => boolean): Promise<string[]> {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  const bodies: string[] = [];
  for (const { Body = '', ReceiptHandle } of Messages) {
    const { data } = JSON.parse(Body);
    const wanted = data.orderId === orderId && isWanted(data.sequence);
    if (wanted) bodies.push(Body);
    if (wanted) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    else await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  }
  return bodies;
}

/** Sends steps as a redrive does: one after the other, behind whatever waits in their group. */
async function putBack({ orderId }: TestOrder, bodies: readonly string[]): Promise<void> {
  for (const MessageBody of bodies) {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody,
        MessageGroupId: orderId,
        MessageDeduplicationId: ulid(),
      }),
    );
  }
}

/** Reads what shipping knows of an order, without what differs from order to order. */
async function outcomeOf({ orderId }: TestOrder): Promise<Partial<Shipment> | undefined> {
  const known = await shipmentOf(orderId);
  if (known === undefined) return undefined;
  const { orderId: _, version: __, shipment, ...rest } = known;
  return { ...rest, ...(shipment === undefined ? {} : { shipment: { ...shipment, items: [], recordedAt: '' } }) };
}

test.each(BATCH_SIZES)(
  'in batches of %i, any prefix of the steps that is put back is applied, and the later steps after it',
  async (batchSize) => {
    shop().source('shipping').batchSize = batchSize;
    const undisturbed = await processedOrder();
    await shop().pump(['shipping']);
    const expected = await outcomeOf(undisturbed);
    expect(expected).toMatchObject({ sequence: STEPS, status: 'CONFIRMED' });
    for (const length of PREFIXES) {
      const order = await processedOrder();
      const prefix = await takeOut(order, (sequence) => sequence <= length);
      expect(prefix).toHaveLength(length);
      await shop().pump(['shipping']);
      expect((await outcomeOf(order))?.shipment, 'nothing ships before what precedes it').toBeUndefined();

      await putBack(order, prefix);
      await shop().pump(['shipping']);
      expect(await outcomeOf(order), `a prefix of ${length}`).toEqual(expected);
    }
    await shop().settle();
    await checkInvariants(shop());
  },
);

test('a missing step holds back its own order only, for days and without a message that waits, until it is redriven', async () => {
  const stuck = await processedOrder();
  const step = await takeOut(stuck, (sequence) => sequence === 2);
  const other = await processedOrder();
  await shop().settle();

  expect(await shipmentOf(other.orderId)).toMatchObject({ sequence: STEPS, status: 'CONFIRMED' });
  expect(await outcomeOf(stuck)).toMatchObject({ sequence: 1, status: 'PLACED' });
  expect(await observeShop(shop().ledger)).toMatchObject({ deadLetters: [], waiting: [] });
  expect(shop().logged()).toContain(`"missingSequence":2`);

  await shop().pass(10 * 86_400);
  await putBack(stuck, step);
  await shop().pump(['shipping']);
  expect(await outcomeOf(stuck)).toEqual(await outcomeOf(other));
  await checkInvariants(shop());
});

test('a step under a number that was handled still cancels its order, after the orders table was put back', async () => {
  await setGatewayState('down');
  const before = await readTables('orders');
  const order = await processedOrder();
  await shop().pump(['shipping']);
  expect(await outcomeOf(order)).toEqual({ sequence: 2, status: 'PLACED' });

  await restoreOrder(before, order);
  await publish(cancelRequested(order.orderId));
  await shop().pump(standardConsumers);
  const { waiting } = await observeShop(shop().ledger);
  const steps = waiting.filter(({ consumer }) => consumer === 'shipping').map(({ body }) => JSON.parse(body).data);
  expect(steps.slice(0, 2)).toMatchObject([{ sequence: 1 }, { sequence: 2, status: 'CANCELLED' }]);
  await shop().pump(['shipping']);
  expect(await outcomeOf(order)).toMatchObject({ status: 'CANCELLED' });

  await setGatewayState('up');
  await shop().settle();
  await checkInvariants(shop());
});
