import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { placed, priced } from '../builders/events.ts';
import { validOrders } from '../builders/orders.ts';

describe('parseEvent', () => {
  test('returns any valid order unchanged', () => {
    fc.assert(
      fc.property(validOrders, (order) => {
        expect(parseEvent(JSON.stringify(order), catalog)).toEqual(order);
      }),
      { numRuns: 200 },
    );
  });

  test('requires only type, id, source and data, and adds the defaults', () => {
    const { type, id, source, data } = placed();
    expect(parseEvent(JSON.stringify({ type, id, source, data }), catalog)).toEqual({
      type,
      id,
      source,
      data,
      specversion: '1.0',
      datacontenttype: 'application/json',
    });
  });

  test.each([
    ['2026-11-21T09:00:00Z', '2026-11-21T09:00:00Z'],
    ['2026-11-21T09:00:00.123Z', '2026-11-21T09:00:00.123Z'],
    ['2026-11-21T18:00:00+09:00', '2026-11-21T09:00:00Z'],
    ['2026-11-21T09:00:00.123456+00:00', '2026-11-21T09:00:00.123Z'],
    ['2026-11-26t09:00:00z', '2026-11-26T09:00:00Z'],
    ['2026-12-31T23:59:60Z', '2027-01-01T00:00:00Z'],
  ])('normalizes the time %s', (time, normalized) => {
    expect(parseEvent(JSON.stringify({ ...placed(), time }), catalog)).toMatchObject({ time: normalized });
  });

  test('drops unknown members of data and keeps unknown extension attributes', () => {
    const order = placed();
    const body = JSON.stringify({ ...order, partitionkey: 'x', data: { ...order.data, giftWrap: true } });
    expect(parseEvent(body, catalog)).toEqual({ ...order, partitionkey: 'x' });
  });

  test('accepts an order with 99 lines', () => {
    const order = placed({ items: Array.from({ length: 99 }, (_, index) => priced(`S-${index}`)) });
    expect(parseEvent(JSON.stringify(order), catalog)).toEqual(order);
  });

  test('accepts the same SKU on two lines and a free line', () => {
    const order = placed({
      items: [
        { sku: 'A', quantity: 2, unitPrice: 5 },
        { sku: 'A', quantity: 1, unitPrice: 0 },
      ],
    });
    expect(parseEvent(JSON.stringify(order), catalog)).toEqual(order);
  });
});
