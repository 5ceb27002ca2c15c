import { createHash } from 'node:crypto';
import type { Money } from '../../contracts/money.ts';
import { goodsOf, type OrderLine } from '../../contracts/order.ts';

// 128 bits: nobody gains by two orders with one digest.
const DIGEST_CHARACTERS = 22;

/** Returns a digest of an order's goods and total, the same for the placed order and for its confirmation. */
export function contentsOf({ items, total }: { items: readonly Omit<OrderLine, 'unitPrice'>[]; total: Money }): string {
  const goods = goodsOf(items).map(({ sku, quantity }) => [sku, quantity]);
  const text = JSON.stringify([goods, total.amount, total.currency]);
  return createHash('sha256').update(text).digest('base64url').slice(0, DIGEST_CHARACTERS);
}
