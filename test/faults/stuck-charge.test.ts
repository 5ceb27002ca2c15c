import { expect, test } from 'vitest';
import { cancelRequested, publish, testOrder } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { attemptsUntilDone } from './attempts.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { observeShop } from './observe-shop.ts';

const shop = useHarness();

const HOURS_PER_DAY = 24;

async function place(parts: Partial<TestOrder> = {}): Promise<TestOrder> {
  const order = testOrder(parts);
  await shop().ledger.stock(order.sku, 1);
  await shop().ledger.place([order]);
  return order;
}

test('an order that the gateway fails for, and for no other, waits for a day, delays nobody, and is ended by its cancellation', async () => {
  const stuck = await place({ token: 'tok_error' });
  const others: TestOrder[] = [];
  for (let hour = 0; hour < HOURS_PER_DAY; hour += 1) {
    if (hour % 6 === 0) others.push(await place());
    await shop().pump();
    await shop().pass(3_600);
  }
  await shop().pump();
  const { orders, deadLetters } = await observeShop(shop().ledger);
  expect(deadLetters).toEqual([]);
  expect(orders.get(stuck.orderId)?.status).toBe('PLACED');
  for (const { orderId } of others) expect(orders.get(orderId)?.status).toBe('CONFIRMED');
  const attempts = attemptsUntilDone(shop().logged(), new Set(others.map(({ orderId }) => orderId)));
  expect(attempts.length).toBeGreaterThan(others.length * 10);
  expect(attempts.filter((attempt) => attempt > 1)).toEqual([]);

  await publish(cancelRequested(stuck.orderId));
  await shop().pump();
  const cancelled = await observeShop(shop().ledger);
  expect(cancelled.orders.get(stuck.orderId)?.status).toBe('CANCELLED');
  expect(cancelled.payments?.get(stuck.orderId)?.state).toBe('voided');
  // Its placed message is done with when it comes again, at the latest a quarter of an hour later.
  await shop().pass(15 * 60);
  await shop().pump();
  expect(shop().source('payment').waiting).toBe(0);
  await shop().settle();
  await checkInvariants(shop());
});
