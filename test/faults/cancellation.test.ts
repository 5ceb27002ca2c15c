import { describe, expect, test } from 'vitest';
import { cancelRequested, publish, putOnBus, setGatewayState, testOrder } from '../deployed/deployed-shop.ts';
import { runSeed } from '../harness/random.ts';
import type { ShopState, TestOrder } from '../harness/shop-state.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { observeShop } from './observe-shop.ts';
import { strikeEach } from './strike-each.ts';

const shop = useHarness();

async function place(parts: Partial<TestOrder> = {}): Promise<TestOrder> {
  const order = testOrder(parts);
  await shop().ledger.stock(order.sku, 1);
  await shop().ledger.place([order]);
  return order;
}

/** Lets everybody finish, and returns the shop and what the gateway's book says of an order, in alphabetical order. */
async function finish(): Promise<{ state: ShopState; book: (order: TestOrder) => string }> {
  await shop().settle();
  const state = await checkInvariants(shop());
  return { state, book: (order) => entries(state, order) };
}

const entries = ({ charges }: ShopState, { orderId }: TestOrder) =>
  charges
    .filter((charge) => charge.orderId === orderId)
    .map(({ kind }) => kind)
    .sort()
    .join(' ');

/** The end of an order: its status, and the reason of a cancellation. */
const endOf = ({ orders }: ShopState, { orderId }: TestOrder) =>
  [orders.get(orderId)?.status, orders.get(orderId)?.reason].filter(Boolean).join(' ');

/** The gateway goes down, and payment tries in vain, while the other consumers do their part; then it is back. */
async function outageWhile(happens: () => Promise<void>): Promise<void> {
  await setGatewayState('down');
  await happens();
  for (let hour = 0; hour < 2; hour += 1) {
    await shop().pump();
    await shop().pass(3_600);
  }
  await setGatewayState('up');
}

/** Of two equal orders, one whose message comes again after payment died over it, and one whose message nobody ever sees again. */
type Pair = { redelivered: TestOrder; discarded: TestOrder };

describe('While the gateway is down', () => {
  /**
   * Has payment killed after each of its calls for a message in turn, in a run with two orders each; `begin` brings them to that message and
   * `cancel` cancels them. Returns what the gateway's book says in the end, of all runs.
   */
  async function booksAfterEachCall(begin: () => Promise<void>, cancel: (order: TestOrder) => Promise<void>) {
    const books = new Set<string>();
    let points = 0;
    for (; ; points += 1) {
      await shop().reset(runSeed);
      shop().source('payment').batchSize = 1;
      const pair: Pair = { redelivered: await place(), discarded: await place() };
      await begin();
      const rule = strikeEach(shop(), /^payment-/, points, { kind: 'crash', when: 'after' });
      shop().proxy.add(rule);
      await shop().pump(['payment']);
      const hits = shop().proxy.hits(rule);
      shop().proxy.remove(rule);
      if (hits === 0) return { points, books: [...books].sort() };
      expect(await shop().source('payment').discard(pair.discarded.orderId)).toBe(1);
      const orders = Object.values(pair);
      await outageWhile(async () => void (await Promise.all(orders.map(cancel))));
      const { state, book } = await finish();
      for (const order of orders) {
        expect(state.orders.get(order.orderId)?.status).toBe('CANCELLED');
        books.add(book(order));
      }
    }
  }

  test('a cancellation after each call of payment for the order charges nothing and leaves nothing held, whether or not the order comes again', async () => {
    const { points, books } = await booksAfterEachCall(
      async () => {},
      ({ orderId }) => publish(cancelRequested(orderId)),
    );
    expect(points).toBeGreaterThan(3);
    expect(books).toEqual(['', 'authorization void']);
  }, 120_000);

  test('a cancellation after each call of payment for the confirmation gives back what was captured, whether or not the confirmation comes again', async () => {
    const confirm = async () => {
      await shop().pump(['payment']);
      await shop().pump(['order', 'outcomes', 'stock']);
    };
    const { points, books } = await booksAfterEachCall(confirm, ({ orderId }) =>
      // Only its payment still cancels a confirmed order: here another delivery was told that it has lapsed.
      putOnBus({
        id: `${orderId}.declined`,
        source: '/shop/payment',
        type: 'shop.payment.declined.v1',
        data: { orderId, reason: 'authorization_expired' },
      }),
    );
    expect(points).toBeGreaterThan(3);
    expect(books).toEqual(['authorization capture refund', 'authorization void']);
  }, 120_000);
});

test('An authorization that lapsed before its capture cancels the order, and its customer gets both texts', async () => {
  const order = await place({ token: 'tok_lapses' });
  const { state, book } = await finish();
  expect(endOf(state, order)).toBe('CANCELLED payment-declined');
  expect(shop().statuses.get(order.orderId)).toEqual(['PLACED', 'CONFIRMED', 'CANCELLED']);
  expect(book(order)).toBe('authorization');
  expect(state.shelves.get(order.sku)).toMatchObject({ available: 1, reserved: 0, sold: 0 });
  expect(state.texts[order.phone]).toEqual([expect.stringContaining('확정'), expect.stringContaining('취소')]);
});

test('A cancellation that comes 40 s before its order decides it: the order is never charged, and its customer is told once', async () => {
  const order = testOrder();
  await publish(cancelRequested(order.orderId));
  await shop().pump();
  expect(shop().statuses.get(order.orderId)).toEqual(['CANCELLED']);
  const early = await observeShop({ orders: new Map([[order.orderId, order]]), goods: new Map() });
  expect(early.payments?.get(order.orderId)).toMatchObject({ state: 'voided', expiresAt: expect.any(Number) });
  expect(early.orders.get(order.orderId)).toMatchObject({ expiresAt: expect.any(Number) });

  await shop().pass(40);
  await shop().ledger.stock(order.sku, 1);
  await shop().ledger.place([order]);
  const { state, book } = await finish();
  expect(endOf(state, order)).toBe('CANCELLED customer');
  expect(book(order)).toBe('');
  expect(state.texts[order.phone]).toHaveLength(1);
  expect(state.orders.get(order.orderId)).not.toHaveProperty('expiresAt');
});
