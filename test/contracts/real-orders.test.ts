import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goodsOf, needsPayment } from '../../contracts/order.ts';
import { cancelRequested } from '../builders/events.ts';
import { good, parse, problemsOf, withData } from '../builders/parsing.ts';

// As platforms and libraries make them.
const PLATFORM_IDS = [
  '#1029',
  'R#1',
  '5678901234567890123',
  'gid://shopify/Order/5678901234567',
  '20241126-0000001',
  '123-1234567-1234567',
  'R123456789',
  '000000123',
  '-NabcDEF123456789',
  '--help',
  '_V1StGXR8_Z5jdHi6B-myT',
  '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  'q83v+/8=',
  'x'.repeat(64),
  '!',
  '~{}[]|^$%&()*,;<=>?@',
];

describe('The id of an order', () => {
  test.each(PLATFORM_IDS)('%s is taken as it is', (orderId) => {
    expect(withData({ orderId }).data.orderId).toBe(orderId);
  });

  test.each([
    ['empty', ''],
    ['of 65 characters, as a Stripe Checkout session’s', `cs_${'x'.repeat(62)}`],
    ['with a space', 'o 1'],
    ['with a tab', 'o\t1'],
    ['with a line break at its end', 'o-1\n'],
    ['with a double quote', 'o"1'],
    ['with a single quote', "o'1"],
    ['with a backslash', 'o\\1'],
    ['with a backtick', 'o`1'],
    ['with a character beyond ASCII', 'o-é'],
    ['in Korean', '주문-1'],
    ['an emoji', '🛒'],
    ['a control character', 'o\u007f'],
  ])('that is %s is refused', (_, orderId) => {
    expect(problemsOf(() => withData({ orderId }))).toEqual([
      'data.orderId: must be 1 to 64 printable ASCII characters without space, quotes, backslash or backtick',
    ]);
  });

  test('that is a number is refused, because JSON numbers lose digits', () => {
    expect(problemsOf(() => withData({ orderId: 5_678_901 }))).toEqual(['data.orderId: must be a string']);
  });

  test('may have every printable character but five', () => {
    const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
    const refused = printable.filter((character) => problemsOf(() => withData({ orderId: character })).length > 0);
    expect(refused).toEqual([' ', '"', "'", '\\', '`']);
  });

  test('is the same after every event that has it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!#-&(-[\]-_a-~]{1,64}$/), (orderId) => {
        expect(withData({ orderId })).toEqual({ ...good, data: { ...good.data, orderId } });
        expect(parse(cancelRequested({ orderId })).data.orderId).toBe(orderId);
      }),
    );
  });
});

describe('The number of an order', () => {
  test.each(PLATFORM_IDS.filter((id) => id.length <= 20))('%s is taken as it is', (orderNumber) => {
    expect(withData({ orderNumber }).data.orderNumber).toBe(orderNumber);
  });

  test.each([[''], ['x'.repeat(21)], ['No 7'], ['주문 7'], [1_029], [{}]])('%j is read as absent', (orderNumber) => {
    expect(withData({ orderNumber }).data).toEqual(good.data);
  });
});

describe('A SKU', () => {
  const withSku = (sku: unknown) => withData({ items: [{ sku, quantity: 1, unitPrice: 12_000 }] });

  test.each([
    'KB-01',
    '의자 01',
    'A/B+c',
    'SQ1234567',
    '-1',
    '#7',
    'キーボード（青）',
    'Größe "M"',
    "it's",
    'a\\b',
    '`',
    '🎁',
    '0',
    'x'.repeat(100),
    '🎁'.repeat(100),
  ])('%s is taken as it is', (sku) => {
    expect(withSku(sku).data.items).toEqual([{ sku, quantity: 1, unitPrice: 12_000 }]);
  });

  test.each([
    ['empty', ''],
    ['a space', ' '],
    ['after a space', ' KB-01'],
    ['before a space', 'KB-01 '],
    ['before a no-break space', 'KB-01\u00a0'],
    ['with a tab', 'KB\t01'],
    ['with a line break', 'KB\n01'],
    ['with a NUL', 'KB\u000001'],
    ['with a C1 control', 'KB\u008501'],
    ['of 101 characters', 'x'.repeat(101)],
    ['of 101 emoji', '🎁'.repeat(101)],
  ])('that is %s is refused', (_, sku) => {
    expect(problemsOf(() => withSku(sku))).toEqual([
      'data.items[0].sku: must be 1 to 100 characters without control characters, and without spaces around',
    ]);
  });
});

describe('A line', () => {
  const line = { quantity: 1, unitPrice: 12_000 };
  const withLines = (items: object[], amount = 12_000) => withData({ items, total: { amount, currency: 'KRW' } });

  test.each([
    ['without a SKU', { ...line, tracked: false }],
    ['with an empty SKU', { ...line, sku: '', tracked: false }],
    ['with a SKU', { ...line, sku: 'WRAP', tracked: false }],
  ])('without a shelf is taken %s and takes nothing from shelves', (_, untracked) => {
    const { data } = withLines([untracked]);
    expect(data.items).toHaveLength(1);
    expect(goodsOf(data.items)).toEqual([]);
  });

  test.each([
    ['no SKU', line, 'is missing (only a line with tracked: false needs none)'],
    ['an empty SKU', { ...line, sku: '' }, 'must be 1 to 100 characters'],
    ['a number as SKU', { ...line, sku: 7 }, 'must be a string'],
    ['an empty SKU and tracked: true', { ...line, sku: '', tracked: true }, 'must be 1 to 100 characters'],
  ])('with a shelf and %s is refused', (_, tracked, problem) => {
    expect(problemsOf(() => withLines([tracked]))).toEqual([expect.stringContaining(`data.items[0].sku: ${problem}`)]);
  });

  test('may be free, and may repeat a SKU', () => {
    const items = [
      { ...line, sku: 'A' },
      { sku: 'A', quantity: 2, unitPrice: 0 },
      { sku: 'GIFT', quantity: 1, unitPrice: 0 },
    ];
    expect(goodsOf(withLines(items).data.items)).toEqual([
      { sku: 'A', quantity: 3 },
      { sku: 'GIFT', quantity: 1 },
    ]);
  });

  const lines = (count: number, skus: number, tracked = true) =>
    Array.from({ length: count }, (_, index) => ({
      sku: `S-${index % skus}`,
      quantity: 1,
      unitPrice: 1,
      ...(tracked ? {} : { tracked }),
    }));

  test.each([
    [500, 99, true, []],
    [500, 500, false, []],
    [501, 1, true, ['data.items: must have at most 500 lines']],
    [100, 100, true, ['data.items: must be of at most 99 SKUs, not 100']],
    [0, 1, true, ['data.items: must have at least 1 line']],
  ])('is one of %i lines of %i SKUs, tracked: %j', (count, skus, tracked, problems) => {
    expect(problemsOf(() => withLines(lines(count, skus, tracked), count))).toEqual(problems);
  });
});

describe('The charges', () => {
  const charge = (kind: string, amount: number) => ({ kind, amount });
  const withCharges = (charges: unknown, amount: number, currency = 'KRW') =>
    withData({ charges, total: { amount, currency } });

  test.each([
    ['a shipping fee', [charge('shipping', 3_000)], 15_000],
    ['a shipping fee and a coupon', [charge('shipping', 3_000), charge('discount', -1_000)], 14_000],
    ['a coupon for everything', [charge('discount', -12_000)], 0],
    ['a gift card for the goods and the fee', [charge('shipping', 3_000), charge('gift-card', -15_000)], 0],
    [
      'tax, a fee, rounding and something else',
      ['tax', 'fee', 'rounding', 'other'].map((kind) => charge(kind, 1)),
      12_004,
    ],
    ['a negative rounding', [charge('rounding', -5)], 11_995],
    ['a free shipping', [charge('shipping', 0)], 12_000],
    ['none', [], 12_000],
  ])('may be %s', (_, charges, amount) => {
    const { data } = withCharges(charges, amount);
    expect(data).toEqual({ ...good.data, charges, total: { amount, currency: 'KRW' } });
    expect(goodsOf(data.items)).toEqual([{ sku: 'KB-01', quantity: 1 }]);
    expect(needsPayment(data)).toBe(amount > 0);
  });

  test.each([
    [
      'another total',
      [charge('shipping', 3_000)],
      12_000,
      'must be 15000, the sum of the items (12000) and the charges (3000), not 12000',
    ],
    [
      'no charges and another total',
      undefined,
      15_000,
      'must be 12000, the sum of the items (12000) and the charges (0), not 15000',
    ],
    [
      'a coupon beyond the total',
      [charge('discount', -13_000)],
      0,
      'must be -1000, the sum of the items (12000) and the charges (-13000), not 0',
    ],
    ['a negative total', [charge('discount', -13_000)], -1_000, 'must be at least 0'],
  ])('are refused with %s', (_, charges, amount, problem) => {
    expect(problemsOf(() => withCharges(charges, amount))).toEqual([`data.total.amount: ${problem}`]);
  });

  test.each([
    [
      'an unknown kind',
      { kind: 'tip', amount: 1 },
      'data.charges[0].kind: must be one of shipping, tax, discount, gift-card, fee, rounding, other',
    ],
    ['no amount', { kind: 'tax' }, 'data.charges[0].amount: is missing'],
    ['a hundredth of a minor unit', { kind: 'tax', amount: 1.01 }, 'data.charges[0].amount: must be a whole number'],
    ['a text as amount', { kind: 'tax', amount: '1.00' }, 'data.charges[0].amount: must be a number'],
  ])('are refused with %s', (_, one, problem) => {
    expect(problemsOf(() => withCharges([one], 12_001))).toContain(problem);
  });

  test.each([[''], ['x'.repeat(100)], ['새해 쿠폰 10% 🎁']])('keep the label %j', (label) => {
    expect(withCharges([{ ...charge('tax', 1), label }], 12_001).data.charges).toEqual([
      { ...charge('tax', 1), label },
    ]);
  });

  test.each([['x'.repeat(101)], [7], [{}]])('drop the label %j', (label) => {
    expect(withCharges([{ ...charge('tax', 1), label }], 12_001).data.charges).toEqual([charge('tax', 1)]);
  });

  test('add up with the items whatever they are', () => {
    const charges = fc.array(fc.integer({ min: -12_000, max: 12_000 }), { maxLength: 100 });
    fc.assert(
      fc.property(charges, fc.integer({ min: -2, max: 2 }), (amounts, difference) => {
        const sum = amounts.reduce((total, amount) => total + amount, 12_000);
        const all = amounts.map((amount) => charge('other', amount));
        const isTaken = problemsOf(() => withCharges(all, sum + difference)).length === 0;
        expect(isTaken).toBe(sum >= 0 && difference === 0);
      }),
    );
  });
});

describe('The currency', () => {
  test.each(['KRW', 'JPY', 'KWD', 'BHD', 'IQD', 'HUF', 'TWD', 'COP', 'IDR', 'PKR', 'ISK', 'UGX', 'MGA', 'CLF', 'XCG'])(
    '%s is taken, in its own minor unit',
    (currency) => {
      expect(withData({ total: { amount: 12_000, currency } }).data.total).toEqual({ amount: 12_000, currency });
    },
  );

  test.each(['usd', 'US', 'USDT', '₩', '', '410', 'Krw'])('"%s" is refused', (currency) => {
    expect(problemsOf(() => withData({ total: { amount: 12_000, currency } }))).toEqual([
      'data.total.currency: must be an ISO 4217 code such as KRW',
    ]);
  });

  test.each([
    ['129.00', 'must be a number'],
    [129.5, 'must be a whole number'],
    [-1, 'must be at least 0'],
    [1_000_000_000_001, 'must be at most 1000000000000'],
  ])('does not change what an amount may be: %j is refused', (amount, problem) => {
    expect(problemsOf(() => withData({ total: { amount, currency: 'EUR' } }))).toContain(
      `data.total.amount: ${problem}`,
    );
  });
});

describe('The payment', () => {
  test.each([
    { token: 'tok_visa' },
    { kind: 'token', token: 'tok_visa' },
    { kind: 'captured', reference: 'pi_3MtwBwLkdIwHu7ix28a3tqPa' },
    { kind: 'authorized', reference: 'txn 42/7' },
    { kind: 'on-delivery' },
    { kind: 'awaited' },
    { kind: 'awaited', until: '2026-12-01T00:00:00Z' },
  ])('%j is taken', (payment) => {
    const { data } = withData({ payment });
    expect(data.payment).toEqual(payment);
    expect(needsPayment(data)).toBe(payment.kind !== 'on-delivery');
  });

  test.each([
    [{}, 'data.payment.token: is missing'],
    [{ token: '' }, 'data.payment.token: must not be empty'],
    [{ kind: 'captured' }, 'data.payment.reference: is missing'],
    [{ kind: 'authorized', reference: '' }, 'data.payment.reference: must not be empty'],
    [{ kind: 'captured', reference: 'x'.repeat(257) }, 'data.payment.reference: must be at most 256 characters'],
    [
      { kind: 'paid', reference: 'x' },
      'data.payment.kind: must be one of captured, authorized, on-delivery, awaited, or absent with a token',
    ],
    ['cod', 'data.payment: must be an object'],
  ])('%j is refused', (payment, problem) => {
    expect(problemsOf(() => withData({ payment }))).toEqual([problem]);
  });

  test('may be absent only where there is nothing to pay', () => {
    const { payment: _, ...unpaid } = good.data;
    const free = { ...unpaid, charges: [{ kind: 'discount', amount: -12_000 }], total: { amount: 0, currency: 'KRW' } };
    expect(parse({ ...good, data: free }).data).toEqual(free);
    expect(problemsOf(() => parse({ ...good, data: unpaid }))).toEqual([
      'data.payment: is missing (only an order with the total 0 needs none)',
    ]);
  });
});

describe('The customer', () => {
  test.each<[unknown, unknown]>([
    [{}, {}],
    [
      { id: '', phone: '', locale: '' },
      { id: '', phone: '', locale: '' },
    ],
    [{ phone: '010-1234-5678' }, { phone: '010-1234-5678' }],
    [{ phone: '+82 10 1234 5678' }, { phone: '+82 10 1234 5678' }],
    [{ phone: '0082 10 1234 5678' }, { phone: '0082 10 1234 5678' }],
    [{ phone: '+8201012345678' }, { phone: '+8201012345678' }],
    [{ phone: '+39 06 698 12345' }, { phone: '+39 06 698 12345' }],
    [{ phone: '+1 (242) 555-0123 ext. 7' }, { phone: '+1 (242) 555-0123 ext. 7' }],
    [{ locale: 'en_US.UTF-8' }, { locale: 'en_US.UTF-8' }],
    [{ locale: 'zh-Hant-TW' }, { locale: 'zh-Hant-TW' }],
    [{ locale: 'auto' }, { locale: 'auto' }],
    [{ locale: 'C' }, { locale: 'C' }],
    // What is no text, or too long, is read as absent: a phone as one that receives nothing.
    [{ id: 7, locale: 7 }, {}],
    [{ id: 'x'.repeat(65), locale: 'x'.repeat(36) }, {}],
    [{ phone: 821_012_345_678 }, { phone: '?' }],
    [{ phone: '0'.repeat(41) }, { phone: '?' }],
    ['c-7', undefined],
    [[], {}],
  ])('%j is read as %j and never costs an order', (customer, read) => {
    expect(withData({ customer }).data.customer).toEqual(read);
  });

  test('may be absent', () => {
    const { customer: _, ...guest } = good.data;
    expect(parse({ ...good, data: guest }).data).toEqual(guest);
  });
});

describe('A cancellation', () => {
  test.each<[unknown, unknown]>([
    ['changed my mind', 'changed my mind'],
    ['', ''],
    [undefined, undefined],
    [null, undefined],
    [7, undefined],
    ['x'.repeat(201), undefined],
    [['too late'], undefined],
  ])('with the reason %j is taken, with %j', (reason, read) => {
    const { data, ...event } = cancelRequested();
    const parsed = parse({ ...event, data: { orderId: data.orderId, ...(reason === undefined ? {} : { reason }) } });
    expect(parsed.data).toEqual({ orderId: data.orderId, ...(read === undefined ? {} : { reason: read }) });
  });

  test('of no order is refused', () => {
    expect(problemsOf(() => parse({ ...cancelRequested(), data: { reason: 'changed my mind' } }))).toEqual([
      'data.orderId: is missing',
    ]);
  });
});
