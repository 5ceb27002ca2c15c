import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { continueTrace } from '../../../contracts/traceparent.ts';
import type { OrderInput } from '../../../lambdas/order/input.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { nextOrder } from '../../../lambdas/order/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import {
  authorized,
  cancelRequested,
  captured,
  declined,
  placed,
  refunded,
  rejected,
  released,
  reserved,
  voided,
} from '../../builders/events.ts';
import { permutations } from '../../builders/sequences.ts';
import { publishedBy, settled } from '../../builders/transitions.ts';

const now = new Date('2026-11-21T09:00:05Z');

const STEP = 'shop.order.progressed.v1';
const REFUSED = 'shop.order.cancel-refused.v1';

/** Delivers events one after the other. Every write succeeds, and publications are recorded as the handler records them. */
function deliver(events: readonly OrderInput[], start?: Order) {
  let order = start;
  const published: { type: string; id: string; data: unknown; after: number }[] = [];
  const steps: unknown[] = [];
  const statuses: (string | undefined)[] = [];
  events.forEach((event, index) => {
    const step = nextOrder(order, delivery(event), now);
    const before = order;
    order = settled(before, step);
    if (order !== undefined && step.after !== undefined) order.version = (before?.version ?? 0) + 1;
    const out = publishedBy(step);
    published.push(
      ...out.filter(({ type }) => type !== STEP).map(({ type, id, data }) => ({ type, id, data, after: index })),
    );
    steps.push(...out.filter(({ type }) => type === STEP).map(({ data }) => data));
    statuses.push(order?.status);
  });
  return { order, published, steps, statuses };
}

const paid = authorized();
const unpaid = declined();
const stocked = reserved();
const short = rejected();

describe('In any sequence of events, an order', () => {
  test.each<[string, OrderInput[], Partial<Order>, string]>([
    [
      'that is authorized and in stock is confirmed',
      [placed(), paid, stocked],
      { status: 'CONFIRMED', payment: 'authorized' },
      'shop.order.confirmed.v1',
    ],
    [
      'that the checkout captured and is in stock is confirmed',
      [placed(), captured(), stocked],
      { status: 'CONFIRMED', payment: 'captured' },
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

  test('of which only outcomes are known has no status', () => {
    for (const sequence of permutations<OrderInput>([paid, stocked, voided(), refunded(), released()])) {
      const { order, published } = deliver(sequence);
      expect(order?.status).toBeUndefined();
      expect(published).toEqual([]);
    }
  });

  test('that its customer cancels is cancelled with the request, whether it was confirmed before or not, and what follows changes nothing', () => {
    for (const sequence of permutations<OrderInput>([
      placed(),
      paid,
      stocked,
      cancelRequested(),
      captured(),
      voided(),
      released(),
    ])) {
      const { order, published } = deliver(sequence);
      const position = (event: OrderInput) => sequence.findIndex(({ type }) => type === event.type);
      const payable = Math.min(position(paid), position(captured()));
      const confirmable = Math.max(position(placed()), payable, position(stocked));
      const isConfirmed = confirmable < position(cancelRequested());
      expect(order).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
      expect(published.map(({ type, after }) => [type.split('.')[2], after])).toEqual([
        ...(isConfirmed ? [['confirmed', confirmable]] : []),
        ['cancelled', position(cancelRequested())],
      ]);
    }
  });

  test('whose payment is refused is cancelled for that, also after its confirmation', () => {
    for (const sequence of permutations<OrderInput>([placed(), paid, stocked, unpaid])) {
      const { order, published } = deliver(sequence);
      expect(order).toMatchObject({ status: 'CANCELLED', reason: 'payment-declined' });
      expect(published.map(({ type }) => type)).toEqual([
        ...(sequence.at(-1) === unpaid ? ['shop.order.confirmed.v1'] : []),
        'shop.order.cancelled.v1',
      ]);
    }
  });

  test('with repeated events reaches one terminal state, moves only forward and records each step once', () => {
    const inputs = fc.record({
      payment: fc.constantFrom<OrderInput[]>([paid], [captured()], [paid, captured()], [unpaid], [paid, unpaid]),
      stock: fc.constantFrom<OrderInput>(stocked, short),
      cancels: fc.boolean(),
    });
    const cases = inputs.chain((input) => {
      const once: OrderInput[] = [
        placed(),
        ...input.payment,
        input.stock,
        ...(input.cancels ? [cancelRequested()] : []),
        voided(),
        refunded(),
        released(),
      ];
      // Every event arrives at least once, in random sequence with repetitions.
      const sequence = fc
        .tuple(
          fc.array(fc.constantFrom(...once), { maxLength: 12 }),
          fc.shuffledSubarray(once, { minLength: once.length }),
        )
        .chain(([extra, all]) => fc.shuffledSubarray([...extra, ...all], { minLength: extra.length + all.length }));
      return fc.record({ input: fc.constant(input), sequence });
    });
    fc.assert(
      fc.property(cases, ({ input: { payment, stock, cancels }, sequence }) => {
        const { order, statuses, published } = deliver(sequence);
        const fulfilled = !payment.includes(unpaid) && stock === stocked;
        expect(order?.status).toMatch(/^(CONFIRMED|CANCELLED)$/);
        if (!fulfilled) expect(order?.status).toBe('CANCELLED');
        if (fulfilled) expect(order?.status).toBe(cancels ? 'CANCELLED' : 'CONFIRMED');
        expect(order?.reason === undefined).toBe(order?.status === 'CONFIRMED');
        const changes = statuses
          .filter((status, index) => status !== statuses[index - 1])
          .filter((status) => status !== undefined);
        expect(changes.join()).toMatch(/^(PLACED,?)?(CONFIRMED,?)?(CANCELLED)?$/);
        const decisions = published.map(({ type }) => type).filter((type) => type !== REFUSED);
        expect(decisions.join()).toMatch(/^(shop.order.confirmed.v1,?)?(shop.order.cancelled.v1)?$/);
        const types = order?.timeline.map(({ type }) => type) ?? [];
        expect(new Set(types).size).toBe(types.length);
        // A request to cancel what is cancelled already is refused, each time, and no step.
        const refused = new Set(published.map(({ type }) => type).filter((type) => type === REFUSED));
        expect(types).toHaveLength(new Set(sequence.map(({ type }) => type)).size - refused.size + decisions.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe('An order that is cancelled before it comes', () => {
  const inAdvance: OrderInput[][] = [
    [cancelRequested()],
    [cancelRequested(), voided()],
    [paid, cancelRequested()],
    [stocked, cancelRequested(), released()],
    [captured(), stocked, cancelRequested(), refunded()],
  ];

  test.each(inAdvance.map((events) => [events.map(({ type }) => type.split('.')[2]).join(', '), events] as const))(
    'is decided at once, under its own id, and the order changes nothing any more: %s',
    (_, events) => {
      const { order: tombstone } = deliver(events);
      expect(tombstone).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
      const { order, published } = deliver([...events, placed(), paid, stocked]);
      expect(order).toMatchObject({ status: 'CANCELLED', reason: 'customer', total: placed().data.total });
      expect(published).toEqual([
        {
          type: 'shop.order.cancelled.v1',
          id: 'o-1001.cancelled',
          data: { orderId: 'o-1001', reason: 'customer' },
          after: events.findIndex(({ type }) => type === cancelRequested().type),
        },
      ]);
    },
  );

  test('keeps the goods of the order that comes, in a step without a status, and is not undecided again', () => {
    const { order, steps } = deliver([cancelRequested(), placed()]);
    expect(order).toMatchObject({ items: [{ sku: 'KB-01', quantity: 1 }], method: { kind: 'token' } });
    expect(order).toMatchObject({ open: expect.stringMatching(/^decided-/), openSince: now.toISOString() });
    expect(steps).toEqual([
      { orderId: 'o-1001', sequence: 1, step: 'shop.order.cancel-requested.v1' },
      { orderId: 'o-1001', sequence: 2, step: 'shop.order.cancelled.v1', status: 'CANCELLED', reason: 'customer' },
      { orderId: 'o-1001', sequence: 3, step: 'shop.order.placed.v1' },
    ]);
  });

  test('is forgotten 120 days after the cancellation, unless it comes', () => {
    const expiresAt = now.getTime() / 1000 + 120 * 86_400;
    for (const events of inAdvance) {
      expect(deliver(events).order).toMatchObject({ expiresAt });
      expect(deliver([...events, placed()]).order).not.toHaveProperty('expiresAt');
    }
    const { order } = deliver([cancelRequested()]);
    const monthLater = new Date('2026-12-15T09:00:00Z');
    const { after } = nextOrder(order, delivery(voided()), monthLater);
    expect(after).toMatchObject({ expiresAt });
  });

  test('is decided with the next event where the version before only noted the request', () => {
    const noted: Order = {
      orderId: 'o-1001',
      version: 1,
      cancelRequested: true,
      timeline: [{ time: '2026-11-21T09:00:00Z', type: cancelRequested().type, source: '/shop/account' }],
      published: 1,
    };
    for (const event of [placed(), paid, stocked]) {
      const { order, published } = deliver([event], noted);
      expect(order).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
      expect(published).toHaveLength(1);
    }
  });

  test('leaves no other order to be forgotten', () => {
    for (const events of [
      [placed(), cancelRequested()],
      [paid, stocked],
      [placed(), paid, stocked, unpaid],
    ]) {
      const { order } = deliver(events);
      expect(order).toBeDefined();
      expect(order).not.toHaveProperty('expiresAt');
    }
  });
});

describe('The decision', () => {
  test('to confirm contains items, total and how it is paid, without unit prices, the token or the customer', () => {
    const { published } = deliver([placed(), paid, stocked]);
    expect(published[0]?.data).toEqual({
      orderId: 'o-1001',
      items: [{ sku: 'KB-01', quantity: 1 }],
      total: { amount: 12_000, currency: 'KRW' },
      payment: { kind: 'token' },
    });
  });

  test('to cancel contains the reason', () => {
    const { published } = deliver([placed(), cancelRequested()]);
    expect(published[0]?.data).toEqual({ orderId: 'o-1001', reason: 'customer' });
  });

  test('to cancel a confirmed order has an id of its own', () => {
    const { published, steps } = deliver([placed(), paid, stocked, unpaid]);
    expect(published.map(({ id }) => id)).toEqual(['o-1001.confirmed', 'o-1001.cancelled']);
    expect(steps.slice(-2)).toEqual([
      { orderId: 'o-1001', sequence: 5, step: 'shop.payment.declined.v1' },
      {
        orderId: 'o-1001',
        sequence: 6,
        step: 'shop.order.cancelled.v1',
        status: 'CANCELLED',
        reason: 'payment-declined',
      },
    ]);
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
      expect(nextOrder(step.after, delivery(event), later)).toEqual({ outbox: step.outbox });
    }
    const { order } = deliver(events);
    for (const event of events) expect(nextOrder(order, delivery(event), later)).toEqual({ outbox: [] });
  });

  test('is not published again for a duplicate event after it is recorded as published', () => {
    const { order } = deliver([placed(), stocked, paid]);
    expect(nextOrder(order, delivery(authorized({ id: 'another' })), now)).toEqual({ outbox: [] });
  });

  test('to confirm is not undone by what comes late', () => {
    for (const late of [captured(), short, voided(), refunded(), released()]) {
      const { order, published, steps } = deliver([placed(), paid, stocked, late, late]);
      expect(order?.status).toBe('CONFIRMED');
      expect(published).toHaveLength(1);
      expect(steps.slice(4)).toEqual([{ orderId: 'o-1001', sequence: 5, step: late.type }]);
    }
  });

  test('to cancel is not undone by what comes late', () => {
    const known: OrderInput[] = [placed(), paid, stocked, unpaid];
    for (const late of [captured(), short, voided(), refunded(), released()]) {
      const { order, published } = deliver([...known, late]);
      expect(order).toMatchObject({ status: 'CANCELLED', reason: 'payment-declined' });
      expect(published).toHaveLength(2);
    }
  });

  test("continues the trace of the order's first event", () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const another = '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { order } = deliver([{ ...placed(), traceparent }, paid]);
    const publish = publishedBy(nextOrder(order, delivery({ ...stocked, traceparent: another }), now));
    expect(publish.map(({ type }) => type)).toEqual([STEP, STEP, 'shop.order.confirmed.v1']);
    for (const event of publish) expect(event).toMatchObject({ traceparent });
  });

  test('carries no trace when it is the one derived from the order id', () => {
    const own = continueTrace(undefined, 'o-1001', 'an event');
    for (const first of [placed(), { ...placed(), traceparent: own }]) {
      const { order } = deliver([first, paid]);
      expect(order).not.toHaveProperty('traceparent');
      const another = '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const publish = publishedBy(nextOrder(order, delivery({ ...stocked, traceparent: another }), now));
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
