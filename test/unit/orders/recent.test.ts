import { expect, test, vi } from 'vitest';
import { type OpenState, openAttributes } from '../../../lambdas/order/open-orders.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { localTarget } from '../../../ops/aws-target.ts';
import { findOrders, recentOrders } from '../../../ops/orders/recent.ts';
import { deployedShop } from '../../../ops/stack.ts';

const START = Date.UTC(2026, 10, 21, 9);
const at = (second: number) => new Date(START + second * 1_000);

type Listed = Partial<Order> & Pick<Order, 'orderId' | 'timeline'>;

/** An order that was placed at a second, and is in a state of the index since another. */
function order(number: number, state: OpenState = 'decided', since = number, parts: Partial<Order> = {}): Listed {
  const orderId = `o-${number}`;
  const placed = { time: at(number).toISOString(), type: 'shop.order.placed.v1', source: '/shop/checkout' };
  const status = state === 'decided' || state === 'due' ? 'CONFIRMED' : 'PLACED';
  const total = { amount: 12_000, currency: 'KRW' };
  return { orderId, status, total, timeline: [placed], ...openAttributes(state, orderId, at(since)), ...parts };
}

type Input = {
  RequestItems?: Record<string, { Keys: { orderId: string }[] }>;
  ExpressionAttributeValues?: { ':shard': string };
  ExclusiveStartKey?: { orderId: string };
  Limit?: number;
};

/** A shop whose table has these orders behind the calls that list them; anything else, such as a scan, fails. */
function shopWith(orders: readonly Listed[]) {
  const shop = deployedShop(localTarget('http://127.0.0.1:9'), {
    Outputs: [{ OutputKey: 'OrdersTableName', OutputValue: 'orders' }],
  });
  const query = ({ ExpressionAttributeValues, ExclusiveStartKey, Limit = 0 }: Input) => {
    const shard = orders
      .filter(({ open }) => open === ExpressionAttributeValues?.[':shard'])
      .sort((one, other) => ((one.openSince ?? '') < (other.openSince ?? '') ? 1 : -1));
    const first = shard.findIndex(({ orderId }) => orderId === ExclusiveStartKey?.orderId) + 1;
    const Items = shard.slice(first, first + Limit).map(({ orderId, openSince }) => ({ orderId, openSince }));
    return { Items, ...(first + Limit < shard.length ? { LastEvaluatedKey: {} } : {}) };
  };
  const send = vi.spyOn(shop.documents, 'send').mockImplementation(async (command: { input: object }) => {
    const { name } = command.constructor;
    const input: Input = command.input;
    if (name === 'QueryCommand') return query(input);
    if (name !== 'BatchGetCommand') throw new Error(`no ${name}`);
    const ids = new Set(input.RequestItems?.orders?.Keys.map(({ orderId }) => orderId));
    return { Responses: { orders: orders.filter(({ orderId }) => ids.has(orderId)) } };
  });
  return { shop, send };
}

const idsOf = (orders: readonly { orderId: string }[]) => orders.map(({ orderId }) => orderId);

test('the recent orders are listed by when they were placed, newest first, decided or not', async () => {
  const { shop } = shopWith([
    order(1, 'decided', 500, { status: 'CANCELLED', reason: 'payment-declined' }),
    order(2, 'open'),
    order(3, 'reminded', 100),
    order(4, 'decided', 4, { orderNumber: '#1029' }),
  ]);
  const total = { amount: 12_000, currency: 'KRW' };
  expect(await recentOrders(shop)).toEqual({
    orders: [
      { orderId: 'o-4', orderNumber: '#1029', status: 'CONFIRMED', total, placedAt: '2026-11-21T09:00:04.000Z' },
      { orderId: 'o-3', status: 'PLACED', total, placedAt: '2026-11-21T09:00:03.000Z' },
      { orderId: 'o-2', status: 'PLACED', total, placedAt: '2026-11-21T09:00:02.000Z' },
      {
        orderId: 'o-1',
        status: 'CANCELLED',
        reason: 'payment-declined',
        total,
        placedAt: '2026-11-21T09:00:01.000Z',
      },
    ],
  });
});

test('pages list every order once, also those of one moment, with as many calls for each page', async () => {
  const orders = Array.from({ length: 230 }, (_, number) =>
    // Many fall due at the same midnight.
    number % 3 === 0 ? order(number, 'until', 86_400) : order(number, 'decided', Math.floor(number / 40)),
  );
  const { shop, send } = shopWith(orders);
  const listed: string[] = [];
  let before: string | undefined;
  for (let page = 1; page <= 3; page += 1) {
    send.mockClear();
    const { orders: found, next } = await recentOrders(shop, { before });
    expect(found.length).toBeLessThanOrEqual(100);
    expect(send.mock.calls.length).toBeLessThanOrEqual(41);
    listed.push(...idsOf(found));
    before = next;
  }
  expect(before).toBeUndefined();
  expect([...listed].sort()).toEqual(idsOf(orders).sort());
});

test('orders whose moment lies ahead do not hide the ones that were just placed', async () => {
  const waiting = Array.from({ length: 100 }, (_, number) => order(number, 'until', 90_000 + number));
  const { shop } = shopWith([...waiting, order(1_000)]);
  const { orders } = await recentOrders(shop, { limit: 10 });
  expect(idsOf(orders)).toEqual(['o-1000', 'o-99', 'o-98', 'o-97', 'o-96', 'o-95']);
});

test('what is no order yet is left out, and one that was cancelled before it came has no total', async () => {
  const cancelled = { time: at(7).toISOString(), type: 'shop.order.cancelled.v1', source: '/shop/order' };
  const tombstone: Listed = { ...order(7, 'decided'), timeline: [cancelled], status: 'CANCELLED', reason: 'customer' };
  delete tombstone.total;
  const unknown = order(8, 'reminded');
  delete unknown.status;
  const { shop } = shopWith([tombstone, unknown]);
  expect((await recentOrders(shop)).orders).toEqual([
    { orderId: 'o-7', status: 'CANCELLED', reason: 'customer', total: null, placedAt: '2026-11-21T09:00:07.000Z' },
  ]);
});

test('an order is found by its id, and by its number with and without the sign before it', async () => {
  const { shop } = shopWith([
    order(1, 'decided', 1, { orderNumber: '#1029' }),
    order(2, 'decided', 2, { orderNumber: '1030' }),
  ]);
  for (const [text, found] of [
    ['o-1', ['o-1']],
    [' #1029 ', ['o-1']],
    ['1029', ['o-1']],
    ['#1030', ['o-2']],
    ['102', []],
    ['', []],
  ] as const) {
    expect(idsOf(await findOrders(shop, text)), text).toEqual(found);
  }
});

test('a page that was never given out is refused', async () => {
  const { shop } = shopWith([]);
  for (const before of ['x', 'e30x', Buffer.from('{"decided-0":7}').toString('base64url')]) {
    await expect(recentOrders(shop, { before })).rejects.toThrow('There is no such page of orders.');
  }
});

test('the undecided orders can be listed alone, also those that wait for a payment', async () => {
  const { shop } = shopWith([
    order(1, 'open'),
    order(2),
    order(3, 'until', 900),
    order(4, 'reminded'),
    order(5, 'due', 700),
  ]);
  const { orders } = await recentOrders(shop, { undecided: true });
  expect(idsOf(orders)).toEqual(['o-4', 'o-3', 'o-1']);
});
