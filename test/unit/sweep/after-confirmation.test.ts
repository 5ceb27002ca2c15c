import { describe, expect, test } from 'vitest';
import { orderCancelled, orderConfirmed, orderPlaced, orderShipped } from '../../../contracts/order.ts';
import type { Notification } from '../../../lambdas/notification/rules.ts';
import { openAttributes } from '../../../lambdas/order/open-orders.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import type { Payment, Refund } from '../../../lambdas/payment/record.ts';
import type { Reservation, Return } from '../../../lambdas/stock/record.ts';
import { findingOf, isHeld, messageForUndecided, type OrderRecords } from '../../../lambdas/sweep/rules.ts';
import { memorySweep, SWEEP_TIMES } from '../../builders/memory-sweep.ts';
import { quietLog } from '../../builders/quiet-log.ts';

quietLog();

const time = '2026-11-21T08:00:00.000Z';
const now = new Date('2026-11-21T12:00:00Z');
const lines = [{ sku: 'A', quantity: 2 }];
const total = { amount: 2_000, currency: 'KRW' };

function order(status: 'CONFIRMED' | 'CANCELLED', parts: Partial<Order> = {}): Order {
  const decision = status === 'CONFIRMED' ? orderConfirmed : orderCancelled;
  const types = [orderPlaced.type, decision.type, ...(parts.dispatched ? [orderShipped.type] : [])];
  const timeline = types.map((type) => ({ time, type, source: '/shop/order' }));
  return { orderId: 'o-1', version: 5, status, total, items: lines, timeline, published: timeline.length, ...parts };
}

const payment = (state: Payment['state'], parts: Partial<Payment> = {}): Payment => ({
  orderId: 'o-1',
  version: 3,
  state,
  money: total,
  method: { kind: 'token' },
  time,
  ...parts,
});
const reservation = (state: Reservation['state'], parts: Partial<Reservation> = {}): Reservation => ({
  orderId: 'o-1',
  state,
  lines,
  time,
  ...parts,
});
const told = (decision: Notification['decision']): Notification => ({
  orderId: 'o-1',
  version: 1,
  ...(decision && { decision }),
  texts: {},
});

const refund = (state: Refund['state'], parts: Partial<Refund> = {}): Refund => ({
  refundId: 'r-1',
  amount: 1_000,
  state,
  time,
  ...parts,
});
const returned: Return = { refundId: 'r-1', lines: [{ sku: 'A', quantity: 1, restock: true }], amount: 1_000, time };

const confirmed: OrderRecords = {
  payment: payment('captured'),
  reservation: reservation('sold'),
  notification: told('order-confirmed'),
};
const cancelled: OrderRecords = {
  payment: payment('refunded'),
  reservation: reservation('released'),
  notification: told('order-cancelled'),
};
const left = { dispatched: true as const };
const shipped: OrderRecords = {
  ...confirmed,
  payment: payment('captured', left),
  reservation: reservation('sold', left),
};
/** What teaches `order` a decision, and that goods of it left. */
const lesson = (parts: object) => ({ orderId: 'o-1', items: lines, total, payment: { kind: 'token' }, ...parts });
const again = { orderId: 'o-1' };

const findingWith = (current: Order, records: OrderRecords) => {
  const finding = findingOf(current, { ...records, order: current }, now);
  return finding.kind === 'owing' && finding.message.name === 'reconciliation-due'
    ? finding.message.data
    : finding.kind;
};

describe('An order that was put back to before it was shipped', () => {
  test.each<[string, OrderRecords]>([
    ['payment', { ...confirmed, payment: payment('captured', left) }],
    ['stock', { ...confirmed, reservation: reservation('sold', left) }],
    ['both', shipped],
  ])('is taught what %s has on record', (_, records) => {
    expect(findingWith(order('CONFIRMED'), records)).toEqual(lesson({ decision: 'confirmed', dispatched: true }));
  });

  test('is taught it together with a cancellation that another has heard: `order` alarms', () => {
    const records = { ...shipped, notification: told('order-cancelled') };
    expect(findingWith(order('CONFIRMED'), records)).toEqual(lesson({ decision: 'cancelled', dispatched: true }));
  });

  test('is taught it where it is undecided, or has no record at all, also where the money came past the gateway', () => {
    const onDelivery = { payment: payment('authorized', { ...left, method: { kind: 'on-delivery' } }) };
    const taught = { name: 'reconciliation-due', data: expect.objectContaining({ decision: 'confirmed', ...left }) };
    for (const records of [shipped, onDelivery]) {
      expect(messageForUndecided('o-1', records, true, now)).toEqual(taught);
      expect(isHeld(records)).toBe(true);
    }
    expect(messageForUndecided('o-1', confirmed, true, now)).toEqual({
      name: 'reconciliation-due',
      data: lesson({ decision: 'confirmed' }),
    });
  });

  test('and then cancelled is taught that goods left', () => {
    const records = { ...cancelled, payment: payment('captured', left) };
    expect(findingWith(order('CANCELLED'), records)).toMatchObject({ dispatched: true });
  });
});

describe('A shipped order', () => {
  test('owes nothing where all know that it left', () => {
    expect(findingWith(order('CONFIRMED', left), shipped)).toBe('settled');
  });

  test.each<[string, OrderRecords]>([
    ['payment', { ...shipped, payment: payment('captured') }],
    ['stock', { ...shipped, reservation: reservation('sold') }],
    [
      'payment, where the money comes on delivery,',
      { ...shipped, payment: payment('authorized', { method: { kind: 'on-delivery' } }) },
    ],
  ])('is published again where %s does not know it, which would undo it', (_, records) => {
    expect(findingWith(order('CONFIRMED', left), records)).toEqual(again);
  });

  test('is taught a cancellation that another has heard, once: with the contradiction it is a person’s', () => {
    const records = { ...shipped, reservation: reservation('released') };
    expect(findingWith(order('CONFIRMED', left), records)).toEqual(lesson({ decision: 'cancelled' }));
    const alarmed = order('CONFIRMED', { ...left, contradiction: 'cancelled-after-shipping' });
    expect(findingWith(alarmed, records)).toBe('settled');
  });
});

describe('An order with a contradiction comes to rest', () => {
  const { contradiction } = { contradiction: 'not-captured-after-shipping' } as const;

  test.each<[string, Order, OrderRecords]>([
    [
      'although its money was not captured',
      order('CONFIRMED', { ...left, contradiction }),
      { ...shipped, payment: payment('lapsed') },
    ],
    [
      'although payment, stock and notification heard that it is cancelled',
      order('CONFIRMED', { ...left, contradiction: 'cancelled-after-shipping' }),
      cancelled,
    ],
    [
      'although payment and stock refuse its cancellation',
      order('CANCELLED', { contradiction: 'shipped-after-cancellation' }),
      shipped,
    ],
    [
      'although payment refuses its cancellation, and has a refund that was begun: the audit names it',
      order('CANCELLED', { contradiction: 'shipped-after-cancellation' }),
      { ...shipped, payment: payment('captured', { ...left, refunds: [refund('pending')] }) },
    ],
    ['and is cancelled as any other', order('CANCELLED', { contradiction: 'shipped-after-cancellation' }), cancelled],
  ])('%s', (_, current, records) => {
    expect(findingWith(current, records)).toBe('settled');
  });

  test.each<[string, Order, OrderRecords]>([
    [
      'a capture',
      order('CONFIRMED', { ...left, contradiction }),
      { ...shipped, payment: payment('capturing'), reservation: reservation('sold') },
    ],
    [
      'a void',
      order('CONFIRMED', { ...left, contradiction: 'cancelled-after-shipping' }),
      { ...cancelled, payment: payment('voiding') },
    ],
    [
      'a void of what the checkout held',
      order('CONFIRMED', { ...left, contradiction: 'cancelled-after-shipping' }),
      { ...cancelled, payment: payment('voiding', { method: { kind: 'captured', reference: 'pi_1' } }) },
    ],
    [
      'a refund',
      order('CANCELLED', { contradiction: 'shipped-after-cancellation' }),
      { ...cancelled, payment: payment('refunding') },
    ],
    [
      'the goods',
      order('CONFIRMED', { ...left, contradiction }),
      { ...shipped, payment: payment('lapsed'), reservation: reservation('reserved') },
    ],
    [
      'the goods of one that no consumer refuses to cancel',
      order('CANCELLED', { contradiction: 'shipped-after-cancellation' }),
      { ...cancelled, reservation: reservation('sold') },
    ],
    [
      'the text',
      order('CONFIRMED', { ...left, contradiction }),
      { ...shipped, payment: payment('lapsed'), notification: undefined },
    ],
  ])('but what was begun is ended: %s', (_, current, records) => {
    expect(findingWith(current, records)).toEqual(again);
  });
});

describe('A refund', () => {
  const refunded = (...refunds: Refund[]) => ({ ...confirmed, payment: payment('captured', { refunds }) });

  test.each<[string, Order, OrderRecords]>([
    ['of a confirmed order', order('CONFIRMED'), refunded(refund('done'), refund('pending', { refundId: 'r-2' }))],
    [
      'of a confirmed order that was paid past the gateway',
      order('CONFIRMED'),
      {
        ...confirmed,
        payment: payment('captured', { method: { kind: 'captured', reference: 'p' }, refunds: [refund('pending')] }),
      },
    ],
    [
      'of a cancelled order',
      order('CANCELLED'),
      {
        ...cancelled,
        payment: payment('refunding', { refunds: [{ amount: 2_000, state: 'pending', time }] }),
      },
    ],
    [
      'of a cancelled order, as 0.3.0 wrote it',
      order('CANCELLED'),
      { ...cancelled, payment: payment('refunding', { method: { kind: 'captured', reference: 'pi_1' } }) },
    ],
  ])('%s is owed until it ends', (_, current, records) => {
    expect(findingWith(current, records)).toEqual(again);
  });

  test.each<[string, Order, OrderRecords]>([
    ['that ended', order('CONFIRMED'), refunded(refund('done'))],
    ['that a person has to send', order('CONFIRMED'), refunded(refund('due'))],
    ['of everything', order('CONFIRMED'), refunded(refund('done', { amount: 2_000 }))],
    [
      'whose goods came back',
      order('CONFIRMED'),
      { ...refunded(refund('done', { goods: true })), reservation: reservation('sold', { returned: [returned] }) },
    ],
    ['of a cancelled order', order('CANCELLED'), cancelled],
    [
      'of a cancelled order whose payment on delivery is in a state of before 0.3.0, which nothing changes,',
      order('CANCELLED'),
      { ...cancelled, payment: { ...payment('voided'), state: 'on-delivery' as Payment['state'] } },
    ],
    [
      'of a cancelled order that a person has to send',
      order('CANCELLED'),
      { ...cancelled, payment: payment('refund-due') },
    ],
  ])('%s leaves the order settled', (_, current, records) => {
    expect(findingWith(current, records)).toBe('settled');
  });

  const sweepOver = async (pending: Refund, current: Order = order('CONFIRMED')) => {
    const said: unknown[] = [];
    const tables = {
      orders: new Map([['o-1', current]]),
      payments: new Map([['o-1', payment('captured', { refunds: [pending] })]]),
      reservations: new Map([['o-1', reservation('sold')]]),
      notifications: new Map([['o-1', told('order-confirmed')]]),
    };
    const publish = async (events: readonly { data: unknown }[]) => {
      said.push(...events.map(({ data }) => data));
      return events.map(() => undefined);
    };
    await memorySweep(tables, publish, () => now).run();
    return said;
  };

  test('that was begun is found by the daily check, long after the order has left the index, but not while it may be at work', async () => {
    expect(await sweepOver(refund('pending'))).toEqual([again]);
    const young = new Date(now.getTime() - SWEEP_TIMES.settleMs / 2).toISOString();
    expect(await sweepOver(refund('pending', { time: young }))).toEqual([]);
    expect(await sweepOver(refund('done'))).toEqual([]);
    // Whoever is to be told that goods left may not have been told yet.
    const current = order('CONFIRMED', left);
    const timeline = current.timeline.map((entry) =>
      entry.type === orderShipped.type ? { ...entry, time: young } : entry,
    );
    expect(await sweepOver(refund('done'), { ...current, timeline })).toEqual([]);
    expect(await sweepOver(refund('done'), current)).toEqual([again]);
  });

  test('that stays pending is asked for again at doubling intervals', async () => {
    const at = new Date(now.getTime() + SWEEP_TIMES.settleMs);
    const due = { ...openAttributes('due', 'o-1', at), reconciliations: 1 };
    expect(await sweepOver(refund('pending'), { ...order('CONFIRMED'), ...due })).toEqual([]);
  });
});
