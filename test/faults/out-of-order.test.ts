import { describe, expect, test } from 'vitest';
import { cancelRequested, publish, testOrder } from '../deployed/deployed-shop.ts';
import { runSeed } from '../harness/random.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { placeMixed } from './scenario.ts';

const shop = useHarness();

async function place(): Promise<TestOrder> {
  const order = testOrder();
  await shop().ledger.stock(order.sku, 1);
  await shop().ledger.place([order]);
  return order;
}

/** Lets everybody finish and gives how the order ended. */
async function ended({ orderId }: TestOrder): Promise<string> {
  await shop().settle();
  const { orders } = await checkInvariants(shop());
  const { status, reason } = orders.get(orderId) ?? {};
  return [status, reason].filter(Boolean).join(' ');
}

describe('Messages out of order', () => {
  test('lead to confirmation when stock is handled before payment', async () => {
    const order = await place();
    await shop().pump(['stock', 'order', 'outcomes']);
    expect(await ended(order)).toBe('CONFIRMED');
  });

  test('lead to confirmation when payment and stock are handled before the order', async () => {
    const order = await place();
    await shop().source('order').loseBatch(10);
    await shop().pump(['payment', 'stock', 'outcomes']);
    expect(await ended(order)).toBe('CONFIRMED');
  });

  test('lead to cancellation when the cancellation is handled before the order', async () => {
    const order = testOrder();
    await publish(cancelRequested(order.orderId));
    await shop().pump(['order']);
    await shop().ledger.stock(order.sku, 1);
    await shop().ledger.place([order]);
    expect(await ended(order)).toBe('CANCELLED customer');
  });

  test.each(['payment', 'stock', 'notification'] as const)(
    'lead to cancellation when %s receives the cancellation before the order',
    async (consumer) => {
      const order = await place();
      await shop().source(consumer).loseBatch(10);
      await publish(cancelRequested(order.orderId));
      await shop().pump();
      expect(await ended(order)).toBe('CANCELLED customer');
    },
  );

  test.each([1, 2, 3, 4])(
    'leave the shop consistent when shuffled, delayed and duplicated: seed %i',
    async (number) => {
      shop().faults(
        runSeed * 100 + number,
        { operation: 'ReceiveMessage', fault: { kind: 'reorder' } },
        { operation: 'ReceiveMessage', probability: 0.3, times: 20, fault: { kind: 'duplicate', copies: 1 } },
      );
      await placeMixed(shop().ledger, 5);
      await shop().settle();
      await checkInvariants(shop());
    },
  );
});
