import { expect, test } from 'vitest';
import { testOrder } from '../deployed/deployed-shop.ts';
import { attemptsUntilDone } from './attempts.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';

const shop = useHarness();

test('a flood of orders from one customer for one SKU causes no retry for other customers', async () => {
  const { ledger } = shop();
  const { sku } = testOrder();
  await ledger.stock(sku, 20);
  const flood = Array.from({ length: 60 }, () => testOrder({ sku, phone: '+821099999999' }));
  const others = Array.from({ length: 5 }, () => testOrder());
  for (const other of others) await ledger.stock(other.sku, 1);
  const half = flood.length / 2;
  await ledger.place([...flood.slice(0, half), ...others, ...flood.slice(half)]);
  await shop().settle();
  const { orders } = await checkInvariants(shop());
  for (const { orderId } of others) expect(orders.get(orderId)?.status).toBe('CONFIRMED');
  const counted = attemptsUntilDone(shop().logged(), new Set(others.map(({ orderId }) => orderId)));
  // Placed is for four consumers, what came of it twice for outcomes, the decision for two, and four steps for shipping.
  expect(counted.length).toBeGreaterThanOrEqual(others.length * 12);
  expect(counted.filter((attempt) => attempt > 1)).toEqual([]);
});
