import { describe, expect, test } from 'vitest';
import { orderRefundRequested } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import type { Payment, Refund } from '../../lambdas/payment/record.ts';
import { itemArgument } from '../../ops/arguments.ts';
import { cancelOutcome } from '../../ops/orders/cancel.ts';
import type { OrderRecords, PaymentSummary } from '../../ops/orders/records.ts';
import { awaitRefund, orderRefundRequestedEvent, refundOutcome } from '../../ops/orders/refund.ts';
import { assertRefundable, type RefundRequest, refundSums } from '../../ops/orders/refunds.ts';
import { deadLetter, FakeQueue } from '../builders/dead-letters.ts';
import { cancelRequested, refundRequested } from '../builders/events.ts';

const time = '2026-11-21T09:00:00.000Z';
const money = { amount: 12_000, currency: 'KRW' };
const refund = (refundId: string, amount: number, state: Refund['state'] = 'done'): Refund => ({
  refundId,
  amount,
  state,
  time,
});
const captured = (...refunds: Refund[]): PaymentSummary => ({ state: 'captured', money, refunds, time });
const back = (quantity: number, restock = true) => [{ sku: 'KB-01', quantity, restock }];
const sold = { state: 'sold' as const, lines: [{ sku: 'KB-01', quantity: 3 }] };
const order = (status?: 'PLACED' | 'CONFIRMED' | 'CANCELLED'): OrderRecords['order'] => ({
  orderId: 'o-1001',
  ...(status === undefined ? {} : { status }),
  timeline: [],
});
const confirmed: OrderRecords = { order: order('CONFIRMED'), payment: captured(), reservation: sold };
const request: RefundRequest = { orderId: 'o-1001', refundId: 'r-1', amount: 5_000, items: [] };

describe('The event that asks for a refund', () => {
  test('keeps its contract', () => {
    const items = [{ sku: 'KB=01', quantity: 3, restock: true }];
    const event = orderRefundRequestedEvent({ ...request, items }, 'broken');
    expect(parseEvent(JSON.stringify(event), [orderRefundRequested]).data).toEqual({
      ...{ orderId: 'o-1001', refundId: 'r-1', amount: 5_000, reason: 'broken' },
      items,
    });
    expect(orderRefundRequestedEvent({ ...request, amount: 0, items }).data).not.toHaveProperty('reason');
  });
});

test('An item is a SKU and a quantity, whatever the SKU contains', () => {
  expect(itemArgument('A=B=2', itemArgument('KB-01=1'))).toEqual([
    { sku: 'KB-01', quantity: 1 },
    { sku: 'A=B', quantity: 2 },
  ]);
});

describe('Before anything is published, a refund is refused', () => {
  const refusal = (records: OrderRecords, parts: Partial<RefundRequest> = {}) => {
    try {
      assertRefundable(records, { ...request, ...parts }, 'http://127.0.0.1:4566');
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : error;
    }
  };

  test.each([
    [{}, 'No order o-1001 is known at http://127.0.0.1:4566: check the id (npm run ops -- trace o-1001).'],
    [{ order: order() }, /^No order o-1001 is known/],
    [{ order: order('PLACED') }, /^Order o-1001 is not confirmed yet, .*npm run ops -- cancel o-1001.*--wait\)\.$/],
    [{ order: order('CANCELLED') }, /^Order o-1001 is cancelled, so all that was captured .* goes back by itself: /],
    [{ order: order('CONFIRMED') }, /^Order o-1001 is confirmed, but has no payment on record: .*audit/],
  ])('where the order is not confirmed: %j', (records, sentence) => {
    expect(refusal(records)).toMatch(sentence);
  });

  test.each<[PaymentSummary, RegExp]>([
    [
      captured(refund('r-0', 8_000)),
      /^₩5,000 is more than is left of order o-1001 \(₩12,000 captured, ₩8,000 refunded\): ask for at most 4000 \(₩4,000\)\.$/,
    ],
    [captured(refund('r-0', 8_000, 'pending')), /ask for at most 4000/],
    [captured(refund('r-0', 12_000, 'due')), /₩12,000 refunded\): see what became of it/],
    [{ state: 'lapsed', money, time }, /\(₩0 captured, ₩0 refunded\)/],
    [{ state: 'refunded', money, time }, /\(₩12,000 captured, ₩12,000 refunded\)/],
    [{ state: 'authorized', money: { amount: 0, currency: 'KRW' }, time }, /\(₩0 captured, ₩0 refunded\)/],
  ])('where more is asked for than is left: %j', (payment, sentence) => {
    expect(refusal({ ...confirmed, payment })).toMatch(sentence);
  });

  test('where its id has another amount already', () => {
    const payment = captured(refund('r-1', 7_000));
    expect(refusal({ ...confirmed, payment })).toMatch(/^Refund r-1 .* is already one of ₩7,000.*another --id\.$/);
  });

  test.each([
    [
      { sku: 'KB-01', quantity: 2 },
      /^Of KB-01, 1 piece is left of order o-1001 to come back \(3 sold, 2 returned\): ask for no more\.$/,
    ],
    [{ sku: 'MS-02', quantity: 1 }, /^Order o-1001 has no MS-02 that was sold: check --item/],
  ])('where more goods come back than are left: %j', (item, sentence) => {
    const returned = [{ refundId: 'r-0', lines: [{ sku: 'KB-01', quantity: 2, restock: true }], time }];
    expect(
      refusal({ ...confirmed, reservation: { ...sold, returned } }, { items: [{ ...item, restock: true }] }),
    ).toMatch(sentence);
  });

  test('where no goods of the order are sold', () => {
    for (const reservation of [undefined, { ...sold, state: 'released' as const }])
      expect(refusal({ ...confirmed, reservation }, { items: back(3) })).toMatch(/^Stock holds no goods as sold/);
  });

  test.each<[string, OrderRecords]>([
    ['all that is left', { ...confirmed, payment: captured(refund('r-0', 7_000)) }],
    ['what waits for its capture', { ...confirmed, payment: { state: 'authorized', money, time } }],
    [
      'what was paid on delivery',
      { ...confirmed, payment: { state: 'authorized', money, method: { kind: 'on-delivery' }, time } },
    ],
    [
      'what was sent before under this id',
      { ...confirmed, payment: captured(refund('r-1', 5_000), refund('r-0', 7_000)) },
    ],
  ])('but not %s', (_, records) => {
    expect(refusal(records)).toBeUndefined();
  });

  test('where other goods came back before under this id, but not the same ones', () => {
    const returned = [{ refundId: 'r-1', lines: [{ sku: 'KB-01', quantity: 3, restock: true }], time }];
    const reservation = { ...sold, returned };
    expect(refusal({ ...confirmed, reservation }, { items: back(3) })).toBeUndefined();
    for (const items of [back(2), back(3, false)]) {
      expect(refusal({ ...confirmed, reservation }, { items })).toMatch(
        /^Refund r-1 .* came with other goods before \(3 of KB-01\): give this one another --id\.$/,
      );
    }
  });
});

test.each<[Payment['state'], number]>([
  ['captured', 12_000],
  ['voided', 0],
  ['declined', 0],
])('Of a payment that is %s, %d were captured', (state, expected) => {
  expect(refundSums({ state, money, time })).toEqual({ currency: 'KRW', captured: expected, refunded: 0 });
});

describe('What became of a refund', () => {
  const { data } = refundRequested({ items: [{ sku: 'KB-01', quantity: 1, restock: true }] });
  const returned = [{ refundId: 'r-1', lines: [{ sku: 'KB-01', quantity: 1, restock: true }], time }];

  test.each<[PaymentSummary, string, string[]]>([
    [captured(refund('r-1', 5_000)), 'refunded', []],
    [captured({ ...refund('r-1', 5_000, 'due'), reason: 'charge_disputed' }), 'refund-due', ['charge_disputed']],
    [captured(refund('r-1', 5_000, 'pending')), 'waiting', []],
    [captured(refund('r-0', 5_000)), 'waiting', []],
  ])('is read from the record of its payment: %j', (payment, expected, reasons) => {
    expect(refundOutcome({ ...confirmed, payment }, data)).toMatchObject({
      payment: expected,
      stock: 'waiting',
      reasons,
    });
  });

  test('is read from the reservation where goods came with it, and of money only where there is some', () => {
    const records = { ...confirmed, reservation: { ...sold, returned } };
    expect(refundOutcome(records, { ...data, amount: 0 })).toEqual({
      ...{ stock: 'returned', reasons: [] },
      sums: { currency: 'KRW', captured: 12_000, refunded: 0 },
    });
    const { orderId, refundId, amount } = data;
    expect(refundOutcome(confirmed, { orderId, refundId, amount })).not.toHaveProperty('stock');
  });

  const refused = (id: string, consumer = 'payment') =>
    deadLetter({
      id: `${consumer}-${id}`,
      consumer,
      body: JSON.stringify(refundRequested({ id, items: [{ sku: 'KB-01', quantity: 1 }] })),
      attributes: { consumer, errorType: 'ConflictError', errorMessage: `${consumer}: too much` },
    });
  const event = refundRequested({ id: 'e-1', items: [{ sku: 'KB-01', quantity: 1 }] });
  const watch = (records: OrderRecords, ...queues: FakeQueue[]) =>
    awaitRefund(async () => records, queues, event, { waitSeconds: 0.01 });

  test('is found in the dead-letter queues of payment and stock where they refused it', async () => {
    const queues = [new FakeQueue([refused('e-1')]), new FakeQueue([refused('e-1', 'stock')])];
    expect(await watch(confirmed, ...queues)).toMatchObject({
      ...{ payment: 'refused', stock: 'refused', reasons: ['payment: too much', 'stock: too much'] },
    });
    for (const queue of queues) expect(queue.inFlightIds).toEqual([]);
  });

  test('is not what another request for it came to', async () => {
    const queue = new FakeQueue([refused('e-0')]);
    expect(await watch(confirmed, queue)).toMatchObject({ payment: 'waiting', stock: 'waiting', reasons: [] });
  });

  test('is found in a queue that grew while it waited', async () => {
    const queue = new FakeQueue([refused('e-0')]);
    let reads = 0;
    const load = async () => {
      reads += 1;
      if (reads === 3) queue.add(refused('e-1'));
      return confirmed;
    };
    const { orderId, refundId, amount } = event.data;
    const ofMoney = { ...event, data: { orderId, refundId, amount } };
    expect(await awaitRefund(load, [queue], ofMoney, { waitSeconds: 60 })).toMatchObject({ payment: 'refused' });
    expect(queue.inFlightIds).toEqual([]);
  });

  test('is searched for where the queues grew, and receives from nothing once it is known', async () => {
    const queue = new FakeQueue([]);
    const reads: OrderRecords[] = [confirmed, confirmed];
    const records = { ...confirmed, payment: captured(refund('r-1', 5_000)), reservation: { ...sold, returned } };
    const outcome = await awaitRefund(async () => reads.shift() ?? records, [queue], event, { waitSeconds: 30 });
    expect(outcome).toMatchObject({ payment: 'refunded', stock: 'returned' });
    expect(queue.calls).toEqual([]);
    const long = new FakeQueue([refused('e-0')]);
    expect(await watch(records, long)).toMatchObject({ payment: 'refunded' });
    expect(long.calls).toEqual([]);
  });
});

describe('What became of a cancellation', () => {
  const event = cancelRequested({ id: 'e-1' });
  const step = (id: string) => ({ time, type: event.type, source: event.source, id: `${event.source} ${id}` });

  test.each<[string, OrderRecords['order']]>([
    ['cancelled', { orderId: 'o-1001', status: 'CANCELLED', timeline: [step('e-1')] }],
    ['already-cancelled', { orderId: 'o-1001', status: 'CANCELLED', timeline: [step('e-0')] }],
    ['shipped', { orderId: 'o-1001', status: 'CONFIRMED', dispatched: true, timeline: [] }],
    ['waiting', { orderId: 'o-1001', status: 'CONFIRMED', timeline: [step('e-1')] }],
    ['waiting', { orderId: 'o-1001', status: 'PLACED', timeline: [] }],
    ['waiting', undefined],
  ])('is %s by the order’s record', (expected, record) => {
    expect(cancelOutcome(record, event)).toBe(expected);
  });
});
