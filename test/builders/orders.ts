import fc from 'fast-check';
import type { OrderPlaced } from '../../contracts/order.ts';

export const orderIds = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/);
const skus = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const texts = (maxLength: number) =>
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: maxLength }).filter((text) => text.length <= maxLength);

/** Generates any valid placed order. */
export const validOrders: fc.Arbitrary<OrderPlaced> = fc
  .record({
    id: texts(256),
    source: texts(256),
    time: fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
    orderId: orderIds,
    customer: fc.record({
      id: texts(64),
      phone: fc.stringMatching(/^\+[1-9]\d{6,14}$/),
      locale: fc.constantFrom('ko', 'en', 'en-GB', 'zh-Hant-TW'),
    }),
    token: texts(256),
    items: fc.array(
      fc.record({
        sku: skus,
        quantity: fc.integer({ min: 1, max: 1_000 }),
        unitPrice: fc.integer({ min: 1, max: 1_000_000 }),
      }),
      { minLength: 1, maxLength: 99 },
    ),
    currency: fc.stringMatching(/^[A-Z]{3}$/),
  })
  .map(({ id, source, time, orderId, customer, token, items, currency }) => ({
    specversion: '1.0',
    id,
    source,
    type: 'shop.order.placed.v1',
    time: time.toISOString(),
    subject: orderId,
    datacontenttype: 'application/json',
    data: {
      orderId,
      customer,
      payment: { token },
      items,
      total: { amount: items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0), currency },
    },
  }));
