import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { continueTrace } from '../../../contracts/traceparent.ts';
import { nextOrder, type Order, type OrderInput, publishedSteps } from '../../../lambdas/order/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import {
  cancelRequested,
  captured,
  declined,
  placed,
  refunded,
  rejected,
  released,
  reserved,
} from '../../builders/events.ts';

const now = new Date('2026-11-21T09:00:05Z');

const STEP = 'shop.order.progressed.v1';

/** Delivers events one after the other. Every write succeeds, and publications are recorded as the handler records them. */
function deliver(events: readonly OrderInput[], start?: Order) {
  let order = start;
  const published: { type: string; data: unknown; after: number }[] = [];
  const steps: unknown[] = [];
  const statuses: (string | undefined)[] = [];
  events.forEach((event, index) => {
    const step = nextOrder(order, delivery(event), now);
    if (step.after !== undefined) order = { ...step.after, version: (order?.version ?? 0) + 1 };
    const out = step.publish ?? [];
    published.push(...out.filter(({ type }) => type !== STEP).map(({ type, data }) => ({ type, data, after: index })));
    steps.push(...out.filter(({ type }) => type === STEP).map(({ data }) => data));
    const publishedCount = publishedSteps(out).get(event.data.orderId) ?? 0;
    if (order !== undefined && publishedCount > order.published) order = { ...order, published: publishedCount };
    statuses.push(order?.status);
  });
  return { order, published, steps, statuses };
}

function permutations<T>(things: readonly T[]): T[][] {
  if (things.length < 2) return [[...things]];
  return things.flatMap((thing, index) => permutations(things.toSpliced(index, 1)).map((rest) => [thing, ...rest]));
}

const paid = captured();
const unpaid = declined();
const stocked = reserved();
const short = rejected();

describe('In any sequence of events, an order', () => {
  test.each<[string, OrderInput[], Partial<Order>, string]>([
    [
      'that is paid and in stock is confirmed',
      [placed(), paid, stocked],
      { status: 'CONFIRMED' },
      'shop.order.confirmed.v1',
    ],
    [
      'whose card is declined is cancelled',
      [placed(), unpaid, stocked],
      { status: 'CANCELLED', reason: 'payment-declined' },
      'shop.order.cancelled.v1',
    ],
    [
      'that is out of stock is cancelled',
      [placed(), paid, short],
      { status: 'CANCELLED', reason: 'out-of-stock' },
      'shop.order.cancelled.v1',
    ],
    [
      'that is declined and out of stock is cancelled for the payment',
      [placed(), unpaid, short],
      { status: 'CANCELLED', reason: 'payment-declined' },
      'shop.order.cancelled.v1',
    ],
    [
      'that its customer cancels before any outcome is cancelled for the customer',
      [placed(), cancelRequested()],
      { status: 'CANCELLED', reason: 'customer' },
      'shop.order.cancelled.v1',
    ],
  ])('%s, and the decision is published once', (_, events, expected, type) => {
    for (const sequence of permutations(events)) {
      const { order, published } = deliver(sequence);
      expect(order).toMatchObject(expected);
      expect(published.map((event) => event.type)).toEqual([type]);
      expect(published[0]?.after).toBe(sequence.length - 1);
    }
  });

  test('with one outcome missing stays undecided', () => {
    for (const outcome of [paid, unpaid, stocked, short]) {
      for (const sequence of permutations<OrderInput>([placed(), outcome])) {
        expect(deliver(sequence)).toMatchObject({ order: { status: 'PLACED' }, published: [] });
      }
    }
  });

  test('that was never placed has no status', () => {
    const { order, published } = deliver([paid, stocked, cancelRequested(), refunded(), released()]);
    expect(order?.status).toBeUndefined();
    expect(published).toEqual([]);
  });

  test('that its customer cancels is confirmed or cancelled by what arrived first, and refunds change nothing', () => {
    for (const sequence of permutations<OrderInput>([
      placed(),
      paid,
      stocked,
      cancelRequested(),
      refunded(),
      released(),
    ])) {
      const { order, published } = deliver(sequence);
      const position = (event: OrderInput) => sequence.findIndex(({ type }) => type === event.type);
      const confirmable = Math.max(position(placed()), position(paid), position(stocked));
      expect(order?.status).toBe(confirmable < position(cancelRequested()) ? 'CONFIRMED' : 'CANCELLED');
      expect(published).toHaveLength(1);
    }
  });

  test('with repeated events reaches one terminal state, moves only forward and records each step once', () => {
    const inputs = fc.record({
      payment: fc.constantFrom<OrderInput>(paid, unpaid),
      stock: fc.constantFrom<OrderInput>(stocked, short),
      cancels: fc.boolean(),
    });
    const cases = inputs.chain(({ payment, stock, cancels }) => {
      const once: OrderInput[] = [
        placed(),
        payment,
        stock,
        ...(cancels ? [cancelRequested()] : []),
        refunded(),
        released(),
      ];
      // Every event arrives at least once, in random sequence with repetitions.
      return fc.record({
        payment: fc.constant(payment),
        stock: fc.constant(stock),
        cancels: fc.constant(cancels),
        sequence: fc
          .tuple(
            fc.array(fc.constantFrom(...once), { maxLength: 12 }),
            fc.shuffledSubarray(once, { minLength: once.length }),
          )
          .chain(([extra, all]) => fc.shuffledSubarray([...extra, ...all], { minLength: extra.length + all.length })),
      });
    });
    fc.assert(
      fc.property(cases, ({ payment, stock, cancels, sequence }) => {
        const { order, statuses } = deliver(sequence);
        const fulfilled = payment === paid && stock === stocked;
        if (!cancels) expect(order?.status).toBe(fulfilled ? 'CONFIRMED' : 'CANCELLED');
        expect(order?.status).toMatch(/^(CONFIRMED|CANCELLED)$/);
        if (order?.status === 'CONFIRMED') expect(fulfilled).toBe(true);
        expect(order?.reason === undefined).toBe(order?.status === 'CONFIRMED');
        const changes = statuses
          .filter((status, index) => status !== statuses[index - 1])
          .filter((status) => status !== undefined);
        expect(['PLACED,CONFIRMED', 'PLACED,CANCELLED', 'CONFIRMED', 'CANCELLED']).toContain(changes.join());
        const types = order?.timeline.map(({ type }) => type) ?? [];
        expect(new Set(types).size).toBe(types.length);
        expect(types).toHaveLength(new Set(sequence.map(({ type }) => type)).size + 1);
      }),
      { numRuns: 500 },
    );
  });
});

describe('The decision', () => {
  test('to confirm contains items and total, without unit prices or the customer', () => {
    const { published } = deliver([placed(), paid, stocked]);
    expect(published[0]?.data).toEqual({
      orderId: 'o-1001',
      items: [{ sku: 'KB-01', quantity: 1 }],
      total: { amount: 12_000, currency: 'KRW' },
    });
  });

  test('to cancel contains the reason', () => {
    const { published } = deliver([placed(), cancelRequested()]);
    expect(published[0]?.data).toEqual({ orderId: 'o-1001', reason: 'customer' });
  });

  test.each([
    ['confirm', [placed(), stocked, paid]],
    ['cancel', [placed(), stocked, unpaid]],
  ])('to %s is published again unchanged on every delivery until it is recorded as published', (_, events) => {
    const [first, second, deciding] = events;
    if (first === undefined || second === undefined || deciding === undefined) throw new Error('three events');
    const { order: undecided } = deliver([first, second]);
    const step = nextOrder(undecided, delivery(deciding), now);
    const later = new Date('2026-11-22T10:00:00Z');
    for (const event of events) {
      expect(nextOrder(step.after, delivery(event), later)).toEqual({ publish: step.publish });
    }
    const { order } = deliver(events);
    for (const event of events) expect(nextOrder(order, delivery(event), later)).toEqual({ publish: [] });
  });

  test('is not published again for a duplicate event after it is recorded as published', () => {
    const { order } = deliver([placed(), stocked, paid]);
    expect(nextOrder(order, delivery(captured({ id: 'another' })), now)).toEqual({ publish: [] });
  });

  test('to confirm is not undone by a late cancellation or a late rejection', () => {
    for (const late of [cancelRequested(), unpaid, short]) {
      const { order, published } = deliver([placed(), paid, stocked, late]);
      expect(order?.status).toBe('CONFIRMED');
      expect(published).toHaveLength(1);
    }
  });

  test("continues the trace of the order's first event", () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const another = '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { order } = deliver([{ ...placed(), traceparent }, paid]);
    const { publish = [] } = nextOrder(order, delivery({ ...stocked, traceparent: another }), now);
    expect(publish.map(({ type }) => type)).toEqual([STEP, STEP, 'shop.order.confirmed.v1']);
    for (const event of publish) expect(event).toMatchObject({ traceparent });
  });

  test('carries no trace when it is the one derived from the order id', () => {
    const own = continueTrace(undefined, 'o-1001', 'an event');
    for (const first of [placed(), { ...placed(), traceparent: own }]) {
      const { order } = deliver([first, paid]);
      expect(order).not.toHaveProperty('traceparent');
      const another = '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const { publish = [] } = nextOrder(order, delivery({ ...stocked, traceparent: another }), now);
      for (const event of publish) expect(event).not.toHaveProperty('traceparent');
    }
  });
});

describe('The timeline', () => {
  test('holds every step with its time and source, in the sequence of arrival', () => {
    expect(deliver([paid, placed(), stocked]).order?.timeline).toEqual([
      { time: paid.time, type: paid.type, source: '/shop/payment' },
      { time: placed().time, type: placed().type, source: '/shop/checkout' },
      { time: stocked.time, type: stocked.type, source: '/shop/stock' },
      { time: now.toISOString(), type: 'shop.order.confirmed.v1', source: '/shop/order' },
    ]);
  });

  test('and the rest of the record hold no phone number, token or customer', () => {
    expect(JSON.stringify(deliver([placed(), paid, stocked]).order)).not.toMatch(/8210|tok_visa|c-7/);
  });
});
