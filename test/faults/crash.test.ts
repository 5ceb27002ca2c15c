import { describe, expect, test } from 'vitest';
import { cancelRequested, publish, testOrder } from '../deployed/deployed-shop.ts';
import type { Rule } from '../harness/fault-rules.ts';
import { runSeed } from '../harness/random.ts';
import { checkInvariants } from './check-invariants.ts';
import { consumers } from './deployed-functions.ts';
import { useHarness } from './harness.ts';

/** So long before the deadline a consumer hands back what it has not finished. */
const HAND_BACK_MS = 3_000;

const shop = useHarness();

/** One order that is confirmed, one that is refunded, one that its customer cancels: between them they make every call there is. */
async function placeThree(): Promise<string[]> {
  const { ledger } = shop();
  const unwanted = testOrder();
  const orders = [testOrder(), testOrder({ quantity: 2 }), unwanted];
  for (const { sku } of orders) await ledger.stock(sku, 1);
  await ledger.place(orders);
  await publish(cancelRequested(unwanted.orderId));
  return orders.map(({ orderId }) => orderId);
}

/** A death between sending a text and recording it is the one that may repeat a text. */
const betweenSendingAndRecording = () =>
  shop().proxy.injected.some(({ call, fault, previous }) =>
    fault === 'crash after' ? call === 'sns.Publish' : previous === 'sns.Publish',
  );

const hits = (rules: readonly Rule[]) => rules.map((rule) => shop().proxy.hits(rule));

/** Lets the process of every consumer die once, at its call number `point` (from 0). */
const crashes = (point: number, when: 'before' | 'after'): Rule[] =>
  consumers.map((consumer) => ({
    caller: new RegExp(`^${consumer}-`),
    skip: point,
    times: 1,
    fault: { kind: 'crash', when },
  }));

describe('A crash of every consumer', () => {
  // To die before a call is to die after the one before it, so that only the first has a "before" of its own.
  test('after receiving messages and before the first call', async () => {
    const rules = crashes(0, 'before');
    shop().proxy.add(...rules);
    await placeThree();
    await shop().settle();
    await checkInvariants(shop());
    expect(hits(rules)).toEqual(consumers.map(() => 1));
  });

  test('after each call in turn, before its response', async () => {
    const struck = consumers.map(() => 0);
    for (let point = 0; point === Math.max(...struck); point += 1) {
      const rules = crashes(point, 'after');
      await shop().reset(runSeed, ...rules);
      const orderIds = await placeThree();
      await shop().settle();
      await checkInvariants(shop(), { secondText: new Set(betweenSendingAndRecording() ? orderIds : []) });
      hits(rules).forEach((hit, index) => {
        struck[index] = (struck[index] ?? 0) + hit;
      });
    }
    // Each reads, writes and publishes for more than one message: fewer points would mean that nothing was tried.
    expect(Math.min(...struck)).toBeGreaterThan(4);
  }, 120_000);

  test('after the last call, before its messages are deleted', async () => {
    for (const consumer of consumers) shop().source(consumer).crashBeforeDelete = 3;
    await placeThree();
    await shop().settle();
    await checkInvariants(shop());
    for (const consumer of consumers) expect(shop().source(consumer).crashBeforeDelete).toBe(0);
  });
});

test('A crash between the write and the publication publishes the event later, with one effect', async () => {
  const rules = consumers
    .filter((consumer) => consumer !== 'shipping')
    .map((consumer): Rule => {
      const caller = new RegExp(`^${consumer}-`);
      return { caller, operation: ['PutEvents', 'PublishBatch'], times: 3, fault: { kind: 'crash', when: 'before' } };
    });
  shop().proxy.add(...rules);
  await placeThree();
  await shop().settle();
  await checkInvariants(shop());
  expect(hits(rules)).toEqual(rules.map(() => 3));
});

describe('An invocation that times out in the middle of a batch', () => {
  /** One charge takes longer than its invocation may; in that one a second is a second. */
  async function slowCharge(): Promise<void> {
    const delay = { kind: 'delay', milliseconds: HAND_BACK_MS + 1_000 } as const;
    shop().proxy.add({ caller: /^payment/, operation: 'PutItem', times: 1, fault: delay });
    const instances = shop().instances.get('payment') ?? [];
    for (const instance of instances) Object.assign(instance, { timeoutMs: HAND_BACK_MS + 500, timeScale: 1 });
    await placeThree();
    await shop().pump(['payment']);
    for (const instance of instances) instance.restore();
    await shop().settle();
    await checkInvariants(shop());
  }

  test('returns unfinished messages before the deadline, with no effect twice', async () => {
    await slowCharge();
    for (const invoked of shop().source('payment').invocations) expect(invoked).toHaveProperty('result');
    expect(shop().logged()).toContain('DeadlineExceededError');
  });

  test('loses nothing and repeats no effect even when returning messages takes too long', async () => {
    shop().proxy.add({
      operation: 'ChangeMessageVisibilityBatch',
      times: 1,
      fault: { kind: 'delay', milliseconds: HAND_BACK_MS },
    });
    await slowCharge();
    expect(shop().source('payment').invocations).toContainEqual({ crashed: 'timed out' });
  });
});
