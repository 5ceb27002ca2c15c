import fc from 'fast-check';
import { is } from 'valibot';
import { type OrderPlaced, type Payment, sku } from '../../contracts/order.ts';

/** Generates every kind of payment; a token that works is the most frequent. */
export const everyPayment = fc.constantFrom<Payment>(
  { token: 'tok_visa' },
  { token: 'tok_visa' },
  { token: 'tok_declined' },
  { kind: 'captured', reference: 'pi_checkout' },
  { kind: 'authorized', reference: 'pi_held' },
  { kind: 'on-delivery' },
  { kind: 'awaited' },
);

/** Ids as platforms make them, and such as mean something to a shell, a path, a URL, an object, or to names built of ids. */
export const KNOWN_ORDER_IDS = [
  '-NabcDEF123456789',
  '_V1StGXR8_Z5jdHi6B-myT',
  '#1029',
  '#gateway',
  'gid://shopify/Order/5',
  '5678901234567',
  '20241126-0000001',
  'R#1',
  'aGVs+/bG8=',
  '..',
  '.',
  '%2F',
  '__proto__',
  'constructor',
  '*',
  '$(x)',
  'a',
  'a.1',
  'a.b.1',
  'a.confirmed',
  'a.cancelled',
  'a.captured',
  'a.order-confirmed',
  'a.shop.stock.reserved.v1',
  'a/card',
  'a/intent/2',
  '<b>;%%{}',
  '-h',
  '--json',
  'Order',
  '~'.repeat(64),
];

/** SKUs in several scripts, and such as are names of an object's own. */
export const KNOWN_SKUS = [
  'KB-01',
  '의자 01',
  'A/B+c',
  'toString',
  '__proto__',
  'constructor',
  '-x',
  '🪑',
  'O\'Neil "12" \\ `x`',
  '#1;<b>',
  '각'.repeat(100),
];

/** Generates any valid order id. */
export const orderIds = fc.oneof(
  fc.constantFrom(...KNOWN_ORDER_IDS),
  fc.stringMatching(/^[!#-&(-[\]-_a-~]{1,64}$/),
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/),
);

/** Generates any valid SKU. */
export const skus = fc.oneof(
  fc.constantFrom(...KNOWN_SKUS),
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => is(sku, text)),
);

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
