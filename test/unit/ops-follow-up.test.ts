import { describe, expect, test } from 'vitest';
import { orderCancelRequested, orderRefundRequested } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { bookProblem } from '../../ops/orders/book.ts';
import { followUpMessage, isDone, PARTIAL_REFUND } from '../../ops/orders/follow-up.ts';
import { generateOrder } from '../../ops/orders/generate.ts';
import type { GatewayRecord } from '../../ops/sandbox/gateway.ts';

const time = '2026-11-21T09:00:00.000Z';
const order = generateOrder({ orderId: 'o-1', sku: 'SKU-1' });
const lines = [{ sku: 'SKU-1', quantity: 1, restock: true }];

describe('What follows the confirmation of a made-up order', () => {
  test("is its customer's cancellation", () => {
    const event = parseEvent(followUpMessage({ order, followUp: 'cancellation' }), [orderCancelRequested]);
    expect(event.data.orderId).toBe('o-1');
  });

  test('is a refund of less than it costs, with its goods for the shelf', () => {
    const { data } = parseEvent(followUpMessage({ order, followUp: 'refund' }), [orderRefundRequested]);
    expect(data).toMatchObject({ orderId: 'o-1', ...PARTIAL_REFUND, items: lines });
    expect(data.amount).toBeLessThan(order.total.amount);
  });

  const cancelled = {
    order: { status: 'CANCELLED' as const },
    payment: { state: 'refunded' as const },
    reservation: { state: 'released' as const },
  };
  test.each([
    ['order', { order: { status: 'CONFIRMED' as const } }],
    ['payment', { payment: { state: 'refunding' as const } }],
    ['stock', { reservation: { state: 'sold' as const } }],
  ])('is, of a cancellation, not done until %s has done it', (_, part) => {
    expect(isDone('cancellation', cancelled)).toBe(true);
    expect(isDone('cancellation', { ...cancelled, payment: { state: 'voided' } })).toBe(true);
    expect(isDone('cancellation', { ...cancelled, ...part })).toBe(false);
  });

  const refundOf = (state: 'pending' | 'done') => ({
    state: 'captured' as const,
    refunds: [{ ...PARTIAL_REFUND, state, time }],
  });
  const refunded = {
    order: { status: 'CONFIRMED' as const },
    payment: refundOf('done'),
    reservation: { state: 'sold' as const, returned: [{ refundId: PARTIAL_REFUND.refundId, lines, time }] },
  };
  test.each([
    ['the money is sent', { payment: refundOf('pending') }],
    ['payment knows of it', { payment: { state: 'captured' as const } }],
    ['the goods are counted', { reservation: { state: 'sold' as const } }],
  ])('is, of a refund, not done until %s', (_, part) => {
    expect(isDone('refund', refunded)).toBe(true);
    expect(isDone('refund', { ...refunded, ...part })).toBe(false);
  });
});

describe("The gateway's book", () => {
  const entry = (kind: GatewayRecord['kind'], amount = 12_000, refundId?: string): GatewayRecord => ({
    orderId: 'o-1',
    kind,
    amount,
    currency: 'KRW',
    ...(refundId === undefined ? {} : { refundId }),
    time,
  });
  const paid = [entry('authorization'), entry('capture')];
  const part = entry('refund', PARTIAL_REFUND.amount, PARTIAL_REFUND.refundId);
  const rest = entry('refund', 7_000, 'cancel');
  const all = entry('refund', 12_000, 'cancel');

  test.each<[string, string, readonly { refundId: string; amount: number }[], GatewayRecord[]]>([
    ['a confirmed order that is paid', 'CONFIRMED', [], paid],
    ['a confirmed order of which a part went back', 'CONFIRMED', [PARTIAL_REFUND], [...paid, part]],
    ['a cancelled order that never held anything', 'CANCELLED', [], []],
    ['a cancelled order that was voided', 'CANCELLED', [], [entry('authorization'), entry('void')]],
    ['a cancelled order of which all went back', 'CANCELLED', [], [...paid, all]],
    ['a cancelled order of which a part went back before, and then the rest', 'CANCELLED', [], [...paid, part, rest]],
  ])('agrees with %s', (_, status, refunds, money) => {
    expect(bookProblem({ order, status, refunds, money })).toEqual([]);
  });

  test.each<[string, string, readonly { refundId: string; amount: number }[], GatewayRecord[]]>([
    ['a refund that nobody asked for', 'CONFIRMED', [], [...paid, part]],
    ['a refund that is not there', 'CONFIRMED', [PARTIAL_REFUND], paid],
    ['a refund that is there twice', 'CONFIRMED', [PARTIAL_REFUND], [...paid, part, part]],
    ['a refund under another id', 'CONFIRMED', [PARTIAL_REFUND], [...paid, { ...part, refundId: 'r-2' }]],
    ['a refund of another amount', 'CONFIRMED', [PARTIAL_REFUND], [...paid, { ...part, amount: 5_001 }]],
    ['a cancelled order that keeps money', 'CANCELLED', [], [...paid, part]],
    ['a cancelled order that is given more than was taken', 'CANCELLED', [], [...paid, all, part]],
    ['a cancelled order that holds something', 'CANCELLED', [], [entry('authorization')]],
    ['a second capture', 'CONFIRMED', [], [...paid, entry('capture')]],
  ])('shows %s', (_, status, refunds, money) => {
    expect(bookProblem({ order, status, refunds, money })).toMatchObject([
      { orderId: 'o-1', problem: expect.stringContaining(`is ${status} with `) },
    ]);
  });
});
