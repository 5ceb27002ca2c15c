import { expect, test } from 'vitest';
import type { Contact } from '../../../lambdas/notification/contact.ts';
import type { TextState } from '../../../lambdas/notification/text-state.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import type { Reservation } from '../../../lambdas/stock/record.ts';
import { findingOf } from '../../../lambdas/sweep/rules.ts';

const now = new Date('2026-11-21T15:00:00Z');
const order: Order = { orderId: 'o-1', version: 1, status: 'CONFIRMED', timeline: [], published: 0 };

/** Returns what the sweep finds of a confirmed order of which only its text is not known to be done. */
const findingWith = (text: TextState | undefined, contact: Contact = { locale: 'ko', phone: '+821012345678' }) =>
  findingOf(
    order,
    {
      payment: { state: 'captured' } as Payment,
      reservation: { state: 'sold' } as Reservation,
      notification: {
        orderId: 'o-1',
        version: 1,
        decision: 'order-confirmed',
        contact,
        texts: text === undefined ? {} : { 'order-confirmed': text },
      },
    },
    now,
  ).kind;

test.each<[string, TextState | undefined, string]>([
  ['is owed where nothing is known of it', undefined, 'owing'],
  ['waits until the morning', { notBefore: '2026-11-21T23:00:00.000Z' }, 'waiting'],
  ['is owed where the morning has come', { notBefore: '2026-11-21T15:00:00.000Z' }, 'owing'],
  ['waits while it may be being sent', { sendingUntil: '2026-11-21T15:00:01.000Z' }, 'waiting'],
  ['is owed where its lease is over', { sendingUntil: '2026-11-21T15:00:00.000Z' }, 'owing'],
  ['is done once sent', { sentAt: '2026-11-21T14:00:00.000Z' }, 'settled'],
  ['is done where nobody knows whether it was sent', { unansweredAt: '2026-11-21T14:00:00.000Z' }, 'settled'],
  ['is done once refused', { refusedAt: '2026-11-21T14:00:00.000Z', reason: 'country' }, 'settled'],
])('A text of a decided order %s', (_, text, kind) => {
  expect(findingWith(text)).toBe(kind);
});

test('No text of a decided order is owed to a customer who is forgotten', () => {
  expect(findingWith(undefined, { locale: 'en', forgotten: true })).toBe('settled');
});
