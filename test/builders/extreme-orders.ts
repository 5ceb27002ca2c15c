import fc from 'fast-check';
import type { OrderPlaced } from '../../contracts/order.ts';

/** Generates text of exactly or up to `maxLength` code points, of those that are longest, rarest or escaped when an event is written. */
export const extremeTexts = (maxLength: number) =>
  fc
    .tuple(fc.constantFrom('a', '"', '\\', '각', '😀', '\u0001', '\u007f', '\ufffd', '\u2028'), fc.boolean())
    .map(([unit, isLongest]) => unit.repeat(isLongest ? maxLength : 1));

const MAX_AMOUNT = 1_000_000_000_000;

const orderIds = fc.constantFrom('o-1001', '#', '~'.repeat(64), '__proto__', 'gid://shopify/Order/5');
// Of these the last differ in one character of a hundred.
const skuUnits = fc.constantFrom('A', '각', '😀', '"', '\\');
const skuOf = (unit: string, index: number) => `${unit.repeat(98)}${String(index).padStart(2, '0')}`;

const payments = fc.oneof(
  fc.record({ token: extremeTexts(256) }),
  fc.record({ kind: fc.constantFrom('captured' as const, 'authorized' as const), reference: extremeTexts(256) }),
  fc.constant({ kind: 'on-delivery' as const }),
  fc.constant({ kind: 'awaited' as const, until: '9999-12-31T23:59:59Z' }),
);

const quantities = fc.constantFrom(1, 99_999, 100_000);

/** Generates carts of up to 500 lines of up to 99 SKUs, at the limits of what a line may order. */
const carts = fc
  .record({
    unit: skuUnits,
    skus: fc.constantFrom(1, 2, 99),
    lines: fc.constantFrom(1, 2, 99, 500),
    quantity: quantities,
    tracked: fc.constantFrom(undefined, true, false),
  })
  .map(({ unit, skus, lines, quantity, tracked }) =>
    Array.from({ length: lines }, (_, index) => ({
      sku: skuOf(unit, index % skus),
      quantity,
      unitPrice: 0,
      ...(tracked === undefined ? {} : { tracked: tracked || index > 0 }),
    })),
  );

const totals = fc.constantFrom(0, 1, MAX_AMOUNT);
const traces = fc.option(
  fc.record({
    traceparent: fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
    tracestate: extremeTexts(512),
  }),
  { nil: undefined },
);

/** Generates valid placed orders at the limits of their contract. */
export const extremeOrders: fc.Arbitrary<OrderPlaced> = fc
  .record({
    orderId: orderIds,
    id: extremeTexts(256),
    source: extremeTexts(256),
    items: carts,
    payment: payments,
    amount: totals,
    trace: traces,
    phone: fc.constantFrom('+821012345678', '+990000', ''),
  })
  .map(({ orderId, id, source, items, payment, amount, trace, phone }) => ({
    specversion: '1.0',
    id,
    source,
    type: 'shop.order.placed.v1',
    time: '9999-12-31T23:59:59Z',
    subject: orderId,
    datacontenttype: 'application/json',
    ...trace,
    data: {
      orderId,
      customer: { id: 'c-7', phone, locale: 'ko' },
      payment,
      items,
      charges: [{ kind: 'other' as const, amount }],
      total: { amount, currency: 'KRW' },
    },
  }));
