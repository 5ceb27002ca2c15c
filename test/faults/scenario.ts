import { cancelRequested, publish, type Wish, wish } from '../deployed/shop.ts';
import type { Ledger } from './ledger.ts';

/** Orders of every outcome: a goods-and-money one, a declined card, missing goods, and a customer who wants out. */
export type Mixed = { confirmed: Wish[]; declined: Wish[]; short: Wish[]; cancelled: Wish[] };

/** Places `each` orders of every outcome, all of them at once. */
export async function placeMixed(ledger: Ledger, each = 1): Promise<Mixed> {
  const many = (parts: Partial<Wish>) => Array.from({ length: each }, () => wish(parts));
  const { sku } = wish();
  const scarce = wish().sku;
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
