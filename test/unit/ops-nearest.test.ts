import { describe, expect, test } from 'vitest';
import { shippedCatalog } from '../../contracts/catalog.ts';
import { shippedRoutes } from '../../infra/routing.ts';
import { didYouMean, nearest } from '../../ops/nearest.ts';

const types = shippedCatalog.map(({ type }) => type);
const consumers = Object.keys(shippedRoutes);

describe('The nearest name', () => {
  test.each([
    ['shop.order.place.v1', 'shop.order.placed.v1'],
    ['shop.order.palced.v1', 'shop.order.placed.v1'],
    ['shop.order.placed.v2', 'shop.order.placed.v1'],
    ['shop.order.placed', 'shop.order.placed.v1'],
    ['orderPlaced', 'shop.order.placed.v1'],
    ['Shop.Order.Canceled.V1', 'shop.order.cancelled.v1'],
  ])('of the type %s is %s', (word, type) => {
    expect(nearest(word, types)).toBe(type);
  });

  test.each([
    ['payement', 'payment'],
    ['Stock', 'stock'],
    ['stok', 'stock'],
    ['notif', 'notification'],
  ])('of the consumer %s is %s', (word, consumer) => {
    expect(nearest(word, consumers)).toBe(consumer);
  });

  test.each(['', '…', 'x', 'loyalty', 'shop.loyalty.earned.v1', 'a'.repeat(10_000)])('of %s is none', (word) => {
    expect(nearest(word, [...types, ...consumers])).toBeUndefined();
  });

  test('ends a sentence, where there is one', () => {
    expect(didYouMean('payement', consumers)).toBe(' Did you mean payment?');
    expect(didYouMean('loyalty', consumers)).toBe('');
  });
});
