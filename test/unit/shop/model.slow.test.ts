import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Payment } from '../../../contracts/order.ts';
import { cancelRequested, paymentReceived, placed, priced, received } from '../../builders/events.ts';
import { Exploration } from '../../builders/exploration.ts';
import { everyPayment } from '../../builders/orders.ts';

const START = { A: 3, B: 2 };
const RUNS = 2_000;

const orders = fc.uniqueArray(
  fc.record({
    orderId: fc.constantFrom('o-1', 'o-2', 'o-3'),
    items: fc.array(
      fc
        .record({ sku: fc.constantFrom('A', 'A', 'B', 'B', 'C'), quantity: fc.integer({ min: 1, max: 2 }) })
        .map(({ sku, quantity }) => priced(sku, quantity, 500)),
      { minLength: 1, maxLength: 2 },
    ),
    payment: fc.oneof(
      { arbitrary: everyPayment, weight: 8 },
      // It lapses before it is captured; it can never be refunded.
      fc.constantFrom<Payment>({ token: 'tok_lapses' }, { kind: 'captured', reference: 'pay_disputed' }),
    ),
    isFree: fc.constantFrom(false, false, false, true),
    paysOnDelivery: fc.boolean(),
    cancels: fc.constantFrom('never', 'never', 'before', 'after'),
    timesOut: fc.boolean(),
    copies: fc.integer({ min: 1, max: 2 }),
  }),
  { selector: ({ orderId }) => orderId, minLength: 1, maxLength: 3 },
);

const numbers = fc.array(fc.nat({ max: 0xffff }), { minLength: 20, maxLength: 250, size: 'max' });

type Ordered = typeof orders extends fc.Arbitrary<infer All> ? All : never;

/** Goods that come in while the orders are handled, some of them of a SKU without a shelf, and some twice. */
const receipts = fc
  .uniqueArray(
    fc.record({
      receiptId: fc.constantFrom('r-1', 'r-2'),
      items: fc.array(fc.record({ sku: fc.constantFrom('A', 'B', 'C'), quantity: fc.integer({ min: 1, max: 2 }) }), {
        minLength: 1,
        maxLength: 2,
      }),
      copies: fc.integer({ min: 1, max: 2 }),
    }),
    { selector: ({ receiptId }) => receiptId, maxLength: 2 },
  )
  .map((all) =>
    all.flatMap(({ receiptId, items, copies }) =>
      Array.from({ length: copies }, (_, copy) => received({ receiptId, items, id: `${receiptId} ${copy}` })),
    ),
  );

type Received = typeof receipts extends fc.Arbitrary<infer All> ? All : never;

async function explore(
  given: Ordered,
  receipts: Received,
  chance: readonly number[],
  prepare: (shop: Exploration) => void = () => {},
) {
  const late = new Set(given.filter(({ timesOut }) => timesOut).map(({ orderId }) => orderId));
  const shop = new Exploration(START, late);
  const disputed = given.filter(({ payment }) => 'reference' in payment && payment.reference === 'pay_disputed');
  shop.gateway.refusesRefunds = (orderId) => disputed.some((order) => order.orderId === orderId);
  prepare(shop);
  for (const { orderId, payment, isFree, paysOnDelivery, cancels, copies, ...order } of given) {
    const items = isFree ? order.items.map((item) => ({ ...item, unitPrice: 0 })) : order.items;
    const { amount } = placed({ items }).data.total;
    const report = paymentReceived({ orderId, amount });
    const isReported = payment.kind === 'awaited' || (payment.kind === 'on-delivery' && paysOnDelivery);
    if (cancels === 'before') shop.send(cancelRequested({ orderId }));
    for (let copy = 0; copy < copies; copy += 1) {
      if (isReported && !isFree) shop.send(report);
      const message = placed({ orderId, items, payment, id: `${orderId} ${copy}` });
      shop.model.recordBill(message);
      shop.send(message);
    }
    if (cancels === 'after') shop.send(cancelRequested({ orderId }));
  }
  receipts.forEach((receipt) => void shop.send(receipt));
  await shop.run(chance);
  shop.expectConsistent();
  return shop;
}

const explored = { runs: 0, steps: 0, ends: new Map<string, number>(), moves: new Map<string, number>() };

describe('The rules of order, payment and stock under any interleaving of reads, writes, calls and messages', () => {
  test(`agree with the model after every write, in ${RUNS} explorations`, { timeout: 30_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(orders, receipts, numbers, async (given, goods, chance) => {
        const shop = await explore(given, goods, chance);
        explored.runs += 1;
        explored.steps += shop.stepsTaken;
        for (const { status = '', reason = '' } of shop.orders.values()) {
          const end = `${status} ${reason}`.trim();
          explored.ends.set(end, (explored.ends.get(end) ?? 0) + 1);
        }
        for (const { kind } of shop.gateway.ledger) explored.moves.set(kind, (explored.moves.get(kind) ?? 0) + 1);
      }),
      { numRuns: RUNS, interruptAfterTimeLimit: 8_000 },
    );
  });

  afterAll(() => {
    // An exploration that decides nothing would agree with any model.
    expect(explored.runs).toBeGreaterThan(100);
    expect(explored.steps / explored.runs).toBeGreaterThan(50);
    for (const end of [
      'CONFIRMED',
      ...['customer', 'timed-out', 'payment-declined', 'out-of-stock'].map((reason) => `CANCELLED ${reason}`),
    ])
      expect(explored.ends.get(end) ?? 0, `${end} is hardly ever reached`).toBeGreaterThan(explored.runs / 50);
    for (const move of ['authorization', 'capture', 'void', 'refund'])
      expect(explored.moves.get(move) ?? 0, `${move} hardly ever happens`).toBeGreaterThan(explored.runs / 50);
  });
});

describe('The exploration detects', () => {
  const detects = async (prepare: (shop: Exploration) => void) => {
    const result = await fc.check(
      fc.asyncProperty(
        orders,
        receipts,
        numbers,
        async (given, goods, chance) => void (await explore(given, goods, chance, prepare)),
      ),
      { numRuns: RUNS, endOnFailure: true },
    );
    return result.failed;
  };

  test('a gateway lookup that never finds anything', async () => {
    const findNothing = async () => ({ refunds: [] });
    expect(await detects(({ gateway }) => void Object.assign(gateway, { find: findNothing }))).toBe(true);
  });

  test('a gateway whose void leaves the key open to calls that are on their way', async () => {
    expect(
      await detects(({ gateway }) => {
        const close = gateway.void.bind(gateway);
        gateway.void = (orderId, known, fence) =>
          gateway.entries('authorization', orderId).length > 0
            ? close(orderId, known, fence)
            : Promise.resolve({ kind: 'voided', released: false });
      }),
    ).toBe(true);
  });

  test('a stock table that ignores its conditions on reservations', async () => {
    expect(
      await detects(({ stock }) => {
        const commit = stock.commit.bind(stock);
        stock.commit = async (plan) => {
          const refusal = await commit(plan);
          // Acts as if there were no conditions on reservations.
          if (refusal === undefined || refusal.reservations.size === 0 || refusal.available.size > 0) return refusal;
          for (const [sku, delta] of plan.shelfDeltas)
            for (const part of ['available', 'reserved', 'sold'] as const) stock.shelf(sku)[part] += delta[part];
          return undefined;
        };
      }),
    ).toBe(true);
  });
});
