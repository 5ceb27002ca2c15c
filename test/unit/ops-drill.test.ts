import { describe, expect, test } from 'vitest';
import { orderCancelRequested, orderPlaced } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { planDrill } from '../../ops/drill/plan.ts';
import { type DrillObservations, drillResult } from '../../ops/drill/result.ts';
import type { OrderRecords } from '../../ops/orders/records.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 9, 0, second)).toISOString();

describe('The plan of a drill', () => {
  const orders = planDrill('drill-1', 300, { repeated: 0.1, cancelled: 0.05 });
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
});

describe('The result of a drill', () => {
  const [first, second, third] = planDrill('drill-1', 3, { repeated: 0, cancelled: 0 });
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
      texts: { 'order-confirmed': { sentAt: at(4) } },
    },
  });
  const capture = (orderId: string) =>
    ({ orderId, kind: 'capture', amount: 12_000, currency: 'KRW', time: at(1) }) as const;
  const [one, two, three] = orders.map(({ order }) => order.orderId) as [string, string, string];
  const good: DrillObservations = {
    orders,
    records: new Map([
      [one, recordsOf(one, 'CONFIRMED')],
      [two, recordsOf(two, 'CONFIRMED')],
      [three, recordsOf(three, 'CANCELLED')],
    ]),
    money: [capture(one), capture(two)],
    shelf: { sku: 'drill-1', available: 1, reserved: 0, sold: 2 },
    stocked: 3,
    waiting: 0,
    deadLettered: 0,
  };

  test('counts orders, money, goods and texts, and has no problems when they agree', () => {
    expect(drillResult(good)).toEqual({
      accepted: 3,
      confirmed: 2,
      cancelled: 1,
      waiting: 0,
      deadLettered: 0,
      captured: 2,
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
      problems: [],
    });
  });

  test.each<[string, Partial<DrillObservations>, string]>([
    [
      'an unknown order',
      { records: new Map([...good.records].slice(1)) },
      `${one} is unknown, is unknown with 1 captures`,
    ],
    ['a second charge', { money: [...good.money, capture(one)] }, `${one} was charged or refunded more than once`],
    ['a wrong amount', { money: [{ ...capture(one), amount: 1 }, capture(two)] }, `${one} was charged another amount`],
    ['a lost piece', { stocked: 4 }, 'pieces are missing from the shelf'],
    ['a waiting message', { waiting: 2 }, '2 messages still wait'],
    ['a dead letter', { deadLettered: 1 }, '1 messages were dead-lettered'],
  ])('reports %s', (_, part, problem) => {
    expect(drillResult({ ...good, ...part }).problems).toContainEqual(expect.stringContaining(problem));
  });
});
