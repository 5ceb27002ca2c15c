import fc from 'fast-check';

type Members = Record<string, unknown>;

/** Generates text of up to `maxLength` code points in any script, emoji included. */
const texts = (maxLength: number, minLength = 1) =>
  fc
    .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }), { minLength, maxLength: 12 })
    .map((parts) => [...parts.join('')].slice(0, maxLength).join(''));

const ids = (maxLength: number) =>
  fc
    .array(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 1, maxLength })
    .map((codes) => String.fromCharCode(...codes).replace(/["'\\`]/g, '#'));

const skus = fc.oneof(
  fc.constantFrom('KB-01', 'MS-02', '의자 01', 'A/B+c', '😀'.repeat(100)),
  texts(100).map((text) => text.replace(/^\s|\s$|[^\P{Cc}]/gu, '_')),
);

const times = fc.oneof(
  fc.constantFrom('2026-11-26t09:00:00z', '2016-12-31T23:59:60Z', '2026-11-26T09:00:00.123456789+09:00'),
  fc
    .date({ min: new Date('1970-01-01'), max: new Date('9999-12-30'), noInvalidDate: true })
    .map((date) => date.toISOString()),
);

const phones = fc.oneof(fc.constantFrom('010-1234-5678', '+82 10 1234 5678', '0044 20 7946 0000', ''), texts(40));
const locales = fc.constantFrom('ko', 'ko_KR', 'kor', 'zh-Hant-TW', 'C', '');

const payments = fc.oneof(
  fc.record({ token: texts(256) }),
  fc.record({ kind: fc.constant('token'), token: texts(256) }),
  fc.record({ kind: fc.constantFrom('captured', 'authorized'), reference: texts(256) }),
  fc.constant({ kind: 'on-delivery' }),
  fc.record({ kind: fc.constant('awaited'), until: times }, { requiredKeys: ['kind'] }),
);

const prices = fc.record({ quantity: fc.integer({ min: 1, max: 100_000 }), unitPrice: fc.nat({ max: 1_000_000 }) });
const lines = fc
  .tuple(
    prices,
    fc.oneof(
      fc.record({ sku: skus }),
      fc.record({ sku: skus, tracked: fc.boolean() }),
      fc.record({ tracked: fc.constant(false) }),
    ),
  )
  .map(([price, rest]) => ({ ...price, ...rest }));

const charges = fc.array(
  fc.record(
    {
      kind: fc.constantFrom('shipping', 'tax', 'discount', 'gift-card', 'fee', 'rounding', 'other'),
      amount: fc.integer({ min: -1_000_000, max: 1_000_000 }),
      label: texts(100, 0),
    },
    { requiredKeys: ['kind', 'amount'] },
  ),
  { maxLength: 5 },
);

const sum = (amounts: readonly number[]) => amounts.reduce((total, one) => total + one, 0);

/** Adds the total, and a discount where the charges would make it negative, or where everything is free. */
function withTotal({ items, given, isFree, currency, payment, ...rest }: Draft): Members {
  const ofItems = sum(items.map(({ quantity, unitPrice }) => quantity * unitPrice));
  const added = sum(given.map(({ amount }) => amount));
  const free = isFree || ofItems + added < 0 || ofItems > 900_000_000_000;
  const discounts = Array.from({ length: Math.ceil((ofItems + added) / 1_000_000_000_000) }, (_, index) => ({
    kind: 'discount',
    amount: -Math.min(1_000_000_000_000, ofItems + added - index * 1_000_000_000_000),
  }));
  const rounding = ofItems + added < 0 ? [{ kind: 'rounding', amount: -(ofItems + added) }] : discounts;
  const all = free ? [...given, ...rounding] : given;
  return {
    ...rest,
    items,
    ...(all.length > 0 && { charges: all }),
    ...(free && isFree ? {} : { payment }),
    total: { amount: free ? 0 : ofItems + added, currency },
  };
}

type Draft = {
  items: { quantity: number; unitPrice: number }[];
  given: { kind: string; amount: number }[];
  isFree: boolean;
  currency: string;
  payment: object;
};

const orders = fc
  .record(
    {
      orderId: ids(64),
      orderNumber: ids(20),
      customer: fc.record({ id: texts(64, 0), phone: phones, locale: locales }, { requiredKeys: [] }),
      items: fc.array(lines, { minLength: 1, maxLength: 20 }),
      given: charges,
      isFree: fc.boolean(),
      currency: fc.stringMatching(/^[A-Z]{3}$/),
      payment: payments,
    },
    { requiredKeys: ['orderId', 'items', 'given', 'isFree', 'currency', 'payment'] },
  )
  .map(withTotal);

const OPTIONAL: Record<string, readonly string[]> = {
  envelope: ['specversion', 'time', 'subject', 'datacontenttype', 'traceparent', 'tracestate', 'someextension'],
  data: ['orderNumber', 'customer', 'payment', 'charges'],
  customer: ['id', 'phone', 'locale'],
  item: ['sku', 'tracked'],
  charge: ['label'],
};

/** Writes null for every absent optional member, as many serializers do. A tracked line's SKU and a needed payment are never absent. */
function withNulls(event: Members): Members {
  const fill = (members: Members, name: string) => ({
    ...Object.fromEntries((OPTIONAL[name] ?? []).map((key) => [key, null])),
    ...members,
  });
  const { customer, items, charges, ...data } = event.data as Record<string, Members[]> & { customer?: Members };
  return fill(
    {
      ...event,
      data: fill(
        {
          ...data,
          items: items?.map((item) => fill(item, 'item')),
          ...(customer && { customer: fill(customer, 'customer') }),
          ...(charges && { charges: charges.map((charge) => fill(charge, 'charge')) }),
        },
        'data',
      ),
    },
    'envelope',
  );
}

/**
 * Generates any valid placed order as platforms write it: charges, every kind of payment, untracked lines, customers of whom little
 * is known, every form of time, extensions, and nulls for what is absent.
 */
export const wholeOrders: fc.Arbitrary<Members> = fc
  .tuple(
    fc.record(
      {
        specversion: fc.constant('1.0'),
        id: texts(256),
        source: texts(256),
        time: times,
        subject: texts(256),
        datacontenttype: fc.constantFrom(
          'application/json',
          'application/json; charset=utf-8',
          'application/vnd.shop+JSON',
        ),
        traceparent: fc.constantFrom('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'unreadable'),
        tracestate: texts(256),
        someextension: fc.jsonValue(),
      },
      { requiredKeys: ['id', 'source'] },
    ),
    orders,
    fc.boolean(),
  )
  .map(([envelope, data, nulls]) => {
    const event = { ...envelope, type: 'shop.order.placed.v1', data };
    return nulls ? withNulls(event) : event;
  });
