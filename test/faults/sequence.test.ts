import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { queueUrl, shipmentOf, sqs, testOrder } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { checkInvariants } from './check-invariants.ts';
import { standardConsumers } from './deployed-functions.ts';
import { useHarness } from './harness.ts';
import { observeShop } from './observe-shop.ts';

const shop = useHarness();

const QueueUrl = queueUrl('shipping');

/** Places an order and has it decided; its steps wait for shipping. */
async function decidedOrder(): Promise<TestOrder> {
  const order = testOrder();
  await shop().ledger.stock(order.sku, 1);
  await shop().ledger.place([order]);
  await shop().pump(standardConsumers);
  return order;
}

/** Removes one step of an order from the queue, as if it were dead-lettered; returns its body. */
async function takeOut({ orderId }: TestOrder, sequence: number): Promise<string> {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  let body = '';
  for (const { Body = '', ReceiptHandle } of Messages) {
    const { data } = JSON.parse(Body);
    const wanted = data.orderId === orderId && data.sequence === sequence;
    if (wanted) body = Body;
    if (wanted) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    else await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  }
  return body;
}

/** Lets shipping work for so many hours. */
async function shippingFor(hours: number): Promise<void> {
  for (let quarters = 0; quarters < 4 * hours; quarters += 1) {
    await shop().pump(['shipping']);
    await shop().pass(15 * 60);
  }
}

test('a missing step holds back its own order only, for more than a day, until it is redriven', async () => {
  const stuck = await decidedOrder();
  const step = await takeOut(stuck, 2);
  expect(step).toContain('"sequence":2');
  await shippingFor(1);

  // Nobody else notices.
  const other = await decidedOrder();
  await shop().pump(['shipping']);
  expect(await shipmentOf(other.orderId)).toMatchObject({ sequence: 5, status: 'CONFIRMED' });

  await shippingFor(26);
  expect(await shipmentOf(stuck.orderId)).toMatchObject({ sequence: 1, status: 'PLACED' });
  const { deadLetters, waiting } = await observeShop(shop().ledger);
  expect(deadLetters).toEqual([]);
  expect(waiting.map(({ body }) => JSON.parse(body).data.sequence)).toEqual([3, 4, 5]);

  // As a redrive does it: behind the others of its group.
  await sqs.send(
    new SendMessageCommand({
      QueueUrl,
      MessageBody: step,
      MessageGroupId: stuck.orderId,
      MessageDeduplicationId: `again-${stuck.orderId}`,
    }),
  );
  await shippingFor(1);
  expect(await shipmentOf(stuck.orderId)).toMatchObject({ sequence: 5, status: 'CONFIRMED' });
  await shop().settle();
  await checkInvariants(shop());
});
