import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Payment } from '../../../contracts/order.ts';
import { cancelRequested, line, paymentReceived, placed, priced, received } from '../../builders/events.ts';
import { everyPayment } from '../../builders/orders.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { SimulatedShop } from '../../builders/simulated-shop.ts';

quietLog();

beforeEach(() => {
  // Pauses after a lost race are random; the simulation has its own randomness.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

const START = { A: 2, B: 2 };
// Comes in twice, at any time: one more piece of A, and a SKU without a shelf.
const RECEIPT = [line('A', 1), line('C', 2)];
const CAME_IN = { A: 3, B: 2 };

const orders = fc.uniqueArray(
  fc.record({
    orderId: fc.constantFrom('o-1', 'o-2', 'o-3', 'o-4'),
    items: fc.array(
      fc
        .record({ sku: fc.constantFrom('A', 'B'), quantity: fc.integer({ min: 1, max: 2 }) })
        .map(({ sku, quantity }) => priced(sku, quantity, 500)),
      { minLength: 1, maxLength: 2 },
    ),
    // An authorization may lapse before it is captured.
    payment: fc.oneof({ arbitrary: everyPayment, weight: 6 }, fc.constant<Payment>({ token: 'tok_lapses' })),
    cancels: fc.boolean(),
    timesOut: fc.boolean(),
    reminded: fc.boolean(),
    copies: fc.integer({ min: 1, max: 3 }),
  }),
  { selector: ({ orderId }) => orderId, minLength: 1, maxLength: 4 },
);

const numbers = fc.array(fc.nat({ max: 10_000 }), { maxLength: 400, size: 'max' });
/** From when until when the gateway is down, in seconds since the start. */
const outages = fc
  .tuple(fc.nat({ max: 150 }), fc.constantFrom(0, 0, 20, 100))
  .map(([from, seconds]) => ({ from, until: from + seconds }));

type Outage = { from: number; until: number };

type Ordered = typeof orders extends fc.Arbitrary<infer All> ? All : never;

async function run(given: Ordered, chance: readonly number[], outage: Outage): Promise<SimulatedShop> {
  const shop = new SimulatedShop(START);
  shop.outage = outage;
  for (const { orderId, items, payment, cancels, timesOut, reminded, copies } of given) {
    if (reminded) shop.mayBeReminded.add(orderId);
    if (timesOut) shop.mayTimeOut.add(orderId);
    if (cancels) shop.simulation.send(cancelRequested({ orderId }));
    for (let copy = 0; copy < copies; copy += 1) {
      if (isReported(payment)) shop.simulation.send(paymentReceived({ orderId, amount: totalOf(items) }));
      shop.simulation.send(placed({ orderId, items, payment, id: `${orderId} ${copy}` }));
    }
  }
  for (const id of ['first', 'again']) shop.simulation.send(received({ id, items: RECEIPT }));
  await shop.simulation.run(chance);
  return shop;
}

/** Asserts what must hold at the end of any run. */
function expectConsistent(given: Ordered, shop: SimulatedShop, { exactTexts }: { exactTexts: boolean }) {
  expect(shop.simulation.deadLetters).toEqual([]);
  const held = { A: 0, B: 0 };
  for (const { orderId, items, payment, cancels, timesOut } of given) {
    const order = shop.orders.items.get(orderId);
    expectMoves(orderId, payment, items, shop);
    if (order?.status === 'CONFIRMED') {
      expect(hasToken(payment, 'tok_declined') || hasToken(payment, 'tok_lapses')).toBe(false);
      for (const { sku, quantity } of items) held[sku as 'A' | 'B'] += quantity;
    } else {
      expect(order?.status).toBe('CANCELLED');
      expect(possibleReasons({ payment, cancels, timesOut })).toContain(order?.reason);
    }
    const isDue = shop.payments.items.get(orderId)?.state === 'refund-due';
    expect(isDue).toBe(order?.status === 'CANCELLED' && isReported(payment));
    expectCompleteFeed(orderId, shop);
    expectTexts(orderId, shop, exactTexts);
  }
  for (const sku of ['A', 'B'] as const) {
    expect(shop.stock.shelf(sku)).toEqual({ sku, available: CAME_IN[sku] - held[sku], reserved: 0, sold: held[sku] });
  }
  expect(shop.stock.shelf('C')).toEqual({ sku: 'C', available: 2, reserved: 0, sold: 0 });
}

const isReported = ({ kind }: Payment) => kind === 'awaited' || kind === 'on-delivery';
const isChargedHere = ({ kind = 'token' }: Payment) => kind === 'token' || kind === 'authorized';
const hasToken = (payment: Payment, token: string) => 'token' in payment && payment.token === token;
const totalOf = (items: Ordered[number]['items']) =>
  items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);

const possibleReasons = ({ payment, cancels, timesOut }: Pick<Ordered[number], 'payment' | 'cancels' | 'timesOut'>) => [
  ...(hasToken(payment, 'tok_declined') ? [] : ['out-of-stock']),
  ...(hasToken(payment, 'tok_declined') || hasToken(payment, 'tok_lapses') ? ['payment-declined'] : []),
  ...(cancels ? ['customer'] : []),
  ...(timesOut ? ['timed-out'] : []),
];

/**
 * Asserts which movements of money an order leaves, each of its total: a confirmed order's authorization is captured, a cancelled one's
 * is voided or has lapsed, and what was captured before its cancellation is refunded.
 */
function expectMoves(orderId: string, payment: Payment, items: Ordered[number]['items'], shop: SimulatedShop) {
  const entries = shop.gateway.ledger.filter((entry) => entry.orderId === orderId);
  const isConfirmed = shop.orders.items.get(orderId)?.status === 'CONFIRMED';
  for (const { money } of entries) expect(money.amount).toBe(totalOf(items));
  expect(possibleMoves(payment, isConfirmed)).toContain(entries.map(({ kind }) => kind).join(' '));
}

function possibleMoves(payment: Payment, isConfirmed: boolean): readonly string[] {
  if (payment.kind === 'captured') return [isConfirmed ? '' : 'refund'];
  if (!isChargedHere(payment) || hasToken(payment, 'tok_declined')) return [''];
  if (isConfirmed) return ['authorization capture'];
  // What lapses may also be cancelled before its capture.
  return hasToken(payment, 'tok_lapses')
    ? ['', 'authorization', 'authorization void']
    : ['', 'authorization void', 'authorization capture refund'];
}

/** Asserts that the customer got the text of the decision, and before it at most the text of a delay. */
function expectTexts(orderId: string, shop: SimulatedShop, exactTexts: boolean) {
  const order = shop.orders.items.get(orderId);
  const texts = shop.texts.filter((text) => text.startsWith(`${orderId} `));
  const templates = new Set(texts);
  // A delay text needs a recorded reminder and comes before the decision's text; after a decision it is not sent.
  if (templates.delete(`${orderId} order-delayed`)) {
    expect(order?.timeline.map(({ type }) => type)).toContain('shop.order.reminder-due.v1');
    expect(texts[0]).toBe(`${orderId} order-delayed`);
  }
  // An order whose authorization lapses is cancelled after its confirmation, of which the customer may have been told.
  const wasConfirmed = order?.timeline.some(({ type }) => type === 'shop.order.confirmed.v1');
  if (wasConfirmed && order?.status === 'CANCELLED') templates.delete(`${orderId} order-confirmed`);
  expect(templates).toEqual(new Set([`${orderId} order-${order?.status?.toLowerCase()}`]));
  if (exactTexts) expect(new Set(texts).size).toBe(texts.length);
}

/** Asserts that the feed has every step in sequence and that shipping applied all of them. */
function expectCompleteFeed(orderId: string, shop: SimulatedShop) {
  const order = shop.orders.items.get(orderId);
  const steps = shop.feed.filter((step) => step.orderId === orderId);
  const first = steps.filter(({ sequence }, index) => !steps.slice(0, index).some((one) => one.sequence === sequence));
  expect(first.map(({ sequence, step }) => [sequence, step])).toEqual(
    order?.timeline.map(({ type }, index) => [index + 1, type]),
  );
  for (const step of steps) expect(step).toEqual(first.find(({ sequence }) => sequence === step.sequence));
  const shipped = shop.shipments.items.get(orderId);
  expect(shipped).toMatchObject({ sequence: order?.timeline.length, status: order?.status });
  const wasConfirmed = order?.timeline.some(({ type }) => type === 'shop.order.confirmed.v1');
  expect(shipped?.shipment?.items).toEqual(wasConfirmed ? order?.items : undefined);
  expect(order?.open).toMatch(/^decided-/);
}

describe('The simulated shop', () => {
  test('decides every order once, with consistent payments, stock and texts, when messages arrive out of order', {
    timeout: 30_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(orders, numbers, outages, async (given, chance, outage) => {
        // Only multiples of seven kill an invocation.
        const shop = await run(
          given,
          chance.map((number) => (number % 7 === 0 ? number + 1 : number)),
          outage,
        );
        expectConsistent(given, shop, { exactTexts: true });
      }),
      { numRuns: 150, interruptAfterTimeLimit: 6_000 },
    );
  });

  test('stays consistent when functions are killed at any await', { timeout: 30_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(orders, numbers, outages, async (given, chance, outage) => {
        const shop = await run(given, chance, outage);
        // A text may be repeated only after a crash between sending and recording.
        expectConsistent(given, shop, { exactTexts: false });
      }),
      { numRuns: 200, interruptAfterTimeLimit: 8_000 },
    );
  });

  test('comes to rest although the number of published steps is never saved', async () => {
    const shop = new SimulatedShop({ A: 5 });
    shop.orders.advanceFails = () => true;
    const authorize = shop.gateway.authorize.bind(shop.gateway);
    shop.gateway.authorize = async (...args) => {
      shop.simulation.send(cancelRequested({ orderId: 'o-1' }));
      return authorize(...args);
    };
    shop.simulation.send(placed({ orderId: 'o-1', items: [priced('A')] }));
    await shop.simulation.run([]);
  });

  test('makes as many calls for ten orders as for one when nothing fails', async () => {
    const shop = new SimulatedShop({ A: 100 });
    for (let index = 0; index < 10; index += 1)
      shop.simulation.send(placed({ orderId: `o-${index}`, items: [priced('A')] }));
    await shop.simulation.run([]);
    expect([...shop.orders.items.values()].map(({ status }) => status)).toEqual(Array(10).fill('CONFIRMED'));
    // One authorizes, one captures.
    expect(shop.gateway.calls).toBe(20);
    expect(shop.stock.transactions.length).toBeLessThanOrEqual(4);
    // Two writes for the order and two for its confirmation, all of whose orders are read at once.
    expect(shop.payments.saves).toBe(4);
    expect(shop.payments.loads).toBeLessThanOrEqual(1);
    expect(shop.notifications.saves + shop.notifications.loads).toBeLessThanOrEqual(5);
    expect(shop.orders.saves + shop.orders.loads).toBeLessThanOrEqual(8);
    // Every order has five steps; one call to the feed publishes one step of up to ten orders.
    expect(shop.feed).toHaveLength(50);
    expect(shop.orders.advances).toBeLessThanOrEqual(5);
  });

  test('makes as many calls for ten cancelled orders as for one: one authorizes, one voids, and nothing is taken', async () => {
    const shop = new SimulatedShop({ A: 1 });
    for (let index = 0; index < 10; index += 1)
      shop.simulation.send(placed({ orderId: `o-${index}`, items: [priced('A', 2)] }));
    await shop.simulation.run([]);
    expect([...shop.orders.items.values()].map(({ reason }) => reason)).toEqual(Array(10).fill('out-of-stock'));
    expect(shop.gateway.calls).toBe(20);
    expect([...new Set(shop.gateway.ledger.map(({ kind }) => kind))]).toEqual(['authorization', 'void']);
    expect(shop.payments.saves).toBe(4);
    expect(shop.payments.loads).toBeLessThanOrEqual(1);
  });
});
