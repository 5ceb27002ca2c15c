import { describe, expect, test } from 'vitest';
import type { OrderInput } from '../../../lambdas/order/input.ts';
import { decidedShards, dueShards, openShards } from '../../../lambdas/order/open-orders.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { nextOrder } from '../../../lambdas/order/rules.ts';
import { ConflictError } from '../../../lambdas/runtime/failure.ts';
import { delivery } from '../../builders/deliveries.ts';
import {
  authorized,
  cancelRequested,
  captured,
  deadlinePassed,
  declined,
  line,
  placed,
  priced,
  reconciliationDue,
  rejected,
  reminderDue,
  reserved,
  returned,
  shipped,
  voided,
} from '../../builders/events.ts';
import { permutations } from '../../builders/sequences.ts';
import { publishedBy, settled } from '../../builders/transitions.ts';

const now = new Date('2026-11-21T09:00:05Z');

const next = (order: Order | undefined, event: OrderInput, withoutEffects = false) =>
  nextOrder(order, { ...delivery(event), ...(withoutEffects && { withoutEffects }) }, now);

/** Returns an order's record after events, each written, published and noted. */
const orderAfter = (events: readonly OrderInput[], start?: Order) =>
  events.reduce<Order | undefined>((order, event) => {
    const written = settled(order, next(order, event));
    return written && { ...written, version: (order?.version ?? 0) + 1 };
  }, start);

/** Returns an order's record after replays without effects. */
const replayed = (events: readonly OrderInput[], start?: Order) =>
  events.reduce<Order | undefined>((order, event) => {
    const { after: written } = next(order, event, true);
    return written === undefined ? order : { ...written, version: (order?.version ?? 0) + 1 };
  }, start);

const busEventsOf = (step: ReturnType<typeof next>) =>
  publishedBy(step).flatMap(({ type }) => type.match(/^shop\.order\.((?!progressed).+)\.v1$/)?.[1] ?? []);

const other = placed({ items: [priced('KB-02', 1, 7_000)] });
const toConfirmed = [placed(), authorized(), reserved()];
const toCancelled = [placed(), cancelRequested()];
const toShipped = [...toConfirmed, shipped()];
const goods = { items: [line()], total: placed().data.total };

type Row = [
  state: string,
  event: string,
  known: OrderInput[],
  event: OrderInput,
  written: Partial<Order> | undefined,
  published: string[],
];

describe('The state table of an order', () => {
  test.each<Row>([
    ['none', 'an authorization', [], authorized(), { payment: 'authorized', open: expect.any(String) }, []],
    ['none', 'a capture', [], captured(), { payment: 'captured', open: expect.any(String) }, []],
    ['none', 'a decline', [], declined(), { payment: 'declined', open: expect.any(String) }, []],
    ['none', 'a reservation', [], reserved(), { stock: 'reserved', open: expect.any(String) }, []],
    ['none', 'a rejection', [], rejected(), { stock: 'rejected', open: expect.any(String) }, []],
    ['none', 'cancel-requested', [], cancelRequested(), { status: 'CANCELLED', reason: 'customer' }, ['cancelled']],
    ['none', 'placed', [], placed(), { status: 'PLACED' }, []],
    ['outcomes', 'placed', [authorized(), reserved()], placed(), { status: 'CONFIRMED' }, ['confirmed']],
    ['CANCELLED without goods', 'placed', [cancelRequested()], placed(), { status: 'CANCELLED', items: [line()] }, []],
    ['outcomes', 'other goods', [reserved()], other, { status: 'CANCELLED', reason: 'contradiction' }, ['cancelled']],
    [
      'PLACED',
      'another amount authorized',
      [placed()],
      authorized({ amount: 1 }),
      { status: 'CANCELLED', reason: 'contradiction' },
      ['cancelled'],
    ],
    ['PLACED', 'cancel-requested', [placed()], cancelRequested(), { reason: 'customer' }, ['cancelled']],
    ['PLACED', 'deadline', [placed()], deadlinePassed(), { reason: 'timed-out' }, ['cancelled']],
    ['PLACED', 'both, good', [placed(), authorized()], reserved(), { status: 'CONFIRMED' }, ['confirmed']],
    ['PLACED', 'both, short', [placed(), authorized()], rejected(), { reason: 'out-of-stock' }, ['cancelled']],
    ['PLACED', 'both, declined', [placed(), reserved()], declined(), { reason: 'payment-declined' }, ['cancelled']],
    ['none', 'deadline', [], deadlinePassed(), { reason: 'timed-out' }, ['cancelled']],
    ['outcomes', 'deadline', [captured()], deadlinePassed(), { reason: 'timed-out' }, ['cancelled']],
    ['CONFIRMED', 'capture refused', toConfirmed, declined(), { reason: 'payment-declined' }, ['cancelled']],
    [
      'CONFIRMED',
      'taught cancelled',
      toConfirmed,
      reconciliationDue({ decision: 'cancelled' }),
      { status: 'CANCELLED', reason: 'unknown' },
      ['cancelled'],
    ],
    [
      'none',
      'taught confirmed',
      [],
      reconciliationDue({ decision: 'confirmed', ...goods }),
      { status: 'CONFIRMED', ...goods },
      ['confirmed'],
    ],
    [
      'none',
      'taught cancelled',
      [],
      reconciliationDue({ decision: 'cancelled' }),
      { status: 'CANCELLED', reason: 'unknown', expiresAt: expect.any(Number) },
      ['cancelled'],
    ],
    ['none', 'taught confirmed without goods', [], reconciliationDue({ decision: 'confirmed' }), undefined, []],
    ['none', 'again', [], reconciliationDue(), undefined, []],
    [
      'PLACED',
      'taught confirmed',
      [placed()],
      reconciliationDue({ decision: 'confirmed' }),
      { status: 'CONFIRMED', items: [line()] },
      ['confirmed'],
    ],
    [
      'PLACED',
      'taught cancelled',
      [placed(), declined()],
      reconciliationDue({ decision: 'cancelled' }),
      { status: 'CANCELLED', reason: 'payment-declined' },
      ['cancelled'],
    ],
    ['CONFIRMED', 'deadline', toConfirmed, deadlinePassed(), undefined, []],
    ['CANCELLED', 'deadline', toCancelled, deadlinePassed(), undefined, []],
    ['CONFIRMED', 'again', toConfirmed, reconciliationDue(), undefined, ['confirmed']],
    ['CANCELLED', 'again', toCancelled, reconciliationDue(), undefined, ['cancelled']],
    [
      'CANCELLED',
      'taught confirmed',
      toCancelled,
      reconciliationDue({ decision: 'confirmed' }),
      undefined,
      ['cancelled'],
    ],
    ['cancelled after CONFIRMED', 'again', [...toConfirmed, declined()], reconciliationDue(), undefined, ['cancelled']],
    [
      'CONFIRMED',
      'cancel-requested',
      toConfirmed,
      cancelRequested(),
      { status: 'CANCELLED', reason: 'customer' },
      ['cancelled'],
    ],
    ['CANCELLED', 'cancel-requested', toCancelled, cancelRequested({ id: 'other' }), undefined, ['cancel-refused']],
    ['CONFIRMED', 'shipped', toConfirmed, shipped(), { status: 'CONFIRMED', dispatched: true }, ['dispatched']],
    ['shipped', 'cancel-requested', toShipped, cancelRequested(), undefined, ['cancel-refused']],
    ['shipped', 'a second parcel', toShipped, shipped({ id: 'two' }), { dispatched: true }, []],
    ['shipped', 'shipped again', toShipped, shipped(), undefined, []],
    ['shipped', 'deadline', toShipped, deadlinePassed(), undefined, []],
    ['shipped', 'again', toShipped, reconciliationDue(), undefined, ['confirmed', 'dispatched']],
    ['shipped', 'returned', toShipped, returned(), { status: 'CONFIRMED' }, []],
    [
      'none',
      'taught confirmed and dispatched',
      [],
      reconciliationDue({ decision: 'confirmed', dispatched: true, ...goods }),
      { status: 'CONFIRMED', dispatched: true },
      ['confirmed', 'dispatched'],
    ],
    [
      'PLACED',
      'taught confirmed and dispatched',
      [placed()],
      reconciliationDue({ decision: 'confirmed', dispatched: true }),
      { status: 'CONFIRMED', dispatched: true },
      ['confirmed', 'dispatched'],
    ],
    [
      'CONFIRMED',
      'taught dispatched',
      toConfirmed,
      reconciliationDue({ dispatched: true }),
      { status: 'CONFIRMED', dispatched: true },
      ['dispatched'],
    ],
    [
      'dispatched',
      'again',
      [...toConfirmed, reconciliationDue({ dispatched: true })],
      reconciliationDue(),
      undefined,
      ['confirmed', 'dispatched'],
    ],
    ['PLACED', 'taught dispatched alone', [placed()], reconciliationDue({ dispatched: true }), undefined, []],
  ])('%s, %s', (_state, _event, known, event, written, published) => {
    const step = next(orderAfter(known), event);
    expect(step.failure).toBeUndefined();
    if (written === undefined) expect(step.after).toBeUndefined();
    else expect(step.after).toMatchObject(written);
    expect(busEventsOf(step)).toEqual(published);
  });

  test.each<[string, OrderInput[]]>([
    ['PLACED', [placed()]],
    ['CONFIRMED', toConfirmed],
    ['CANCELLED', toCancelled],
    ['CANCELLED before it came', [cancelRequested(), placed()]],
  ])('%s, another order under its id: is refused and changes nothing', (_, known) => {
    const order = orderAfter(known);
    expect(() => next(order, other)).toThrow(ConflictError);
    expect(next(order, placed())).toEqual({ outbox: [] });
  });
});

describe("The sweep's word that an order owes something", () => {
  test('publishes what was not published, and the decision once', () => {
    const undecided = orderAfter([placed(), authorized()]);
    const { after: decided } = next(undecided, reserved());
    expect(publishedBy(next(decided, reconciliationDue())).map(({ id }) => id)).toEqual([
      'o-1001.reserved.3',
      'o-1001.confirmed.4',
      'o-1001.confirmed',
    ]);
  });

  test('keeps what the record knows, where others know otherwise', () => {
    const taught = reconciliationDue({ decision: 'confirmed', items: [line('KB-02')], total: other.data.total });
    expect(next(orderAfter([placed()]), taught).after).toMatchObject({ items: [line()], total: placed().data.total });
  });

  test('does nothing in a replay', () => {
    for (const decision of ['confirmed', 'cancelled'] as const)
      expect(next(orderAfter([placed()]), reconciliationDue({ decision, ...goods }), true)).toEqual({});
  });
});

describe('A replay without effects', () => {
  const histories: OrderInput[][] = [
    [placed(), authorized(), reserved()],
    [placed(), captured(), rejected()],
    [placed(), reserved(), declined()],
    [cancelRequested(), placed()],
    [placed(), authorized({ amount: 1 })],
  ];

  test('never decides, whatever it tells and whatever was known before', () => {
    const sequences = histories.flatMap((history) => permutations(history));
    const parts = sequences.flatMap((sequence) => sequence.map((_, live) => ({ sequence, live })));
    for (const { sequence, live } of parts) {
      const before = orderAfter(sequence.slice(0, live));
      const learnt = replayed(sequence.slice(live), before);
      expect([before?.status, 'PLACED']).toContain(learnt?.status);
      if (before?.status === undefined || before.status === 'PLACED') expect(dueShards).toContain(learnt?.open);
    }
  });

  test("is decided, and published, by the sweep's next word as the same events are live", () => {
    for (const history of histories)
      for (const sequence of permutations(history)) {
        const live = orderAfter(sequence);
        const step = next(replayed(sequence), reconciliationDue());
        expect(step.after).toMatchObject({ status: live?.status });
        expect(step.after?.reason).toBe(live?.reason);
        expect(busEventsOf(step)).toEqual([live?.status?.toLowerCase()]);
        expect(decidedShards).toContain(step.after?.open);
      }
  });

  test('that tells too little for a decision leaves the order to its deadline', () => {
    const step = next(replayed([placed(), authorized()]), reconciliationDue());
    expect(step.after).toMatchObject({ status: 'PLACED', openSince: now.toISOString() });
    expect(openShards).toContain(step.after?.open);
  });

  test("of the sweep's own words changes nothing", () => {
    for (const event of [deadlinePassed(), reminderDue()])
      expect(next(orderAfter([placed()]), event, true).after).toBeUndefined();
  });
});

describe('Where payment or stock took another order under the same id', () => {
  test.each<[string, OrderInput[]]>([
    ['another amount was authorized', [placed(), authorized({ amount: 7_000 }), reserved()]],
    ['another currency was authorized', [placed(), authorized({ currency: 'USD' }), reserved()]],
    ['another amount was captured', [placed(), captured({ amount: 7_000 }), reserved()]],
    ['other goods are reserved', [placed(), authorized(), reserved({ items: [line('KB-02')] })]],
    ['both took another', [placed(), authorized({ amount: 7_000 }), reserved({ items: [line('KB-02')] })]],
  ])('it ends as a contradiction in every sequence: %s', (_, events) => {
    for (const sequence of permutations(events)) {
      const published: string[] = [];
      let order: Order | undefined;
      for (const event of sequence) {
        const step = next(order, event);
        published.push(...busEventsOf(step));
        order = settled(order, step);
      }
      expect(order).toMatchObject({ status: 'CANCELLED', reason: 'contradiction', items: [line()] });
      expect(published).toEqual(['cancelled']);
    }
  });

  test('a second order placed under the id is refused in every sequence, and the order ends once payment took it', () => {
    const events: OrderInput[] = [placed(), other, authorized({ amount: other.data.total.amount }), reserved()];
    for (const sequence of permutations(events)) {
      let order: Order | undefined;
      let refused = 0;
      for (const event of sequence) {
        try {
          order = settled(order, next(order, event));
        } catch (error) {
          expect(error).toBeInstanceOf(ConflictError);
          expect(event.type).toBe('shop.order.placed.v1');
          refused += 1;
        }
      }
      expect(refused).toBe(1);
      expect(order).toMatchObject({ status: 'CANCELLED', reason: 'contradiction' });
    }
  });
});

test('Every record is found by the sweep from its first event on', () => {
  for (const event of [
    placed(),
    authorized(),
    captured(),
    declined(),
    voided(),
    reserved(),
    rejected(),
    cancelRequested(),
  ])
    for (const order of [orderAfter([event]), replayed([event])]) {
      expect([...openShards, ...decidedShards, ...dueShards]).toContain(order?.open);
      expect(order?.openSince).toBe(now.toISOString());
    }
});
