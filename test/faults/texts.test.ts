import { test } from 'vitest';
import { testOrder } from '../deployed/deployed-shop.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';

const shop = useHarness();

test('a flood of orders with premium-rate numbers sends no text, dead-letters nothing and does not affect other texts', async () => {
  const { ledger } = shop();
  const { sku } = testOrder();
  await ledger.stock(sku, 70);
  const premium = Array.from({ length: 60 }, (_, number) => testOrder({ sku, phone: `+8260${1_000_000 + number}` }));
  const others = Array.from({ length: 5 }, () => testOrder({ sku }));
  await ledger.place([...premium, ...others]);
  await shop().settle();
  await checkInvariants(shop(), { refused: new Set(premium.map(({ orderId }) => orderId)) });
});
