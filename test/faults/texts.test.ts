import { test } from 'vitest';
import { testOrder } from '../deployed/deployed-shop.ts';
import { useHarness } from './harness.ts';
import { checkInvariants } from './invariants.ts';

const shop = useHarness();

test('a flood of orders to premium-rate numbers: none is texted, none is dead-lettered, and the others are texted as ever', async () => {
  const { ledger } = shop();
  const { sku } = testOrder();
  await ledger.stock(sku, 70);
  const premium = Array.from({ length: 60 }, (_, number) => testOrder({ sku, phone: `+8260${1_000_000 + number}` }));
  const others = Array.from({ length: 5 }, () => testOrder({ sku }));
  await ledger.place([...premium, ...others]);
  await shop().settle();
  await checkInvariants(shop(), { refused: new Set(premium.map(({ orderId }) => orderId)) });
});
