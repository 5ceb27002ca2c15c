import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KnownOrders } from '../../../ops/audit/known-orders.ts';
import { orderIds } from '../../builders/orders.ts';

test('an order is known exactly where it was added', () => {
  fc.assert(
    fc.property(fc.uniqueArray(orderIds), fc.uniqueArray(orderIds), (added, others) => {
      const known = new KnownOrders();
      for (const orderId of added) known.add(orderId);
      for (const orderId of [...added, ...others]) expect(known.has(orderId)).toBe(added.includes(orderId));
    }),
  );
});

test('ten thousand orders are known, and ten thousand others are not', () => {
  const known = new KnownOrders();
  const ids = (prefix: string) => Array.from({ length: 10_000 }, (_, index) => `${prefix}${index}`);
  for (const orderId of ids('o-')) known.add(orderId);
  expect(ids('o-').filter((orderId) => !known.has(orderId))).toEqual([]);
  expect(ids('n-').filter((orderId) => known.has(orderId))).toEqual([]);
});
