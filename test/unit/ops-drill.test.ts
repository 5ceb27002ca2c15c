import { describe, expect, test } from 'vitest';
import { orderCancelRequested, orderPlaced } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { planDrill } from '../../ops/drill/plan.ts';
import { type DrillObservations, drillResult } from '../../ops/drill/result.ts';
import { retriedOrders } from '../../ops/drill/retried.ts';
import { PARTIAL_REFUND } from '../../ops/orders/follow-up.ts';
import type { OrderRecords } from '../../ops/orders/records.ts';
import type { GatewayRecord } from '../../ops/sandbox/gateway.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 9, 0, second)).toISOString();

describe('The plan of a drill', () => {
  const orders = planDrill('drill-1', 300, { repeated: 0.1, cancelled: 0.05, afterConfirmation: 0.05 });
  const events = orders.map((order) =>
    order.bodies().map((body) => parseEvent(body, [orderPlaced, orderCancelRequested])),
  );

  test('places a third of the orders in each period of the outage', () => {
    for (const period of ['before', 'during', 'after']) {
      expect(orders.filter((order) => order.period === period)).toHaveLength(100);
    }
  });

  test('publishes a share twice, half of it with the same message id, and cancels another share', () => {
    const twice = events.filter(([one, other]) => other !== undefined && other.type === one?.type);
    expect(twice).toHaveLength(30);
    expect(twice.filter(([one, other]) => one?.id === other?.id)).toHaveLength(15);
    const cancelled = orders.filter((order) => order.cancelled);
    expect(cancelled.length).toBeGreaterThan(10);
    expect(events.filter(([, other]) => other?.type === orderCancelRequested.type)).toHaveLength(cancelled.length);
  });

  test('has others cancelled after their confirmation, and as many refunded in part', () => {
    for (const followUp of ['cancellation', 'refund'] as const) {
      const followed = orders.filter((order) => order.followUp === followUp);
      expect(followed.length).toBeGreaterThan(10);
      expect(followed.filter(({ cancelled }) => cancelled)).toEqual([]);
      for (const period of ['before', 'during', 'after'])
        expect(followed.some((one) => one.period === period)).toBe(true);
    }
  });
});

describe('The orders with a message that is to be tried again', () => {
  const line = (orderId: string, second: number, parts: object = {}) =>
    JSON.stringify({
      time: at(second),
      message: 'will be tried again',
      consumer: 'payment',
      orderId,
      messageId: `m-${orderId}`,
      attempt: 3,
      retryInSeconds: 20,
      ...parts,
    });

  test('are those whose next attempt is to come or under way, oldest first and each once', () => {
    const lines = [
      line('o-2', 9),
      line('o-1', 2),
      line('o-1', 7, { messageId: 'm-other' }),
      line('o-3', 0, { retryInSeconds: 2 }),
      line('o-4', 5, { message: 'done' }),
      'no log line of an attempt: will be tried again',
    ];
    expect(retriedOrders(lines, Date.parse(at(20)))).toEqual(['o-1', 'o-2']);
  });
});

describe('The result of a drill', () => {
  const [first, second, third] = planDrill('drill-1', 3, { repeated: 0, cancelled: 0, afterConfirmation: 0 });
  if (first === undefined || second === undefined || third === undefined) throw new Error('There are no orders');
  const orders = [first, second, { ...third, cancelled: true }];
  const recordsOf = (orderId: string, status: 'CONFIRMED' | 'CANCELLED'): OrderRecords => ({
    order: {
      orderId,
      status,
      timeline: [
        { time: at(0), type: 'shop.order.placed.v1', source: '/shop/checkout' },
        { time: at(2), type: 'shop.stock.reserved.v1', source: '/shop/stock' },
        { time: at(3), type: `shop.order.${status.toLowerCase()}.v1`, source: '/shop/order' },
      ],
    },
    notification: {
      contact: { phone: '+821012345678', locale: 'ko' },
      texts: { [`order-${status.toLowerCase()}`]: { sentAt: at(4) } },
    },
  });
  const entry = (kind: GatewayRecord['kind'], orderId: string, amount = 12_000): GatewayRecord => ({
    orderId,
    kind,
    amount,
    currency: 'KRW',
    time: at(1),
  });
  const paid = (orderId: string) => [entry('authorization', orderId), entry('capture', orderId)];
  const [one, two, three] = orders.map(({ order }) => order.orderId) as [string, string, string];
  const good: DrillObservations = {
    orders,
    records: new Map([
      [one, recordsOf(one, 'CONFIRMED')],
      [two, recordsOf(two, 'CONFIRMED')],
      [three, recordsOf(three, 'CANCELLED')],
    ]),
    money: [...paid(one), ...paid(two), entry('authorization', three), entry('void', three)],
    shelf: { sku: 'drill-1', available: 1, reserved: 0, sold: 2 },
    stocked: 3,
    waiting: 0,
    waitingOrders: [],
    deadLettered: 0,
  };

  test('counts orders, money, goods and texts, and has no problems when they agree', () => {
    expect(drillResult(good)).toEqual({
      accepted: 3,
      confirmed: 2,
      cancelled: 1,
      cancelledAfterConfirmation: 0,
      refundedInPart: 0,
      waiting: 0,
      deadLettered: 0,
      authorized: 3,
      captured: 2,
      voided: 1,
      refunded: 0,
      reserved: 0,
      sold: 2,
      available: 1,
      texts: 3,
      medians: {
        before: { placedToReserved: 2_000, cancelledToText: undefined },
        during: { placedToReserved: 2_000, cancelledToText: undefined },
        after: { placedToReserved: 2_000, cancelledToText: 1_000 },
      },
      waitingOrders: [],
      problems: [],
    });
  });

  /** One order was cancelled after its confirmation, another refunded in part. */
  const followed = (): DrillObservations => {
    const cancelled = recordsOf(one, 'CANCELLED');
    const refunded = recordsOf(two, 'CONFIRMED');
    const [placed] = cancelled.order?.timeline ?? [];
    if (placed === undefined) throw new Error('There is no timeline');
    const timeline = [
      placed,
      { ...placed, type: 'shop.order.confirmed.v1' },
      { ...placed, type: 'shop.order.cancelled.v1' },
    ];
    const texts = (...templates: string[]) => ({
      contact: { phone: '+821012345678', locale: 'ko' },
      texts: Object.fromEntries(templates.map((template) => [template, { sentAt: at(4) }])),
    });
    return {
      ...good,
      orders: [
        { ...first, followUp: 'cancellation' },
        { ...second, followUp: 'refund' },
        { ...third, cancelled: true },
      ],
      records: new Map([
        ...good.records,
        [
          one,
          {
            order: { orderId: one, status: 'CANCELLED' as const, timeline },
            notification: texts('order-cancelled', 'order-confirmed'),
          },
        ],
        [two, { ...refunded, notification: texts('order-confirmed', 'order-refunded') }],
      ]),
      money: [
        ...good.money,
        { ...entry('refund', one), refundId: 'cancel' },
        { ...entry('refund', two, PARTIAL_REFUND.amount), refundId: PARTIAL_REFUND.refundId },
      ],
      shelf: { sku: 'drill-1', available: 3, reserved: 0, sold: 1 },
    };
  };

  test('has no problems where a confirmed order is cancelled, and another refunded in part', () => {
    const result = drillResult(followed());
    expect(result.problems).toEqual([]);
    expect(result).toMatchObject({ cancelledAfterConfirmation: 1, refundedInPart: 1, refunded: 2, confirmed: 1 });
  });

  test.each<[string, (all: DrillObservations) => Partial<DrillObservations>, string]>([
    [
      'a cancelled order that keeps its money',
      ({ money }) => ({ money: money.filter(({ refundId }) => refundId !== 'cancel') }),
      `${one} is CANCELLED with 1 authorizations, 1 captures, 0 voids and 0 refunds`,
    ],
    [
      'a cancelled order of which only a part went back',
      ({ money }) => ({ money: money.map((each) => (each.refundId === 'cancel' ? { ...each, amount: 7_000 } : each)) }),
      `${one} is CANCELLED with 1 authorizations, 1 captures, 0 voids and 1 refunds of 7000 in all`,
    ],
    [
      'a refund that was sent twice',
      ({ money }) => ({ money: [...money, ...money.slice(-1)] }),
      `${two} is CONFIRMED with 1 authorizations, 1 captures, 0 voids and 2 refunds of 10000 in all`,
    ],
    [
      'a refund of another amount',
      ({ money }) => ({ money: money.map((each) => (each.refundId === 'r-1' ? { ...each, amount: 5_001 } : each)) }),
      `${two} is CONFIRMED with 1 authorizations, 1 captures, 0 voids and 1 refunds of 5001 in all`,
    ],
    [
      'a cancellation that came to nothing',
      ({ records }) => ({ records: new Map([...records, [one, recordsOf(one, 'CONFIRMED')]]) }),
      `${one} is CONFIRMED`,
    ],
    [
      'a refund that nobody was told of',
      ({ records }) => ({ records: new Map([...records, [two, recordsOf(two, 'CONFIRMED')]]) }),
      `${two} got order-confirmed`,
    ],
    [
      'a piece that is not back',
      () => ({ shelf: { sku: 'drill-1', available: 2, reserved: 0, sold: 1 } }),
      'the shelf has 3 pieces in all instead of 4',
    ],
  ])('reports %s', (_, change, problem) => {
    const all = followed();
    expect(drillResult({ ...all, ...change(all) }).problems).toContainEqual(expect.stringContaining(problem));
  });

  /** One order is undecided, and another's capture unanswered. */
  const stuck = new Map([
    ...good.records,
    [one, { order: { orderId: one, status: 'PLACED' as const, timeline: [] } }],
    [
      two,
      { ...recordsOf(two, 'CONFIRMED'), payment: { state: 'capturing' as const, time: '2026-11-21T09:00:00.000Z' } },
    ],
  ]);

  test('names all orders that wait in its document, and none while nothing waits', () => {
    expect(drillResult({ ...good, waiting: 3, waitingOrders: ['o-7', one], records: stuck }).waitingOrders).toEqual([
      'o-7',
      one,
      two,
    ]);
    expect(drillResult({ ...good, waitingOrders: ['o-7'] }).waitingOrders).toEqual([]);
  });

  test('names what waits first, because other problems follow from it', () => {
    const { problems } = drillResult({ ...good, waiting: 1, records: stuck });
    expect(problems.length).toBeGreaterThan(1);
    expect(problems[0]).toBe(`1 message still waits, of orders ${one}, ${two}`);
  });

  test.each<[string, Partial<DrillObservations>, string]>([
    [
      'an unknown order',
      { records: new Map([...good.records].slice(1)) },
      `${one} is unknown, is unknown with 1 authorizations, 1 captures`,
    ],
    [
      'a second charge',
      { money: [...good.money, entry('capture', one)] },
      `${one} is CONFIRMED with 1 authorizations, 2 captures, 0 voids and 0 refunds`,
    ],
    [
      'a cancelled order that was voided and charged, though the money went back',
      { money: [...good.money, entry('capture', three), entry('refund', three)] },
      `${three} is CANCELLED with 1 authorizations, 1 captures, 1 voids and 1 refunds`,
    ],
    [
      'an authorization that nobody let go of',
      { money: good.money.filter(({ kind }) => kind !== 'void') },
      `${three} is CANCELLED with 1 authorizations, 0 captures, 0 voids and 0 refunds`,
    ],
    [
      'a wrong amount',
      { money: [...good.money.slice(2), entry('authorization', one), entry('capture', one, 1)] },
      `${one} has another amount on record`,
    ],
    ['a lost piece', { stocked: 4 }, 'the shelf has 3 pieces in all instead of 4'],
    [
      'messages that wait',
      { waiting: 2 },
      '2 messages still wait, of orders that neither the records nor the logs name',
    ],
    [
      'the order of a message that waits, also if it is none of the drill',
      { waiting: 1, waitingOrders: ['o-7'] },
      '1 message still waits, of order o-7',
    ],
    [
      'its own orders whose messages wait',
      { waiting: 3, waitingOrders: [one], records: stuck },
      `3 messages still wait, of orders ${one}, ${two}`,
    ],
    [
      'as many orders as can be read',
      { waiting: 9, waitingOrders: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] },
      '9 messages still wait, of orders a, b, c, d, e and 2 more',
    ],
    ['a dead letter', { deadLettered: 1 }, '1 message was dead-lettered'],
  ])('reports %s', (_, part, problem) => {
    expect(drillResult({ ...good, ...part }).problems).toContainEqual(expect.stringContaining(problem));
  });
});
