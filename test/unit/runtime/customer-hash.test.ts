import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  customerHasher,
  customerKeyHasher,
  customerOf,
  isOtherCustomer,
} from '../../../lambdas/runtime/customer-hash.ts';

const hash = customerHasher('a key');
const texts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 });

describe("A customer's hash", () => {
  test('is the same for one customer of one order, and another for each other customer, order or key', () => {
    fc.assert(
      fc.property(texts, texts, texts, (orderId, customer, other) => {
        const one = hash(orderId, customer);
        expect(customerHasher('a key')(orderId, customer)).toBe(one);
        expect(hash(orderId, other) === one).toBe(other === customer);
        expect(hash(other, customer) === one).toBe(other === orderId);
        expect(customerHasher('another key')(orderId, customer)).not.toBe(one);
      }),
    );
  });

  test('does not depend on where the order id ends and the customer begins', () => {
    expect(hash('o-1', '0')).not.toBe(hash('o-10', ''));
    expect(hash('o-1","c', 'd')).not.toBe(hash('o-1', 'c","d'));
  });

  test('names its key and is 128 bits long', () => {
    const [fingerprint, digest] = hash('o-1001', 'c-7').split(':');
    expect(hash('o-1002', 'c-8').split(':')[0]).toBe(fingerprint);
    expect(fingerprint).toHaveLength(6);
    expect(digest).toMatch(/^[\w-]{22}$/);
  });

  test('contains nothing of the customer', () => {
    expect(hash('o-1001', 'c-7')).not.toContain('c-7');
  });

  test('is absent where there is no customer, as of a guest, or nothing to hash with', () => {
    for (const customer of [undefined, {}, { id: undefined }, { id: '' }])
      expect(customerOf({ orderId: 'o-1001', customer }, hash)).toEqual({});
    expect(customerOf({ orderId: 'o-1001', customer: { id: 'c-7' } }, undefined)).toEqual({});
    expect(customerOf({ orderId: 'o-1001', customer: { id: 'c-7' } }, hash)).toEqual({
      customer: hash('o-1001', 'c-7'),
    });
  });
});

describe("A customer's key over all orders", () => {
  test('is the same for one customer, another for each other customer or key, and no hash of an order', () => {
    const keyOf = customerKeyHasher('a key');
    fc.assert(
      fc.property(texts, texts, (customer, other) => {
        expect(customerKeyHasher('a key')(customer)).toBe(keyOf(customer));
        expect(keyOf(other) === keyOf(customer)).toBe(other === customer);
        expect(customerKeyHasher('another key')(customer)).not.toBe(keyOf(customer));
        expect(hash(customer, other)).not.toContain(keyOf(customer));
      }),
    );
  });

  test('is 128 bits long and contains nothing of the customer', () => {
    expect(customerKeyHasher('a key')('c-7')).toMatch(/^[\w-]{22}$/);
    expect(customerKeyHasher('a key')('c-7')).not.toContain('c-7');
  });
});

describe('Another customer', () => {
  test('is one with another hash under the same key', () => {
    expect(isOtherCustomer(hash('o-1001', 'c-7'), hash('o-1001', 'c-8'))).toBe(true);
    expect(isOtherCustomer(hash('o-1001', 'c-7'), hash('o-1001', 'c-7'))).toBe(false);
  });

  test('is not known where one has none, or where the key has changed: that is no contradiction', () => {
    const later = customerHasher('a new key');
    expect(isOtherCustomer(undefined, hash('o-1001', 'c-7'))).toBe(false);
    expect(isOtherCustomer(hash('o-1001', 'c-7'), undefined)).toBe(false);
    expect(isOtherCustomer(hash('o-1001', 'c-7'), later('o-1001', 'c-8'))).toBe(false);
  });
});
