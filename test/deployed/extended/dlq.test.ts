import '../provided.ts';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { GetQueueAttributesCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { describe, expect, inject, test } from 'vitest';
import type { ConsumerName } from '../../../infra/routing.ts';
import type { DeadLetterGroup } from '../../../ops/dlq/group.ts';
import type { OrderGroup } from '../../../ops/dlq/group-by-order.ts';
import type { Trace } from '../../../ops/orders/trace.ts';
import progressed from '../../contracts/samples/shop.order.progressed.v1.json' with { type: 'json' };
import type { TestOrder } from '../../harness/shop-state.ts';
import {
  chargesOf,
  deadLetterQueueUrl,
  decided,
  eventually,
  paymentIs,
  placed,
  publish,
  setStock,
  shelfOf,
  shipmentOf,
  sqs,
  testOrder,
} from '../deployed-shop.ts';
import { runOps, startOps } from '../ops.ts';

/** Runs an ops command that succeeds, and returns its document. */
async function ops(...args: string[]) {
  const { code, said, result } = await runOps(...args);
  expect(code, said).toBe(0);
  return result;
}

/** Sends messages to a consumer's dead-letter queue with the attributes that the consumer sets. */
async function sendDeadLetters(
  consumer: ConsumerName,
  errorMessage: string,
  bodies: readonly object[],
  group?: string,
) {
  const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
  for (let at = 0; at < bodies.length; at += 10) {
    await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: deadLetterQueueUrl(consumer),
        Entries: bodies.slice(at, at + 10).map((body, index) => ({
          Id: `${index}`,
          MessageBody: JSON.stringify(body),
          ...(group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: ulid() }),
          MessageAttributes: {
            errorType: attribute('TypeError'),
            errorMessage: attribute(errorMessage),
            consumer: attribute(consumer),
            failedAt: attribute(new Date().toISOString()),
          },
        })),
      }),
    );
  }
}

async function countDeadLetters(consumer: ConsumerName): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: deadLetterQueueUrl(consumer),
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

describe('ops dlq', () => {
  test('lists dead letters by consumer and reason, shows no personal data and redrives to the failed consumer only', async () => {
    const reason = `a bug that was deployed as ${ulid()}`;
    const [authorized, reserved, shipped] = [testOrder(), testOrder(), `t-${ulid()}`];
    for (const { sku } of [authorized, reserved]) await setStock(sku, 5);
    await sendDeadLetters('payment', reason, [placed(authorized)]);
    await sendDeadLetters('stock', reason, [placed(reserved)]);
    const steps = [1, 2, 3].map((sequence) => ({
      ...progressed,
      id: ulid(),
      subject: shipped,
      data: { orderId: shipped, sequence, step: progressed.data.step },
    }));
    await sendDeadLetters('shipping', reason, steps, shipped);

    const groups: DeadLetterGroup[] = await ops('dlq', 'list');
    const mine = groups.filter((group) => group.reason === reason);
    expect(mine.map(({ consumer, count }) => [consumer, count]).sort()).toEqual([
      ['payment', 1],
      ['shipping', 3],
      ['stock', 1],
    ]);

    const shown = await ops('dlq', 'show', '--consumer', 'payment', '--reason', reason);
    expect(shown).toMatchObject([{ consumer: 'payment', errorType: 'TypeError', reason, orderId: authorized.orderId }]);
    expect(JSON.stringify(shown)).not.toMatch(new RegExp(`${authorized.phone.slice(1)}|${authorized.token}`));

    expect(await ops('dlq', 'redrive', '--reason', reason, '--yes')).toEqual({ moved: 5, failed: 0 });
    await paymentIs(authorized.orderId, 'authorized');
    await eventually('it is reserved', async () => (await shelfOf(reserved.sku))?.reserved === 1);
    await eventually('every step is followed', async () => (await shipmentOf(shipped))?.sequence === 3);
    expect(await chargesOf(reserved.orderId)).toEqual([]);
    expect(await shelfOf(authorized.sku)).toMatchObject({ available: 5, reserved: 0 });
    expect(await ops('dlq', 'redrive', '--reason', reason)).toEqual({ moved: 0, failed: 0 });
  });

  test('traces an order that only dead letters know, and one edit repairs it for all consumers', async () => {
    const [refused, wrapped] = [testOrder({ orderId: `#${ulid()}` }), testOrder({ orderId: `#${ulid()}` })];
    for (const { sku } of [refused, wrapped]) await setStock(sku, 1);
    const broken = (order: TestOrder) =>
      JSON.stringify({ ...placed(order), time: 'yesterday', extension: 0 }).replace(/0}$/, '9007199254740993}');
    const body = broken(refused);
    await publish(body);
    await publish(JSON.stringify({ Type: 'Notification', TopicArn: 'arn:aws:sns:x', Message: broken(wrapped) }));

    const groups = await eventually('every consumer holds its dead letter', async () => {
      const found: OrderGroup[] = await ops('dlq', 'list', '--by', 'order', '--reason', 'time: must be');
      const mine = [refused, wrapped].map(({ orderId }) => found.find((group) => group.orderId === orderId));
      return mine[0]?.count === 4 && mine[1]?.count === 1 ? mine : undefined;
    });
    expect(groups[0]?.consumers.toSorted()).toEqual(['notification', 'order', 'payment', 'stock']);
    expect(groups[1]?.consumers).toEqual(['order']);

    const trace: Trace = await ops('trace', refused.orderId);
    expect(trace).toMatchObject({
      status: null,
      next: `npm run ops -- dlq redrive --order '${refused.orderId}' --edit`,
    });
    expect(trace.deadLetters).toHaveLength(4);
    const [revealed] = await ops('dlq', 'show', '--order', refused.orderId, '--consumer', 'stock', '--reveal');
    expect(revealed.body).toBe(body);
    const { stderr } = startOps('dlq', 'show', '--order', refused.orderId, '--reveal');
    expect(stderr && (await text(stderr))).toContain('Personal data is shown.');

    process.env.EDITOR = 'sed -i s/yesterday/2026-11-21T09:00:00Z/';
    const edit = (orderId: string) => ops('dlq', 'redrive', '--order', orderId, '--edit', '--yes');
    expect(await edit(refused.orderId)).toEqual({ moved: 4, failed: 0 });
    expect(await edit(wrapped.orderId)).toEqual({ moved: 1, failed: 0 });
    for (const { orderId } of [refused, wrapped]) expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
  });

  test('puts letters back carefully: all while they are handled, and no more than ten once they fail again', async () => {
    const reason = `a bug that was deployed as ${ulid()}`;
    const orders = Array.from({ length: 12 }, () => testOrder());
    await sendDeadLetters(
      'payment',
      reason,
      orders.map((one) => placed(one)),
    );
    const carefully = (...which: string[]) => runOps('dlq', 'redrive', ...which, '--carefully', '--yes');
    const { code, result } = await carefully('--reason', reason);
    expect(result).toEqual({ moved: 12, failed: 0, done: 12, failedAgain: 0, left: 0 });
    expect(code).toBe(0);
    for (const { orderId } of orders) await paymentIs(orderId, 'authorized');

    const poison = testOrder();
    const { data } = placed(poison);
    const broken = Array.from({ length: 12 }, () => ({ ...placed(poison), data: { ...data, items: [] } }));
    await sendDeadLetters('payment', reason, broken);
    const stopped = await carefully('--order', poison.orderId);
    expect(stopped.result).toMatchObject({ moved: 10, failed: 0, done: 0, failedAgain: 10, left: 2 });
    expect(stopped.result.stopped).toMatch(
      /^Stopped\. 10 dead letters of payment failed again: ContractError: .*data\.items.* 2 dead letters were left untouched\.$/,
    );
    expect(stopped.code).toBe(1);
    const kept = join(await mkdtemp(join(tmpdir(), 'discarded-')), 'letters.jsonl');
    expect(await ops('dlq', 'discard', '--order', poison.orderId, '--to', kept, '--yes')).toMatchObject({
      discarded: 12,
    });
  });

  test('redrives every dead letter with one effect when the command is killed and run again', async () => {
    const perQueue = inject('engine') === 'ministack' ? 500 : 100;
    const reason = `a bug that was deployed as ${ulid()}`;
    const sku = `SKU-${ulid()}`;
    await setStock(sku, 2 * perQueue);
    const orders = () => Array.from({ length: perQueue }, () => testOrder({ sku }));
    const [authorized, reserved] = [orders(), orders()];
    await Promise.all([
      sendDeadLetters(
        'payment',
        reason,
        authorized.map((one) => placed(one)),
      ),
      sendDeadLetters(
        'stock',
        reason,
        reserved.map((one) => placed(one)),
      ),
    ]);
    const all = (await countDeadLetters('payment')) + (await countDeadLetters('stock'));
    const left = async () => (await countDeadLetters('payment')) + (await countDeadLetters('stock'));

    const first = startOps('dlq', 'redrive', '--reason', reason, '--rate', '200', '--yes');
    const ended = once(first, 'exit');
    await eventually('some are moved', async () => (await left()) < all - perQueue / 4, 60);
    first.kill('SIGKILL');
    await ended;
    const before = await left();
    expect(before).toBeGreaterThan(all - 2 * perQueue);

    const again = await ops('dlq', 'redrive', '--reason', reason, '--rate', '10000', '--yes');
    expect(again).toEqual({ moved: before - (all - 2 * perQueue), failed: 0 });
    expect(await left()).toBe(all - 2 * perQueue);

    await eventually('every one is reserved', async () => (await shelfOf(sku))?.reserved === perQueue);
    const ids = new Set(authorized.map(({ orderId }) => orderId));
    const authorizations = await eventually('every one is authorized', async () => {
      const records: { orderId: string }[] = await ops('sandbox', 'payment', 'records');
      const found = records.filter(({ orderId }) => ids.has(orderId));
      return new Set(found.map(({ orderId }) => orderId)).size === perQueue ? found : undefined;
    });
    expect(authorizations.length).toBe(perQueue);
    expect(await shelfOf(sku)).toMatchObject({ available: perQueue, reserved: perQueue });
  });

  // It waits for as long as a killed command holds dead letters: once is enough.
  test.runIf(inject('engine') === 'ministack')(
    'waits for the steps of an order that a killed redrive holds, and delivers all of them in sequence',
    async () => {
      const reason = `a bug that was deployed as ${ulid()}`;
      const orderId = `t-${ulid()}`;
      const steps = Array.from({ length: 42 }, (_, index) => ({
        ...progressed,
        id: ulid(),
        subject: orderId,
        data: { orderId, sequence: index + 1, step: progressed.data.step },
      }));
      await sendDeadLetters('shipping', reason, steps, orderId);
      const all = await countDeadLetters('shipping');
      const killed = startOps('dlq', 'redrive', '--consumer', 'shipping', '--rate', '10', '--yes');
      const ended = once(killed, 'exit');
      await eventually('some are moved', async () => (await countDeadLetters('shipping')) < all, 60);
      killed.kill('SIGKILL');
      await ended;
      const left = await countDeadLetters('shipping');
      expect(left).toBeGreaterThan(0);

      expect(await ops('dlq', 'redrive', '--consumer', 'shipping', '--yes')).toEqual({ moved: left, failed: 0 });
      expect(await countDeadLetters('shipping')).toBe(0);
      await eventually('every step is followed', async () => (await shipmentOf(orderId))?.sequence === 42);
    },
  );

  test('redrives all of them when whoever reads its progress has gone', async () => {
    const reason = `a bug that was deployed as ${ulid()}`;
    const sku = `SKU-${ulid()}`;
    await setStock(sku, 60);
    const orders = Array.from({ length: 60 }, () => placed(testOrder({ sku })));
    await sendDeadLetters('stock', reason, orders);
    const before = await countDeadLetters('stock');
    const command = startOps('dlq', 'redrive', '--reason', reason, '--rate', '20', '--yes');
    const ended = once(command, 'exit');
    if (command.stderr === null) throw new Error('The command has no output');
    // As `2>&1 | head -1`.
    await once(command.stderr, 'data');
    for (const stream of [command.stderr, command.stdout]) stream?.destroy();
    expect(await ended).toEqual([0, null]);
    expect(await countDeadLetters('stock')).toBe(before - 60);
    await eventually('every one is reserved', async () => (await shelfOf(sku))?.reserved === 60);
  });
});
