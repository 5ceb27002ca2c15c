import { describe, expect, test } from 'vitest';
import { orderPlaced } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { scenarioResult } from '../../ops/demo/result.ts';
import { demoScenarios, expectedMovements, type Scenario } from '../../ops/demo/scenarios.ts';
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

  test('sells what the confirmed orders hold, each once, and gets back what is returned', () => {
    expect(Object.fromEntries(expectedMovements(demoScenarios('x')))).toEqual({
      'KB-01': { sold: 6, returned: 0 },
      'MS-02': { sold: 6, returned: 1 },
    });
  });

  test('cancels one order after its confirmation, and refunds a part of another with a piece of it', () => {
    const after = demoScenarios('x').flatMap(({ afterConfirmation }) => afterConfirmation ?? []);
    expect(after.map(({ kind }) => kind)).toEqual(['cancel', 'refund']);
  });

  test('names each of its orders by how the id ends, so that one can be asked for', () => {
    const scenarios = demoScenarios('x');
    for (const { name, order } of scenarios) expect(order.orderId).toBe(`demo-x-${name}`);
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
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

  const cancelledLate = (): [Scenario, OrderRecords, GatewayRecord[]] => [
    scenarioOf('cancelled by the customer after its confirmation'),
    {
      order: { orderId, status: 'CANCELLED', reason: 'customer', timeline: [] },
      payment: { state: 'refunded', time: '2026-11-21T09:00:01.000Z' },
      notification: {
        contact: { phone: '+821012345678', locale: 'ko' },
        // A table does not keep the sequence.
        texts: {
          'order-cancelled': { sentAt: '2026-11-21T09:00:01.000Z' },
          'order-confirmed': { sentAt: '2026-11-21T09:00:00.250Z' },
        },
      },
    },
    [...paid, entry('refund')],
  ];

  test('that was cancelled after its confirmation ends refunded, and texted about both', () => {
    const [scenario, records, money] = cancelledLate();
    expect(scenarioResult(scenario, records, money).problems).toEqual([]);
    expect(scenarioResult(scenario, records, paid).problems).toEqual([
      'was authorized, captured instead of authorized, captured, refunded',
    ]);
    expect(scenarioResult(scenario, { ...records, notification: good.notification }, money).problems).toEqual([
      'was texted order-confirmed instead of order-confirmed, order-cancelled',
    ]);
  });

  test('has a problem when another sum went back than was asked for', () => {
    const refund = (amount: number) => {
      const euros = { amount: 12_900, currency: 'EUR' };
      const money = [entry('authorization', euros), entry('capture', euros), entry('refund', { ...euros, amount })];
      return scenarioResult(scenarioOf('one of its pieces refunded, and back on the shelf'), good, money).problems;
    };
    const untold = 'was texted order-confirmed instead of order-confirmed, order-refunded';
    expect(refund(2_475)).toEqual([untold]);
    expect(refund(12_900)).toEqual(['has a refund of €129.00 instead of €24.75', untold]);
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
  const movements = new Map([['KB-01', { sold: 3, returned: 1 }]]);
  const check = (after: ReturnType<typeof shelf>) => checkShelves(shelf(100, 0, 5), after, movements);

  test('have no problems when exactly the confirmed orders were sold, and what came back is for sale again', () => {
    expect(check(shelf(98, 0, 8))).toEqual([]);
  });

  test.each([
    ['sold twice', shelf(95, 0, 11), '6 pieces of KB-01 were sold instead of 3'],
    ['still reserved', shelf(98, 3, 5), 'KB-01 has 3 pieces reserved instead of 0'],
    ['lost', shelf(90, 0, 8), 'KB-01 has 98 pieces in all, not 106'],
    ['not back', shelf(97, 0, 8), 'KB-01 has 105 pieces in all, not 106'],
    ['back twice', shelf(99, 0, 8), 'KB-01 has 107 pieces in all, 1 too many'],
    ['gone', [], 'KB-01 has 0 pieces in all, not 106'],
  ])('have a problem when pieces are %s', (_, after, problem) => {
    expect(check(after)).toContain(problem);
  });

  test('miss no piece even when others bought and gave back, too', () => {
    expect(checkShelfTotals(shelf(100, 0, 5), shelf(82, 5, 20), movements)).toEqual([]);
    expect(checkShelfTotals(shelf(1, 0, 5), shelf(-1, 0, 8), movements)).toEqual(['KB-01 has -1 pieces available']);
  });
});
