import { describe, expect, test } from 'vitest';
import { cancelRequested, publish, putOnBus, setGatewayState, testOrder } from '../deployed/deployed-shop.ts';
import type { Rule } from '../harness/fault-rules.ts';
import { runSeed } from '../harness/random.ts';
import type { ShopState, TestOrder } from '../harness/shop-state.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { observeShop } from './observe-shop.ts';

const shop = useHarness();

const ROUTES = ['order', 'outcomes', 'stock', 'notification', 'shipping'] as const;

async function place(parts: Partial<TestOrder> = {}): Promise<TestOrder> {
  const order = testOrder(parts);
  await shop().ledger.stock(order.sku, 1);
  await shop().ledger.place([order]);
  return order;
}

/** Kills payment after its call number `point` (from 0). */
const crashAfter = (point: number): Rule => ({
  caller: /^payment-/,
  skip: point,
  times: 1,
  fault: { kind: 'crash', when: 'after' },
});

/** Lets everybody finish, and returns the shop and what the gateway's book says, in alphabetical order. */
async function finish(): Promise<{ state: ShopState; book: string }> {
  await shop().settle();
  const state = await checkInvariants(shop());
  const book = state.charges.map(({ kind }) => kind).sort();
  return { state, book: book.join(' ') };
}

/** The end of an order: its status, and the reason of a cancellation. */
const endOf = ({ orders }: ShopState, { orderId }: TestOrder) =>
  [orders.get(orderId)?.status, orders.get(orderId)?.reason].filter(Boolean).join(' ');

/** The gateway goes down; payment tries in vain for two hours, while the other consumers do their part; then it is back. */
async function outageWhile(happens: () => Promise<void>): Promise<void> {
  await setGatewayState('down');
  await happens();
  for (let minutes = 0; minutes < 120; minutes += 30) {
    await shop().pump();
    await shop().pass(30 * 60);
  }
  await setGatewayState('up');
}

describe.each([
  ['is delivered again', false],
  ['is dead-lettered and its letter discarded', true],
])('While the gateway is down, and what payment was doing %s', (_, isDiscarded) => {
  /** Runs with payment killed after each of its calls for a message in turn; returns the books of all runs. */
  async function afterEachCall(run: (rule: Rule) => Promise<string>): Promise<string[]> {
    const books: string[] = [];
    for (let point = 0; ; point += 1) {
      const rule = crashAfter(point);
      await shop().reset(runSeed);
      const book = await run(rule);
      if (shop().proxy.hits(rule) === 0) return books;
      books.push(book);
    }
  }

  /** Lets payment work until it dies, and takes its message away if nobody shall ever see it again. */
  async function dieAt(rule: Rule): Promise<void> {
    shop().proxy.add(rule);
    await shop().pump(['payment']);
    shop().proxy.remove({ ...rule });
    if (isDiscarded && shop().proxy.hits(rule) > 0) expect(await shop().source('payment').discard()).toBe(1);
  }

  test('a cancellation after each call of payment for the order charges nothing and leaves nothing held', async () => {
    const books = await afterEachCall(async (rule) => {
      const order = await place();
      await dieAt(rule);
      await outageWhile(() => publish(cancelRequested(order.orderId)));
      const { state, book } = await finish();
      expect(endOf(state, order)).toBe('CANCELLED customer');
      return book;
    });
    expect(books.length).toBeGreaterThan(3);
    expect(new Set(books)).toEqual(new Set(['', 'authorization void']));
  }, 60_000);

  test('a cancellation after each call of payment for the confirmation gives back what was captured', async () => {
    const books = await afterEachCall(async (rule) => {
      const order = await place();
      await shop().pump(['payment']);
      await shop().pump(ROUTES);
      expect(shop().statuses.get(order.orderId)?.at(-1)).toBe('CONFIRMED');
      await dieAt(rule);
      // Nobody cancels a confirmed order but for its payment: here another delivery was told that it lapsed.
      const declined = { orderId: order.orderId, reason: 'authorization_expired' };
      const type = 'shop.payment.declined.v1';
      const event = { id: `${order.orderId}.declined`, source: '/shop/payment', type, data: declined };
      await outageWhile(() => putOnBus(event));
      const { state, book } = await finish();
      expect(endOf(state, order)).toBe('CANCELLED payment-declined');
      return book;
    });
    expect(books.length).toBeGreaterThan(3);
    expect(new Set(books)).toEqual(new Set(['authorization void', 'authorization capture refund']));
  }, 60_000);
});

test('An authorization that lapsed before its capture cancels the order, and its customer gets both texts', async () => {
  const order = await place({ token: 'tok_lapses' });
  const { state, book } = await finish();
  expect(endOf(state, order)).toBe('CANCELLED payment-declined');
  expect(shop().statuses.get(order.orderId)).toEqual(['PLACED', 'CONFIRMED', 'CANCELLED']);
  expect(book).toBe('authorization');
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
  expect(book).toBe('');
  expect(state.texts[order.phone]).toHaveLength(1);
  expect(state.orders.get(order.orderId)).not.toHaveProperty('expiresAt');
});
