import { expect, test, vi } from 'vitest';
import { openShard } from '../../lambdas/order/open-orders.ts';
import type { Order } from '../../lambdas/order/record.ts';
import { localTarget } from '../../ops/aws-target.ts';
import { deployedShop } from '../../ops/stack.ts';
import { MAX_WAITING_ORDERS, missingOutcome, readWaitingOrders } from '../../ops/status/waiting.ts';

type OpenOrder = Partial<Order> & { orderId: string; open: string; openSince: string };
type Input = {
  RequestItems?: Record<string, { Keys: { orderId: string }[] }>;
  ExpressionAttributeValues?: { ':shard': string };
  Limit?: number;
};

const openOrder = (
  number: number,
  parts: Partial<Order> = {},
  state: 'open' | 'reminded' | 'due' = 'open',
): OpenOrder => {
  const orderId = `o-${number}`;
  const openSince = new Date(Date.UTC(2026, 10, 21, 9) + number * 1_000).toISOString();
  return { orderId, status: 'PLACED', open: openShard(state, orderId), openSince, ...parts };
};

/** A shop whose index of undecided orders has these, in any sequence. */
function shopWith(orders: readonly OpenOrder[]) {
  const shop = deployedShop(localTarget('http://127.0.0.1:9'), {
    Outputs: [{ OutputKey: 'OrdersTableName', OutputValue: 'orders' }],
  });
  const send = vi.spyOn(shop.documents, 'send').mockImplementation(async (command: { input: object }) => {
    const input: Input = command.input;
    if (input.RequestItems !== undefined) {
      const ids = new Set(input.RequestItems.orders?.Keys.map(({ orderId }) => orderId));
      return { Responses: { orders: orders.filter(({ orderId }) => ids.has(orderId)) } };
    }
    const Items = orders
      .filter(({ open }) => open === input.ExpressionAttributeValues?.[':shard'])
      .sort((one, other) => (one.openSince < other.openSince ? -1 : 1))
      .slice(0, input.Limit);
    return { Items };
  });
  return { shop, send };
}

test('the orders that have been undecided the longest are named oldest first, with what each waits for', async () => {
  const { shop } = shopWith([
    openOrder(3, { payment: 'authorized' }),
    openOrder(1, { stock: 'reserved' }, 'reminded'),
    openOrder(2),
  ]);
  expect(await readWaitingOrders(shop)).toEqual([
    { orderId: 'o-1', since: '2026-11-21T09:00:01.000Z', waitsFor: 'payment' },
    { orderId: 'o-2', since: '2026-11-21T09:00:02.000Z', waitsFor: 'payment and stock' },
    { orderId: 'o-3', since: '2026-11-21T09:00:03.000Z', waitsFor: 'stock' },
  ]);
});

test.each<[string, Partial<Order> | undefined, ReturnType<typeof missingOutcome>]>([
  ['that is unknown waits for nobody', undefined, undefined],
  ['that was decided since waits for nobody', { status: 'CANCELLED' }, undefined],
  ['whose customer has yet to pay is no trouble', { method: { kind: 'awaited' }, stock: 'reserved' }, undefined],
  ['whose goods are awaited as well as its payment waits for stock', { method: { kind: 'awaited' } }, 'stock'],
  ['whose customer has paid waits for the goods', { method: { kind: 'awaited' }, payment: 'captured' }, 'stock'],
  ['that is paid on delivery waits for payment to say so', { method: { kind: 'on-delivery' } }, 'payment and stock'],
])('an order %s', (_, parts, expected) => {
  expect(missingOutcome(parts && { status: 'PLACED', ...parts })).toBe(expected);
});

test('a decision that was published twice, and is still not carried out, waits too', async () => {
  const decidedAt = '2026-11-21T09:00:00.000Z';
  const decided = (number: number, reconciliations: number) =>
    openOrder(
      number,
      {
        status: 'CONFIRMED',
        timeline: [{ time: decidedAt, type: 'shop.order.confirmed.v1', source: '/shop/order' }],
        reconciliations,
      },
      'due',
    );
  const { shop } = shopWith([decided(1, 1), decided(2, 2)]);
  expect(await readWaitingOrders(shop)).toEqual([
    { orderId: 'o-2', since: decidedAt, waitsFor: 'its decision to be carried out' },
  ]);
});

test('any number of customers who have yet to pay hides no order that waits for the shop, and costs the same reads', async () => {
  const unpaid = Array.from({ length: 1_000 }, (_, index) =>
    openOrder(index, { method: { kind: 'awaited' }, stock: 'reserved' }, 'reminded'),
  );
  const late = Array.from({ length: 30 }, (_, index) => openOrder(2_000 + index, { stock: 'reserved' }));
  const { shop, send } = shopWith([...unpaid, ...late]);
  const waiting = await readWaitingOrders(shop);
  expect(waiting.map(({ orderId }) => orderId)).toEqual(
    late.slice(0, MAX_WAITING_ORDERS).map(({ orderId }) => orderId),
  );
  expect(send).toHaveBeenCalledTimes(25);
});

test('a shop where every order is decided is asked for its index alone', async () => {
  const { shop, send } = shopWith([]);
  expect(await readWaitingOrders(shop)).toEqual([]);
  expect(send).toHaveBeenCalledTimes(24);
});
