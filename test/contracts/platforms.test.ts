import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goodsOf, type OrderPlaced, orderPlaced } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { minorDigits, toMinorUnits } from '../../examples/platforms/money.ts';
import { currencyCodes, currencyDigits } from '../../ops/currencies.ts';
import { type Json, mapped, platformOrders, platforms } from '../builders/platform-orders.ts';

const parsed = (order: (typeof platformOrders)[number]) => parseEvent(JSON.stringify(mapped(order)), [orderPlaced]);

/** Returns a deep copy of an order in its platform's shape, with changes. */
function changed(name: string, change: (json: Json) => void): OrderPlaced {
  const order = platformOrders.find((candidate) => candidate.name === name);
  if (order === undefined) throw new Error(`There is no order ${name}`);
  const json = structuredClone(order.json);
  change(json);
  return mapped({ ...order, json });
}

const unchanged = (name: string) => changed(name, () => {}).data;

// What the customer pays, as the platform shows it, what leaves the shelves, and what is paid beside the lines.
const expected: Record<
  string,
  { total: string; payment: OrderPlaced['data']['payment']; goods: string; beside: string }
> = {
  'cafe24-card': {
    total: '52500 KRW',
    payment: { kind: 'captured', reference: '20261126-0000011' },
    goods: '2 P000000U000A, 1 카페 의자 01',
    beside: 'shipping 3000, discount -5000, discount -3000, discount -1500',
  },
  'cafe24-virtual-account': {
    total: '20500 KRW',
    payment: { kind: 'awaited' },
    goods: '2 P000000V000A',
    beside: 'shipping 2500',
  },
  'commercetools-authorized': {
    total: '9760 JPY',
    payment: { kind: 'authorized', reference: 'NC6HT9CRT65ZGN82' },
    goods: '2 3f0e8d7c-2222-4333-8444-5566778899aa/1',
    beside: 'shipping 660, discount -500',
  },
  'commercetools-charged': {
    total: '63.46 EUR',
    payment: { kind: 'captured', reference: 'pi_3QctA1b2C3d4E5f6' },
    goods: '1 CT-SAMPLE, 3 CT/B+c',
    beside: 'shipping 495, discount -495, discount -1037, tax 1013',
  },
  'magento-cash-on-delivery': {
    total: '30.00 EUR',
    payment: { kind: 'on-delivery' },
    goods: '1 MAGENTO-VASE',
    beside: 'gift-card -1500',
  },
  'magento-configurable-bundle': {
    total: '233.01 EUR',
    payment: { kind: 'captured', reference: '7kq3f0zt' },
    goods: '2 MAGENTO-CHAIR, 2 MAGENTO-SHIRT-M, 1 MAGENTO-TABLE',
    beside: 'shipping 690, discount -2098, tax 3720',
  },
  'magento-coupon-100': {
    total: '0.00 EUR',
    payment: undefined,
    goods: '1 MAGENTO-CANDLE',
    beside: 'discount -2450',
  },
  'shopify-authorized': {
    total: '92000 KRW',
    payment: { kind: 'authorized', reference: 'gid://shopify/OrderTransaction/8821' },
    goods: '1 의자 01',
    beside: 'shipping 3000',
  },
  'shopify-bank-deposit': {
    total: '35.60 EUR',
    payment: { kind: 'awaited' },
    goods: '3 SHOPIFY-SOAP',
    beside: 'shipping 490, other 200',
  },
  'shopify-coupon-100': {
    total: '0 JPY',
    payment: undefined,
    goods: '1 SHOPIFY-NOTE-A5, 1 SHOPIFY-SAMPLE',
    beside: 'shipping 600, discount -3800',
  },
  'shopify-paid': {
    total: '56.84 CAD',
    payment: { kind: 'captured', reference: 'gid://shopify/OrderTransaction/8803' },
    goods: '2 45110093, 1 SHOPIFY-TEA-100',
    beside: 'shipping 950, discount -618, tax 847, fee 325, gift-card -2000',
  },
  'stripe-checkout-authorized': {
    total: '5970 ISK',
    payment: { kind: 'authorized', reference: 'pi_3QscZ9y8X7w6V500481' },
    goods: '3 STRIPE-WOOL',
    beside: '',
  },
  'stripe-checkout-coupon-100': {
    total: '0.00 EUR',
    payment: undefined,
    goods: '1 STRIPE-POSTER',
    beside: 'discount -1200',
  },
  'stripe-checkout-paid': {
    total: '58.93 USD',
    payment: { kind: 'captured', reference: 'pi_3QscA1b2C3d4E5f6' },
    goods: '2 STRIPE-MUG',
    beside: 'shipping 599, discount -550, tax 346',
  },
  'woocommerce-authorized': {
    total: '14.00 GBP',
    payment: { kind: 'authorized', reference: 'pi_3QwooZ9y8X7w6V5u' },
    goods: '1 WOO-MAP',
    beside: '',
  },
  'woocommerce-bank-transfer': {
    total: '12490.00 HUF',
    payment: { kind: 'awaited' },
    goods: '1 WOO-LAMP',
    beside: 'tax 265535',
  },
  'woocommerce-cod': {
    total: '10.000 KWD',
    payment: { kind: 'on-delivery' },
    goods: '2 WOO-OUD-12',
    beside: 'shipping 1500',
  },
  'woocommerce-stripe': {
    total: '23.38 USD',
    payment: { kind: 'captured', reference: 'pi_3QwooA1b2C3d4E5f' },
    goods: '3 8461',
    beside: 'shipping 500, discount -175, fee 99, tax 164, rounding 1',
  },
};

const decimal = (amount: number, currency: string) => {
  const digits = minorDigits(currency);
  const text = String(amount).padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
};

describe("A platform's order", () => {
  test.each(platformOrders)('$name is taken, with the total that the platform shows', (order) => {
    const { data } = parsed(order);
    const { amount, currency } = data.total;
    expect({
      total: `${decimal(amount, currency)} ${currency}`,
      payment: data.payment,
      goods: goodsOf(data.items)
        .map(({ sku, quantity }) => `${quantity} ${sku}`)
        .join(', '),
      beside: data.charges?.map(({ kind, amount }) => `${kind} ${amount}`).join(', '),
    }).toEqual(expected[order.name]);
  });

  test.each(platformOrders)('$name loses nothing when it is parsed, and is the same event each time', (order) => {
    const { datacontenttype: _, time: __, ...event } = parsed(order);
    expect(event).toEqual({ ...JSON.parse(JSON.stringify(mapped(order))), time: undefined });
    expect(mapped(order)).toEqual(mapped(order));
  });

  test('is shown for each platform, and the orders together have what real ones have', () => {
    expect(new Set(platformOrders.map(({ platform }) => platform))).toEqual(new Set(platforms));
    const orders = platformOrders.map((order) => parsed(order).data);
    const some = (holds: (data: OrderPlaced['data']) => boolean) => orders.filter(holds).length;
    const charged = (kind: string) => some(({ charges = [] }) => charges.some((charge) => charge.kind === kind));
    const counts = {
      ...Object.fromEntries(
        ['shipping', 'tax', 'discount', 'fee', 'gift-card', 'rounding', 'other'].map((kind) => [kind, charged(kind)]),
      ),
      free: some(({ total }) => total.amount === 0),
      guest: some(({ customer }) => customer?.id === undefined),
      noPhone: some(({ customer }) => customer?.phone === undefined),
      freeLine: some(({ items }) => items.some(({ unitPrice, tracked }) => unitPrice === 0 && tracked !== false)),
      untracked: some(({ items }) => items.some(({ tracked }) => tracked === false)),
      unusualCurrency: some(({ total }) => minorDigits(total.currency) !== 2),
    };
    expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([]);
  });

  test('of Cafe24 costs what was paid, and what is due before that', () => {
    const paid = changed('cafe24-card', (order) =>
      Object.assign(order.initial_order_amount, { total_amount_due: '0.00' }),
    );
    expect(paid.data.total).toEqual({ amount: 52_500, currency: 'KRW' });
    expect(unchanged('cafe24-virtual-account').total).toEqual({ amount: 20_500, currency: 'KRW' });
  });

  test('whose fee the mapping does not know is refused with both sums, before it is published', () => {
    const unknownFee = () => changed('woocommerce-cod', (order) => Object.assign(order, { total: '10.750' }));
    expect(unknownFee).toThrow("The lines and charges add up to 10000, but the platform's total is 10750");
  });
});

describe('The payment of an order', () => {
  test.each<[state: string, name: string, change: (json: Json) => void, payment: OrderPlaced['data']['payment']]>([
    [
      'to be collected by the courier (Shopify)',
      'shopify-bank-deposit',
      ({ order }) => Object.assign(order, { payment_gateway_names: ['Cash on Delivery (COD)'] }),
      { kind: 'on-delivery' },
    ],
    [
      'whose capture has not succeeded (Shopify)',
      'shopify-paid',
      ({ transactions }) => Object.assign(transactions[3], { status: 'pending' }),
      { kind: 'awaited' },
    ],
    [
      'through another gateway than Stripe (WooCommerce)',
      'woocommerce-stripe',
      (order) => Object.assign(order, { payment_method: 'ppcp', transaction_id: '8XY1', meta_data: [] }),
      { kind: 'captured', reference: '8XY1' },
    ],
    [
      'by cheque (WooCommerce)',
      'woocommerce-stripe',
      (order) => Object.assign(order, { payment_method: 'cheque' }),
      { kind: 'awaited' },
    ],
    [
      'that is not paid (WooCommerce)',
      'woocommerce-stripe',
      (order) => Object.assign(order, { date_paid_gmt: null }),
      { kind: 'awaited' },
    ],
    [
      'that is authorized (Magento)',
      'magento-configurable-bundle',
      (order) => Object.assign(order, { base_total_paid: null }),
      { kind: 'authorized', reference: '7kq3f0zt' },
    ],
    [
      'by bank transfer (Magento)',
      'magento-configurable-bundle',
      (order) => Object.assign(order.payment, { method: 'banktransfer', last_trans_id: null }),
      { kind: 'awaited' },
    ],
    [
      'without a transaction (commercetools)',
      'commercetools-charged',
      (order) => Object.assign(order.paymentInfo.payments[0].obj, { transactions: [] }),
      { kind: 'awaited' },
    ],
    [
      'without a payment object (commercetools)',
      'commercetools-charged',
      (order) => Object.assign(order, { paymentInfo: undefined }),
      { kind: 'awaited' },
    ],
    [
      'on delivery (commercetools)',
      'commercetools-charged',
      (order) =>
        Object.assign(order.paymentInfo.payments[0].obj, {
          paymentMethodInfo: { method: 'cash-on-delivery' },
          transactions: [],
        }),
      { kind: 'on-delivery' },
    ],
    [
      'on delivery (Cafe24)',
      'cafe24-virtual-account',
      (order) => Object.assign(order, { payment_method: ['cod'] }),
      { kind: 'on-delivery' },
    ],
    [
      'by a debit that takes days (Stripe)',
      'stripe-checkout-authorized',
      (session) => Object.assign(session.payment_intent, { status: 'processing' }),
      { kind: 'awaited' },
    ],
  ])('%s is said from its state: %s', (_, name, change, payment) => {
    expect(changed(name, change).data.payment).toEqual(payment);
  });
});

describe('A line of an order', () => {
  test('has the id of the variant, else of the product, where its SKU is empty', () => {
    expect(unchanged('shopify-paid').items[0]).toMatchObject({ sku: '45110093' });
    expect(unchanged('woocommerce-stripe').items[0]).toMatchObject({ sku: '8461' });
    const simple = changed('woocommerce-stripe', (order) => Object.assign(order.line_items[0], { variation_id: 0 }));
    expect(simple.data.items[0]).toMatchObject({ sku: '845' });
    expect(unchanged('cafe24-card').items[1]).toMatchObject({ sku: 'P000000U000A' });
  });

  test('of Magento has its price once and its goods once, however many rows a purchase has', () => {
    const { items } = unchanged('magento-configurable-bundle');
    expect(items.map(({ sku, unitPrice, tracked }) => [sku, unitPrice, tracked])).toEqual([
      ['MAGENTO-SHIRT-M', 3995, false],
      ['MAGENTO-SHIRT-M', 0, true],
      ['MAGENTO-SET-MAGENTO-CHAIR-MAGENTO-TABLE', 12000, false],
      ['MAGENTO-CHAIR', 0, true],
      ['MAGENTO-TABLE', 0, true],
      ['MAGENTO-WARRANTY', 999, false],
    ]);
  });
});

describe('Minor units', () => {
  const currencies = fc.constantFrom('JPY', 'ISK', 'EUR', 'HUF', 'IDR', 'MGA', 'KWD', 'IQD', 'CLF', 'XYZ');
  const amounts = fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 });

  test('of a decimal are exact, as a string, with zeros around, as a number in JSON and with an exponent', () => {
    fc.assert(
      fc.property(amounts, currencies, fc.nat(4), (amount, currency, zeros) => {
        const text = `${amount < 0 ? '-' : ''}${'0'.repeat(zeros)}${decimal(Math.abs(amount), currency)}`;
        const padded = text.includes('.') ? text + '0'.repeat(zeros) : text;
        const exponent = `${amount}e-${minorDigits(currency)}`;
        for (const form of [text, padded, exponent, Number(text)]) expect(toMinorUnits(form, currency)).toBe(amount);
      }),
    );
  });

  test('are rounded half away from zero', () => {
    fc.assert(
      fc.property(amounts, currencies, fc.integer({ min: 0, max: 9 }), (amount, currency, digit) => {
        const text = decimal(Math.abs(amount), currency);
        const longer = `${amount < 0 ? '-' : ''}${text.includes('.') ? text : `${text}.`}${digit}`;
        const away = digit >= 5 ? 1 : 0;
        expect(toMinorUnits(longer, currency)).toBe(amount < 0 ? amount - away : amount + away);
      }),
    );
    expect([toMinorUnits('1.005', 'USD'), toMinorUnits('-1.005', 'USD')]).toEqual([101, -101]);
    expect(toMinorUnits(-1.4210854715202e-14, 'EUR')).toBe(0);
  });

  test.each(['', '.', '1,230', '1.2.3', '12 EUR', 'NaN', '1e', '--1', '99999999999999999'])(
    'of %j are refused',
    (text) => {
      expect(() => toMinorUnits(text, 'EUR')).toThrow(RangeError);
    },
  );

  test('follow ISO 4217, where `Intl` leaves out change', () => {
    expect(currencyCodes.filter((code) => minorDigits(code) !== currencyDigits(code))).toEqual([]);
    const digits = (codes: string) => codes.split(' ').map(minorDigits);
    expect(digits('HUF COP IDR PKR TWD MGA')).toEqual([2, 2, 2, 2, 2, 2]);
    expect(digits('JPY KRW ISK UGX CLP')).toEqual([0, 0, 0, 0, 0]);
    expect(digits('KWD BHD IQD')).toEqual([3, 3, 3]);
  });
});

const read = (...path: string[]) => readFileSync(join(import.meta.dirname, '..', '..', ...path), 'utf8');

describe.each(platforms)('The mapping of %s', (platform) => {
  test('is a function of at most 40 lines, to be read at once', () => {
    const [mapping = ''] =
      /^export function placedFrom.*?^}/ms.exec(read('examples', 'platforms', `${platform}.ts`)) ?? [];
    expect(mapping.split('\n').length).toBeGreaterThan(20);
    expect(mapping.split('\n').length).toBeLessThanOrEqual(40);
  });

  test('imports nothing that is not copied with it, but a type of the package', () => {
    const files = [`${platform}.ts`, 'money.ts', 'placed.ts'].map((file) => read('examples', 'platforms', file));
    const imports = files.flatMap((text) => text.match(/^import .*;$/gm) ?? []);
    const allowed = ["import type { OrderPlaced } from '../../contracts/order.ts';"];
    const foreign = imports.filter((line) => !allowed.includes(line) && !/from '.\/(money|placed).ts';$/.test(line));
    expect(foreign).toEqual([]);
  });

  test('is linked in docs/platforms.md', () => {
    expect(read('docs', 'platforms.md')).toContain(`(../examples/platforms/${platform}.ts)`);
  });
});
