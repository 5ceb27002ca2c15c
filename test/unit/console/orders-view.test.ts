import { expect, test } from 'vitest';
import { isAtRest } from '../../../ops/console/server/order-view.ts';
import type { Trace } from '../../../ops/orders/trace.ts';

const placedAt = Date.UTC(2026, 10, 21, 9);
const placed = { time: new Date(placedAt).toISOString(), type: 'shop.order.placed.v1', source: '/shop/checkout' };
const guest: Trace = {
  ...{ orderId: 'o-1', status: 'CONFIRMED', total: null, payment: 'captured', traceId: '' },
  ...{ timeline: [placed], attempts: [] },
};
const later = placedAt + 60_000;

test('an order is at rest once it is settled and nothing has happened to it for a minute, also without a text', () => {
  expect([isAtRest(guest, later - 1), isAtRest(guest, later)]).toEqual([false, true]);
});

test.each([
  ['undecided', { status: 'PLACED' }],
  ['not charged yet', { payment: 'capturing' }],
  ['cancelled, with money still taken', { status: 'CANCELLED' }],
  ['to be tried again', { nextTryAt: placed.time }],
  ['to be told of in the morning', { textNotBefore: placed.time }],
] as const)('an order that is %s is not at rest', (_, parts) => {
  expect(isAtRest({ ...guest, ...parts }, later)).toBe(false);
});
