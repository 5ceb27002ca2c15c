import { describe, expect, test } from 'vitest';
import type { Notification } from '../../../lambdas/notification/rules.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { isPersonal, type PersonalRecords, refusalOf } from '../../../ops/forget/records.ts';

const DECIDED = '2026-11-21T09:00:00.000Z';
const at = (days: number) => new Date(Date.parse(DECIDED) + days * 86_400_000);
const phone = { locale: 'ko', phone: '+821012345678' };

const recordsOf = (order: Partial<Order>, notification?: Partial<Notification>): PersonalRecords => ({
  order: {
    ...{ orderId: 'o-1', version: 1, status: 'CONFIRMED', published: 0 },
    timeline: [{ time: DECIDED, type: 'shop.order.confirmed.v1', source: '/shop/order' }],
    ...order,
  },
  notification: notification && { orderId: 'o-1', version: 1, texts: {}, ...notification },
  isKnown: true,
});
const sent = { texts: { 'order-confirmed': { sentAt: DECIDED } } };

describe('The customer of an order is forgotten', () => {
  test.each<[string, PersonalRecords, boolean, Date]>([
    ['once it is decided and they were told', recordsOf({}, { contact: phone, ...sent }), false, at(0)],
    ['where there is nobody to tell', recordsOf({}, {}), false, at(0)],
    ['where a dead letter says that nobody will tell them', recordsOf({}, { contact: phone }), true, at(0)],
    ['once no queue can hold the message that would tell them', recordsOf({}, { contact: phone }), false, at(8)],
    ['where the order itself never came', { order: undefined, notification: undefined, isKnown: true }, false, at(0)],
  ])('%s', (_, records, isGivenUp, now) => {
    expect(refusalOf(records, isGivenUp, now)).toBeUndefined();
  });

  test('not while notification has not even heard of the order', () => {
    expect(refusalOf(recordsOf({}), false, at(1))).toMatch(/not told yet/);
  });

  test('not while the order is undecided', () => {
    expect(refusalOf(recordsOf({ status: 'PLACED' }), true, at(9))).toMatch(/^o-1 is not decided yet, .* cancel o-1/);
  });

  test.each<[string, Notification['texts']]>([
    ['it has not heard of it', {}],
    ['it waits for the morning', { 'order-confirmed': { notBefore: DECIDED } }],
    ['only another text was sent', { 'order-placed': { sentAt: DECIDED } }],
  ])('not while they are to be told of the decision: %s', (_, texts) => {
    expect(refusalOf(recordsOf({}, { contact: phone, texts }), false, at(1))).toMatch(
      /^o-1 is confirmed, .* not told yet/,
    );
  });
});

test('Something is left of them until the mark is there, also of a guest, to whom another message might give a phone', () => {
  const marked = { contact: { locale: 'en', forgotten: true as const } };
  expect(isPersonal(recordsOf({}, { contact: phone }))).toBe(true);
  expect(isPersonal(recordsOf({}, {}))).toBe(true);
  expect(isPersonal(recordsOf({}))).toBe(false);
  expect(isPersonal(recordsOf({ tracestate: 'k=v' }, marked))).toBe(true);
  expect(isPersonal(recordsOf({}, marked))).toBe(false);
  expect(isPersonal({ order: undefined, notification: undefined, isKnown: false })).toBe(false);
});
