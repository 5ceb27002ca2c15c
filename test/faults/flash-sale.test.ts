import { afterEach, expect, test } from 'vitest';
import { testOrder } from '../deployed/deployed-shop.ts';
import { runSeed } from '../harness/random.ts';
import { checkInvariants, isUnshipped } from './check-invariants.ts';
import { MappedShop } from './mapped-shop.ts';

let shop: MappedShop;

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(shop.proxy.report());
  await shop.close();
});

test('of 320 buyers of 50 items with 16 workers exactly 50 are charged, nobody is refunded, and 270 authorizations are voided', async () => {
  // What is shipped is none of the buyers' business.
  shop = new MappedShop('shipping');
  await shop.start(runSeed, (consumer) => (consumer === 'stock' ? 16 : 3));
  const { sku } = testOrder();
  await shop.ledger.stock(sku, 50);
  await shop.ledger.place(Array.from({ length: 320 }, () => testOrder({ sku })));
  await shop.settle();
  const { orders, shelves, charges } = await checkInvariants(shop, { leaves: isUnshipped });
  expect(shelves.get(sku)).toMatchObject({ available: 0, reserved: 0, sold: 50 });
  const reasons = [...orders.values()].map(({ reason }) => reason);
  expect(reasons.filter((reason) => reason === 'out-of-stock')).toHaveLength(270);
  const count = (kind: string) => charges.filter((charge) => charge.kind === kind).length;
  expect([count('authorization'), count('capture'), count('void'), count('refund')]).toEqual([320, 50, 270, 0]);
  expect(shop.logged()).not.toBe('');
}, 240_000);
