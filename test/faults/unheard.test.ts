import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import type { ConsumerName } from '../../infra/routing.ts';
import { cancelRequested, orderOf, publishAll, queueUrl, sqs, testOrder } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { auditNow, checkInvariants, checkPromises } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { useSweep } from './sweep-function.ts';

const shop = useHarness();
const sweep = useSweep(shop);

/** Deletes the messages of a type about these orders from a queue, as whoever discards their dead letters does. */
async function lose(consumer: ConsumerName, orders: readonly TestOrder[], type: string): Promise<void> {
  const QueueUrl = queueUrl(consumer);
  const missing = new Set(orders.map(({ orderId }) => orderId));
  const others: Message[] = [];
  while (missing.size > 0) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    for (const message of Messages) {
      const { type: itsType, data } = JSON.parse(message.Body ?? '');
      if (itsType !== type || !missing.delete(data.orderId)) others.push(message);
      else await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    }
  }
  for (const { ReceiptHandle } of others)
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
}

const HEARERS = ['payment', 'stock', 'notification'] as const;
/** Who never hears of a decision: each in turn, and all of them. */
const UNHEARD: readonly (readonly (typeof HEARERS)[number][])[] = [...HEARERS.map((one) => [one]), HEARERS];

test('a decision whose message is lost on the way to a consumer is carried out within 15 minutes, once', async () => {
  const all = UNHEARD.flatMap((consumers) =>
    (['confirmed', 'cancelled'] as const).map((decision) => ({ consumers, decision, order: testOrder() })),
  );
  for (const { order } of all) await shop().ledger.stock(order.sku, 1);
  await shop().ledger.place(all.map(({ order }) => order));
  await shop().pump(['order', ...HEARERS]);
  const cancelled = all.filter(({ decision }) => decision === 'cancelled');
  await publishAll(cancelled.map(({ order }) => cancelRequested(order.orderId)));
  await shop().pump(['order', 'outcomes']);

  for (const consumer of HEARERS) {
    for (const decided of ['confirmed', 'cancelled'] as const) {
      const lost = all.filter(({ consumers, decision }) => decision === decided && consumers.includes(consumer));
      await lose(
        consumer,
        lost.map(({ order }) => order),
        `shop.order.${decided}.v1`,
      );
    }
  }
  await shop().settle();
  // Nobody has noticed but an audit.
  await expect(checkPromises(shop())).rejects.toThrow();
  const ids = all.map(({ order }) => order.orderId);
  expect((await auditNow(shop().now)).disagreeing.map(({ orderId }) => orderId).sort()).toEqual(ids.sort());

  for (const minutes of [5, 5, 5]) await sweep.runAfter(minutes);
  const { orders } = await checkInvariants(shop());
  for (const { decision, order } of all)
    expect(orders.get(order.orderId)?.status?.toLowerCase(), order.orderId).toBe(decision);
});

/** Which messages about an order never come, of those that `order` and `outcomes` would get. */
const ORPHANS: readonly (readonly [string, readonly string[]])[] = [
  ['its order', []],
  ['its order and what stock says', ['shop.stock.reserved.v1']],
  ['its order and what payment says', ['shop.payment.authorized.v1']],
  ['anything at all', ['shop.stock.reserved.v1', 'shop.payment.authorized.v1']],
];

test('an order of which its consumer hears an outcome at most is ended by the sweep after the deadline', async () => {
  const all = ORPHANS.map(([name, outcomes]) => ({ name, outcomes, order: testOrder() }));
  const orders = all.map(({ order }) => order);
  for (const { sku } of orders) await shop().ledger.stock(sku, 1);
  await shop().ledger.place(orders);
  await lose('order', orders, 'shop.order.placed.v1');
  await shop().pump(HEARERS);
  for (const type of ['shop.stock.reserved.v1', 'shop.payment.authorized.v1']) {
    const lost = all.filter(({ outcomes }) => outcomes.includes(type));
    await lose(
      'outcomes',
      lost.map(({ order }) => order),
      type,
    );
  }
  await shop().settle();
  for (const { name, outcomes, order } of all)
    expect((await orderOf(order.orderId))?.timeline ?? [], name).toHaveLength(2 - outcomes.length);
  await sweep.runAfter(47 * 60);
  await expect(checkPromises(shop())).rejects.toThrow();

  for (const minutes of [2 * 60, 10]) await sweep.runAfter(minutes);
  const state = await checkInvariants(shop());
  for (const { name, order } of all)
    expect(state.orders.get(order.orderId), name).toMatchObject({ status: 'CANCELLED', reason: 'timed-out' });
});
