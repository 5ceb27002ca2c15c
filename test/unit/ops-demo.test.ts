import { describe, expect, test } from 'vitest';
import { orderPlaced } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { scenarioResult } from '../../ops/demo/result.ts';
import { demoScenarios, expectedSales, type Scenario } from '../../ops/demo/scenarios.ts';
import { checkShelfTotals, checkShelves } from '../../ops/demo/stock.ts';
import { orderPlacedEvent } from '../../ops/orders/generate.ts';
import type { OrderRecords } from '../../ops/orders/records.ts';
import type { GatewayRecord } from '../../ops/sandbox/gateway.ts';

const [first] = demoScenarios('run');
if (first === undefined) throw new Error('There are no scenarios');
const confirmed: Scenario = first;
const { orderId } = confirmed.order;
const entry = (kind: GatewayRecord['kind'], parts: Partial<GatewayRecord> = {}): GatewayRecord => ({
  orderId,
  kind,
  amount: 12_000,
  currency: 'KRW',
  time: '2026-11-21T09:00:00.100Z',
  ...parts,
});
const paid = [entry('authorization'), entry('capture')];

/** The records of an order that ended as expected. */
const good: OrderRecords = {
  order: {
    orderId,
    status: 'CONFIRMED',
    timeline: [
      { time: '2026-11-21T09:00:00.000Z', type: 'shop.order.placed.v1', source: '/shop/checkout' },
      { time: '2026-11-21T09:00:00.100Z', type: 'shop.payment.authorized.v1', source: '/shop/payment' },
      { time: '2026-11-21T09:00:00.150Z', type: 'shop.order.confirmed.v1', source: '/shop/order' },
      { time: '2026-11-21T09:00:00.180Z', type: 'shop.payment.captured.v1', source: '/shop/payment' },
    ],
  },
  payment: { state: 'captured', time: '2026-11-21T09:00:00.180Z' },
  notification: {
    contact: { phone: '+821012345678', locale: 'ko' },
    texts: { 'order-confirmed': { sentAt: '2026-11-21T09:00:00.250Z' } },
  },
};

function scenarioOf(story: string): Scenario {
  const scenario = demoScenarios('x').find((candidate) => candidate.story === story);
  if (scenario === undefined) throw new Error('There is no such scenario');
  return scenario;
}

describe('The demonstration', () => {
  test.each(demoScenarios('0123456789').map((scenario) => [scenario.story, scenario] as const))(
    'sends a valid order: %s',
    (_, { order }) => {
      expect(() => parseEvent(JSON.stringify(orderPlacedEvent(order)), [orderPlaced])).not.toThrow();
    },
  );

  test('sells what the confirmed orders hold, each once', () => {
    expect(Object.fromEntries(expectedSales(demoScenarios('x')))).toEqual({ 'KB-01': 5, 'MS-02': 4 });
  });

  test('has an order with a shipping fee and a coupon, and one without a phone', () => {
    const orders = demoScenarios('x').map(({ order }) => order);
    expect(orders.flatMap(({ charges = [] }) => charges.map(({ kind }) => kind))).toEqual(['shipping', 'discount']);
    expect(orders.filter(({ customer }) => customer?.phone === undefined)).toHaveLength(1);
  });
});

describe('An order of the demonstration', () => {
  const problems = (known: OrderRecords, money = paid) => scenarioResult(confirmed, known, money).problems;

  test('has no problems when status, money, payment and text are as expected', () => {
    expect(problems(good)).toEqual([]);
  });

  test('is timed from step to step', () => {
    expect(scenarioResult(confirmed, good, paid).stages).toEqual({
      placedToPayment: 100,
      placedToDecided: 150,
      decidedToCaptured: 30,
      decidedToText: 100,
    });
  });

  test('has no time to its decision when it was cancelled before it came', () => {
    const timeline = [
      { time: '2026-11-21T09:00:00.000Z', type: 'shop.order.cancelled.v1', source: '/shop/order' },
      { time: '2026-11-21T09:00:01.000Z', type: 'shop.order.placed.v1', source: '/shop/checkout' },
    ];
    const early: OrderRecords = { order: { orderId, status: 'CANCELLED', reason: 'customer', timeline } };
    expect(scenarioResult(scenarioOf('cancelled by the customer before it came'), early, []).stages).toEqual({});
  });

  test('has a problem when it was charged twice, not yet, or not let go of', () => {
    const expected = 'instead of authorized, captured';
    expect(problems(good, [...paid, entry('capture')])).toEqual([`was authorized, captured, captured ${expected}`]);
    expect(problems(good, [entry('authorization')])).toEqual([`was authorized ${expected}`]);
    const outOfStock = scenarioOf('out of stock, so nothing is charged');
    expect(scenarioResult(outOfStock, {}, [entry('authorization')]).problems).toContain(
      'was authorized instead of authorized, voided',
    );
    expect(scenarioResult(scenarioOf('card declined'), {}, [entry('authorization')]).problems).toContain(
      'was authorized instead of not charged',
    );
  });

  test('has a problem until its payment is captured, which comes after the confirmation', () => {
    expect(problems({ ...good, payment: { state: 'capturing', time: '2026-11-21T09:00:00.160Z' } })).toEqual([
      'has its payment in state capturing instead of captured',
    ]);
  });

  test('has a problem when something else than its total was charged', () => {
    const { order, ...scenario } = scenarioOf('confirmed, with a shipping fee and a coupon');
    const charged = (amount: number) =>
      scenarioResult({ order, ...scenario }, good, [
        entry('authorization', { amount: 12_390, currency: 'EUR' }),
        entry('capture', { amount, currency: 'EUR' }),
      ]).problems;
    expect(charged(12_390)).toEqual([]);
    expect(charged(12_900)).toEqual(['has a capture of €129.00 instead of €123.90']);
  });

  test('of a guest without a phone has a problem when it was texted', () => {
    const guest = scenarioOf('confirmed, a guest without a phone');
    expect(scenarioResult(guest, { ...good, notification: undefined }, paid).problems).toEqual([]);
    expect(scenarioResult(guest, good, paid).problems).toEqual(['was texted although it has no phone']);
  });

  test('has a problem when it is undecided, unknown or not texted', () => {
    expect(problems({}, [])).toContain('is unknown instead of CONFIRMED');
    expect(problems({ ...good, notification: undefined })).toEqual(['was texted nothing instead of order-confirmed']);
  });
});

describe('The shelves after the demonstration', () => {
  const shelf = (available: number, reserved: number, sold: number) => [{ sku: 'KB-01', available, reserved, sold }];
  const sold = new Map([['KB-01', 3]]);

  test('have no problems when exactly the confirmed orders were sold', () => {
    expect(checkShelves(shelf(100, 0, 5), shelf(97, 0, 8), sold)).toEqual([]);
  });

  test.each([
    ['sold twice', shelf(94, 0, 11), '6 pieces of KB-01 were sold instead of 3'],
    ['still reserved', shelf(97, 3, 5), 'KB-01 has 3 pieces reserved instead of 0'],
    ['lost', shelf(90, 0, 8), 'KB-01 has 98 pieces in all, not 105'],
    ['gone', [], 'KB-01 has 0 pieces in all, not 105'],
  ])('have a problem when pieces are %s', (_, after, problem) => {
    expect(checkShelves(shelf(100, 0, 5), after, sold)).toContain(problem);
  });

  test('keep their totals even when others bought too', () => {
    expect(checkShelfTotals(shelf(100, 0, 5), shelf(80, 5, 20))).toEqual([]);
    expect(checkShelfTotals(shelf(1, 0, 5), shelf(-1, 0, 7))).toEqual(['KB-01 has -1 pieces available']);
  });
});
