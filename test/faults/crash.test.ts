import { describe, expect, test } from 'vitest';
import type { Rule } from '../harness/fault-rules.ts';
import { runSeed } from '../harness/random.ts';
import { consumers } from './deployed-functions.ts';
import { checkEveryPayment, placeEveryPayment, textRepeated } from './every-payment.ts';
import { useHarness } from './harness.ts';
import { isMovement } from './payment-gateway.ts';

/** So long before the deadline a consumer hands back what it has not finished. */
const HAND_BACK_MS = 3_000;

const shop = useHarness();

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
    const placed = await placeEveryPayment(shop().ledger);
    await shop().settle();
    await checkEveryPayment(shop(), placed);
    expect(hits(rules)).toEqual(consumers.map(() => 1));
  });

  test('after each call in turn, before its response', async () => {
    const struck = consumers.map(() => 0);
    for (let point = 0; point === Math.max(...struck); point += 1) {
      const rules = crashes(point, 'after');
      await shop().reset(runSeed, ...rules);
      const placed = await placeEveryPayment(shop().ledger);
      await shop().settle();
      await checkEveryPayment(shop(), placed, textRepeated(shop()));
      hits(rules).forEach((hit, index) => {
        struck[index] = (struck[index] ?? 0) + hit;
      });
    }
    // Each reads, writes and publishes for more than one message: fewer points would mean that nothing was tried.
    expect(Math.min(...struck)).toBeGreaterThan(4);
  }, 300_000);

  test('after the last call, before its messages are deleted', async () => {
    for (const consumer of consumers) shop().source(consumer).crashBeforeDelete = 3;
    const placed = await placeEveryPayment(shop().ledger);
    await shop().settle();
    await checkEveryPayment(shop(), placed);
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
  const placed = await placeEveryPayment(shop().ledger);
  await shop().settle();
  await checkEveryPayment(shop(), placed);
  expect(hits(rules)).toEqual(rules.map(() => 3));
});

describe('An invocation that times out in the middle of a batch', () => {
  /** One charge takes longer than its invocation may; in that one a second is a second. */
  async function slowCharge(): Promise<void> {
    const delay = { kind: 'delay', milliseconds: HAND_BACK_MS + 1_000 } as const;
    shop().proxy.add({ caller: /^payment/, where: isMovement, times: 1, fault: delay });
    const instances = shop().instances.get('payment') ?? [];
    for (const instance of instances) Object.assign(instance, { timeoutMs: HAND_BACK_MS + 500, timeScale: 1 });
    const placed = await placeEveryPayment(shop().ledger);
    await shop().pump(['payment']);
    for (const instance of instances) instance.restore();
    await shop().settle();
    await checkEveryPayment(shop(), placed);
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
