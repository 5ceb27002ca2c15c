import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { deadLetterQueueUrl, queueUrl, setGatewayState, sqs, testOrder } from '../deployed/deployed-shop.ts';
import type { Rule } from '../harness/fault-rules.ts';
import { runSeed } from '../harness/random.ts';
import { checkInvariants, isUnnoted } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { placeMixed } from './scenario.ts';

const shop = useHarness();

const WRITES = ['BatchExecuteStatement', 'TransactWriteItems', 'PutItem'];

/** Moves everything from one queue to another, as an operator's redrive does. */
async function move(from: string, to: string): Promise<number> {
  for (let moved = 0; ; ) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: from, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) return moved;
    for (const { Body, ReceiptHandle } of Messages) {
      await sqs.send(new SendMessageCommand({ QueueUrl: to, MessageBody: Body }));
      await sqs.send(new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle }));
    }
    moved += Messages.length;
  }
}

describe('A DynamoDB outage of a minute', () => {
  test('loses nothing and dead-letters nothing', async () => {
    const down: Rule = { service: 'dynamodb', fault: { kind: 'refuse' } };
    shop().proxy.add(down);
    await placeMixed(shop().ledger, 3);
    for (let second = 0; second < 60; second += 20) {
      await shop().pump();
      await shop().pass(20);
    }
    expect(shop().statuses.size).toBe(0);
    shop().proxy.remove(down);
    await shop().settle();
    await checkInvariants(shop());
  });

  test('can be followed by a redrive into live traffic', async () => {
    const { sku } = testOrder();
    await shop().ledger.stock(sku, 100);
    await shop().ledger.place(Array.from({ length: 50 }, () => testOrder({ sku })));
    // Nobody dead-letters good messages here, so an operator's mistake does.
    const moved = await move(queueUrl('stock'), deadLetterQueueUrl('stock'));
    expect(moved).toBe(50);
    await shop().pump();
    await shop().ledger.place(Array.from({ length: 30 }, () => testOrder({ sku })));
    await Promise.all([move(deadLetterQueueUrl('stock'), queueUrl('stock')), shop().pump()]);
    await shop().settle();
    const { shelves } = await checkInvariants(shop());
    expect(shelves.get(sku)).toMatchObject({ available: 20, sold: 80 });
  });
});

test('During a payment gateway outage of a day other consumers continue, and the backlog drains afterwards', async () => {
  await setGatewayState('down');
  const { confirmed } = await placeMixed(shop().ledger, 3);
  for (let hour = 0; hour < 24; hour += 2) {
    await shop().pump();
    await shop().pass(2 * 3_600);
  }
  await shop().pump();
  for (const { orderId } of confirmed) expect(shop().statuses.get(orderId)).toEqual(['PLACED']);
  for (const name of ['stock', 'order', 'outcomes'] as const) expect(shop().source(name).waiting).toBe(0);
  await setGatewayState('up');
  await shop().settle();
  const { orders } = await checkInvariants(shop());
  for (const { orderId } of confirmed) expect(orders.get(orderId)).toMatchObject({ status: 'CONFIRMED' });
});

describe('With 30 % transaction conflicts and 30 % throttling', () => {
  const EACH = 3;
  // MiniStack loses the message group of a step published in a batch, so that shipping retries more than it would on AWS.
  const calls = () => shop().proxy.calls(/^(?!shipping).*-\d$/, /./);

  test('every order is decided with at most three times the usual calls', async () => {
    for (const parts of [{}, { token: 'tok_declined' }, { quantity: 2 }, {}]) {
      const order = testOrder(parts);
      await shop().ledger.stock(order.sku, 1);
      await shop().ledger.place([order]);
      await shop().settle();
    }
    const usual = calls() * EACH;

    shop().faults(
      runSeed,
      { operation: WRITES, probability: 0.3, fault: { kind: 'conflict' } },
      { caller: /-\d$/, probability: 0.3, where: ({ service }) => service !== 'sns', fault: { kind: 'throttle' } },
    );
    await placeMixed(shop().ledger, EACH);
    await shop().settle();
    await checkInvariants(shop(), { leaves: isUnnoted });
    expect(calls() / usual).toBeLessThanOrEqual(3);
  });
});
