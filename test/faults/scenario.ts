import { cancelRequested, publish, testOrder } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import type { Ledger } from './ledger.ts';

/** Orders of every outcome: a goods-and-money one, a declined card, missing goods, and a customer who wants out. */
export type Mixed = { confirmed: TestOrder[]; declined: TestOrder[]; short: TestOrder[]; cancelled: TestOrder[] };

/** Places `each` orders of every outcome, all of them at once. */
export async function placeMixed(ledger: Ledger, each = 1): Promise<Mixed> {
  const many = (parts: Partial<TestOrder>) => Array.from({ length: each }, () => testOrder(parts));
  const { sku } = testOrder();
  const scarce = testOrder().sku;
  const mixed = {
    confirmed: many({ sku }),
    declined: many({ sku, token: 'tok_declined' }),
    short: many({ sku: scarce, quantity: 2 }),
    cancelled: many({ sku }),
  };
  await ledger.stock(sku, 3 * each);
  await ledger.stock(scarce, 1);
  await ledger.place(Object.values(mixed).flat());
  for (const { orderId } of mixed.cancelled) await publish(cancelRequested(orderId));
  return mixed;
}
