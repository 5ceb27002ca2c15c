import { describe, expect, test } from 'vitest';
import type { OrderPlaced, Payment } from '../../../contracts/order.ts';
import type { OrderInput } from '../../../lambdas/order/input.ts';
import { deadlineShards, unremindedShards, untilShards } from '../../../lambdas/order/open-orders.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { nextOrder } from '../../../lambdas/order/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import {
  authorized,
  cancelRequested,
  captured,
  deadlinePassed,
  declined,
  placed,
  priced,
  rejected,
  reminderDue,
  reserved,
} from '../../builders/events.ts';
import { permutations } from '../../builders/sequences.ts';
import { publishedBy, settled } from '../../builders/transitions.ts';

const now = new Date('2026-11-21T09:00:05Z');
const UNTIL = '2026-11-25T12:00:00Z';

const placedWith = (payment: Payment | undefined, unitPrice = 12_000): OrderPlaced => {
  const { payment: _, ...data } = placed({ items: [priced('KB-01', 1, unitPrice)] }).data;
  return { ...placed(), data: { ...data, ...(payment === undefined ? {} : { payment }) } };
};

function deliver(events: readonly OrderInput[], time = now): { order: Order | undefined; decisions: string[] } {
  let order: Order | undefined;
  const decisions: string[] = [];
  for (const event of events) {
    const step = nextOrder(order, delivery(event), time);
    decisions.push(...publishedBy(step).flatMap(({ id }) => id.match(/^o-1001.(confirmed|cancelled)$/)?.[1] ?? []));
    order = settled(order, step);
  }
  return { order, decisions };
}

const FREE = placedWith(undefined, 0);
const ON_DELIVERY = placedWith({ kind: 'on-delivery' });
const AWAITED = placedWith({ kind: 'awaited' });
const AWAITED_UNTIL = placedWith({ kind: 'awaited', until: UNTIL });

const KINDS: [string, OrderPlaced][] = [
  ['with nothing to pay', FREE],
  ['with nothing to pay and a token', placedWith({ token: 'tok_visa' }, 0)],
  ['with nothing to pay that awaits a payment', placedWith({ kind: 'awaited', until: UNTIL }, 0)],
  ['paid on delivery', ON_DELIVERY],
  ['paid by token', placedWith({ token: 'tok_visa' })],
  ['captured by the checkout', placedWith({ kind: 'captured', reference: 'pi_1' })],
  ['authorized by the checkout', placedWith({ kind: 'authorized', reference: 'pi_1' })],
  ['whose payment is awaited', AWAITED],
  ['whose payment is awaited until its own moment', AWAITED_UNTIL],
];

const has = (seen: ReadonlySet<string>, name: string) => seen.has(`shop.${name}.v1`);

/**
 * The decisions by the first of their conditions that the events fulfil in sequence, written independently of the rules: a confirmed order is
 * still cancelled by its customer.
 */
function expected(sequence: readonly OrderInput[]): string[] {
  const seen = new Set<string>();
  const decisions: string[] = [];
  for (const { type } of sequence) {
    seen.add(type);
    const decision = decisionAfter(seen);
    if (decision === undefined) continue;
    const last = decisions.at(-1);
    if (last === undefined || (last === 'CONFIRMED' && decision === 'customer')) decisions.push(decision);
  }
  return decisions;
}

function decisionAfter(seen: ReadonlySet<string>): string | undefined {
  if (has(seen, 'order.cancel-requested')) return 'customer';
  if (has(seen, 'order.deadline-passed')) return 'timed-out';
  if (!has(seen, 'order.placed')) return undefined;
  if (!has(seen, 'payment.authorized') && !has(seen, 'payment.captured')) return undefined;
  if (has(seen, 'stock.reserved')) return 'CONFIRMED';
  return has(seen, 'stock.rejected') ? 'out-of-stock' : undefined;
}

/** Every part of the events that can follow an order of an amount. */
const partsFor = (amount: number): OrderInput[][] =>
  [reserved(), rejected()].flatMap((stock) => {
    const events = [stock, authorized({ amount }), captured({ amount }), cancelRequested(), deadlinePassed()];
    return Array.from({ length: 1 << events.length }, (_, mask) => events.filter((_, index) => mask & (1 << index)));
  });

describe('Under every permutation and every part of its events', () => {
  test.each(KINDS)(
    'an order %s is decided by what arrived first, and once more where its customer cancels it after that',
    (_, order) => {
      const { amount } = order.data.total;
      for (const sequence of partsFor(amount).flatMap((part) => permutations<OrderInput>([order, ...part]))) {
        const { order: record, decisions } = deliver(sequence);
        const all = expected(sequence);
        expect(record?.reason ?? record?.status).toBe(all.at(-1) ?? 'PLACED');
        expect(decisions).toEqual(all.map((decision) => (decision === 'CONFIRMED' ? 'confirmed' : 'cancelled')));
        expect(record?.open?.startsWith('decided')).toBe(all.length > 0);
      }
    },
  );

  test.each(KINDS)('an order %s is cancelled by a payment that is declined', (_, order) => {
    for (const sequence of permutations<OrderInput>([order, reserved(), declined()]))
      expect(deliver(sequence)).toMatchObject({ order: { reason: 'payment-declined' }, decisions: ['cancelled'] });
  });
});

test('An order that was placed before there were authorizations, and needs no payment, is confirmed by its goods', () => {
  const { order } = deliver([ON_DELIVERY]);
  if (order === undefined) throw new Error('not placed');
  const { after } = nextOrder({ ...order, payment: 'not-needed' }, delivery(reserved()), now);
  expect(after).toMatchObject({ status: 'CONFIRMED', payment: 'not-needed' });
});

describe('What the confirmation says of the payment', () => {
  test.each<[string, OrderPlaced, unknown]>([
    ['by token', placedWith({ token: 'tok_visa' }), { kind: 'token' }],
    [
      'captured by the checkout',
      placedWith({ kind: 'captured', reference: 'pi_1' }),
      { kind: 'captured', reference: 'pi_1' },
    ],
    [
      'authorized by the checkout',
      placedWith({ kind: 'authorized', reference: 'pi_1' }),
      { kind: 'authorized', reference: 'pi_1' },
    ],
    ['on delivery', ON_DELIVERY, { kind: 'on-delivery' }],
    ['awaited', AWAITED_UNTIL, { kind: 'awaited' }],
    ['with nothing to pay', FREE, undefined],
    ['with nothing to pay, and a token', placedWith({ token: 'tok_visa' }, 0), undefined],
  ])('is how the order is paid: %s', (_, order, payment) => {
    const { amount } = order.data.total;
    const { order: undecided } = deliver([order, authorized({ amount })]);
    const confirmation = publishedBy(nextOrder(undecided, delivery(reserved()), now)).find(
      ({ type }) => type === 'shop.order.confirmed.v1',
    );
    expect(confirmation?.data).toEqual({
      orderId: 'o-1001',
      items: [{ sku: 'KB-01', quantity: 1 }],
      total: { amount, currency: 'KRW' },
      ...(payment === undefined ? {} : { payment }),
    });
  });
});

describe('An order whose payment is awaited', () => {
  test.each([
    [UNTIL, '2026-11-25T12:00:00.000Z'],
    ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ])('until %s is due then, in the past or after the deadline of others', (until, openSince) => {
    const { order } = deliver([placedWith({ kind: 'awaited', until })]);
    expect(order?.openSince).toBe(openSince);
    expect(untilShards).toContain(order?.open);
    expect(deliver([placedWith({ kind: 'awaited', until }), deadlinePassed()]).order).toMatchObject({
      reason: 'timed-out',
    });
  });

  test('without a moment of its own is due when other orders are', () => {
    const { order } = deliver([AWAITED]);
    expect(order?.openSince).toBe(now.toISOString());
    expect(deadlineShards).toContain(order?.open);
  });

  test.each([
    ['with', AWAITED_UNTIL],
    ['without', AWAITED],
  ])('%s a moment of its own is not reminded of before it is paid', (_, order) => {
    const { order: record } = deliver([order]);
    expect(unremindedShards).not.toContain(record?.open);
    const { after, outbox } = nextOrder(record, delivery(reminderDue()), now);
    expect(after).toBeUndefined();
    expect(outbox).toEqual([]);
  });

  test.each([
    ['with', AWAITED_UNTIL],
    ['without', AWAITED],
  ])('%s a moment of its own waits like any other from its payment on', (_, order) => {
    const paidAt = new Date('2026-11-25T11:59:00Z');
    const { order: record } = deliver([order]);
    const { after } = nextOrder(record, delivery(captured()), paidAt);
    expect(after?.openSince).toBe(paidAt.toISOString());
    expect(unremindedShards).toContain(after?.open);
    expect(deliver([captured(), order], paidAt).order).toMatchObject({
      open: after?.open,
      openSince: after?.openSince,
    });
    expect(unremindedShards).not.toContain(deliver([order, captured(), reserved()]).order?.open);
  });
});

describe('The same order placed again', () => {
  const kinds: (Payment | undefined)[] = [
    { token: 'tok_visa' },
    { kind: 'captured', reference: 'pi_1' },
    { kind: 'captured', reference: 'pi_2' },
    { kind: 'authorized', reference: 'pi_1' },
    { kind: 'on-delivery' },
    { kind: 'awaited' },
  ];

  test('with another kind of payment or another reference conflicts', () => {
    for (const [index, one] of kinds.entries())
      for (const [otherIndex, other] of kinds.entries()) {
        const { order } = deliver([placedWith(one)]);
        const again = () => nextOrder(order, delivery(placedWith(other)), now);
        if (index === otherIndex) expect(again).not.toThrow();
        else
          expect(again).toThrow(
            expect.objectContaining({
              name: 'ConflictError',
              path: 'data.payment',
              message: 'Order o-1001 was already placed with another payment',
            }),
          );
      }
  });

  test('with another payment, or none, is a repetition where there is nothing to pay', () => {
    const { order } = deliver([FREE]);
    for (const again of [FREE, placedWith({ token: 'tok_visa' }, 0), placedWith({ kind: 'on-delivery' }, 0)])
      expect(nextOrder(order, delivery(again), now)).toEqual({ outbox: [] });
  });

  test.each<[string, Payment, Payment]>([
    ['a new token', { token: 'tok_1' }, { kind: 'token', token: 'tok_2' }],
    ['another until', { kind: 'awaited', until: UNTIL }, { kind: 'awaited' }],
  ])('with %s is a repetition', (_, one, other) => {
    const { order } = deliver([placedWith(one)]);
    expect(nextOrder(order, delivery(placedWith(other)), now)).toEqual({ outbox: [] });
  });

  test('after outcomes that came first is its first placement', () => {
    expect(deliver([reserved(), captured(), placedWith({ kind: 'captured', reference: 'pi_1' })]).order?.status).toBe(
      'CONFIRMED',
    );
  });
});

test('An order with nothing to pay waits from its placement on, whatever its payment would be', () => {
  const order = placedWith({ kind: 'awaited', until: UNTIL }, 0);
  const { order: record } = deliver([order]);
  expect(record?.openSince).toBe(now.toISOString());
  const { after } = nextOrder(record, delivery(authorized({ amount: 0 })), new Date('2026-11-22T09:00:00Z'));
  expect(after).toMatchObject({ payment: 'authorized', open: record?.open, openSince: now.toISOString() });
});

test('The record keeps the kind of payment, its reference and the order number, and neither the token nor the customer', () => {
  const order = placedWith({ kind: 'authorized', reference: 'pi_1' });
  const { order: record } = deliver([{ ...order, data: { ...order.data, orderNumber: '#1029' } }]);
  expect(record).toMatchObject({ orderNumber: '#1029', method: { kind: 'authorized', reference: 'pi_1' } });
  const withToken = deliver([placedWith({ token: 'tok_visa' })]).order;
  expect(withToken?.method).toEqual({ kind: 'token' });
  expect(withToken).not.toHaveProperty('orderNumber');
  expect(JSON.stringify(withToken)).not.toMatch(/tok_visa|8210|c-7/);
});
