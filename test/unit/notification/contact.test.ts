import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orderPlaced } from '../../../contracts/order.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import { numberRefusal } from '../../../lambdas/notification/numbers.ts';
import {
  type Notification,
  type NotificationInput,
  type NotificationRules,
  nextNotification,
} from '../../../lambdas/notification/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, confirmed, placed } from '../../builders/events.ts';

const rules: NotificationRules = {
  now: new Date('2026-11-26T09:00:00Z'),
  leaseSeconds: 30,
  textWhenPlaced: false,
  defaultCountry: 'KR',
  numberRefusal: (phone) => numberRefusal(phone),
};

/** Returns a placed order as the contract reads it out of what a platform wrote. */
function placedWith(parts: { customer?: unknown; orderNumber?: unknown; orderId?: string }) {
  const event = placed(parts.orderId === undefined ? {} : { orderId: parts.orderId });
  return parseEvent(JSON.stringify({ ...event, data: { ...event.data, ...parts } }), [orderPlaced]);
}

/** Delivers events one after the other and returns the last step with the record. */
function deliverAll(events: readonly NotificationInput[], settings: Partial<NotificationRules> = {}) {
  let record: Notification | undefined;
  let step: ReturnType<typeof nextNotification> = {};
  for (const event of events) {
    step = nextNotification(record, delivery(event), { ...rules, ...settings });
    record = step.after ?? record;
  }
  return { record, ...step };
}

const ABSENT: [string, unknown][] = [
  ['no customer', undefined],
  ['a null customer', null],
  ['an empty customer', {}],
  ['a null phone', { phone: null, locale: 'ko' }],
  ['an empty phone', { phone: '' }],
  ['a phone of spaces', { phone: ' \u00a0\t ' }],
  ['a phone of invisible marks', { phone: '\u202a\u202c' }],
];

describe('An order without a phone', () => {
  test.each(ABSENT)('causes no text, no event and no error: %s', (_, customer) => {
    for (const decided of [confirmed(), cancelled()]) {
      const { record, effect, publish } = deliverAll([placedWith({ customer }), decided], { textWhenPlaced: true });
      expect({ effect, publish }).toEqual({ effect: undefined, publish: undefined });
      expect(record?.contact).toBeUndefined();
    }
  });
});

describe('The phone of an order', () => {
  test.each([
    ['010-1234-5678', '+821012345678'],
    ['+8201012345678', '+821012345678'],
    ['0044 7700 900123', '+447700900123'],
  ])('is texted in E.164: %s', (phone, number) => {
    const { effect, record } = deliverAll([placedWith({ customer: { phone } }), confirmed()]);
    expect(effect).toMatchObject({ phone: number, template: 'order-confirmed' });
    expect(record?.contact).toEqual({ phone: number, locale: 'en' });
  });

  test.each(['02-312-3456', '010-1234', 'none', '?', '010-1234-5678 x12', 'x'.repeat(41), 821012345678])(
    'that cannot receive texts is refused as invalid, without being kept or published: %s',
    (phone) => {
      const { effect, publish } = deliverAll([placedWith({ customer: { phone } }), confirmed()]);
      expect(effect).toBeUndefined();
      expect(publish).toMatchObject([
        {
          type: 'shop.notification.refused.v1',
          id: 'o-1001.order-confirmed.refused',
          data: { orderId: 'o-1001', template: 'order-confirmed', reason: 'invalid-number' },
        },
      ]);
      expect(JSON.stringify(publish)).not.toContain(String(phone));
    },
  );

  test('without country code is refused where there is no default country', () => {
    const { defaultCountry: _, ...without } = rules;
    const record = nextNotification(undefined, delivery(placedWith({ customer: { phone: '010-1234-5678' } })), without);
    const { publish } = nextNotification(record.after, delivery(confirmed()), without);
    expect(publish).toMatchObject([{ data: { reason: 'invalid-number' } }]);
  });

  test('stays the one it was read as when the default country changes', () => {
    const { after } = nextNotification(undefined, delivery(placedWith({ customer: { phone: '090-1234-5678' } })), {
      ...rules,
      defaultCountry: 'JP',
    });
    expect(nextNotification(after, delivery(confirmed()), rules).effect).toMatchObject({ phone: '+819012345678' });
  });

  test.each([
    ['010-1234-5678', '010-8765-4321'],
    ['+821012345678', '+447700900123'],
    ['01012345678', '+81 90-1234-5678'],
  ])('is a conflict when the order comes again with another: %s, then %s', (first, second) => {
    const once = deliverAll([placedWith({ customer: { phone: first } })]);
    const again = () => nextNotification(once.record, delivery(placedWith({ customer: { phone: second } })), rules);
    expect(again).toThrow(expect.objectContaining({ name: 'ConflictError', path: 'data.customer.phone' }));
    expect(again).toThrow(/^[^\d+]*o-1001[^\d+]*$/);
  });

  test.each([
    ['the same in another notation', '010-1234-5678', '+82 10 1234 5678'],
    ['none that can be read', '010-1234-5678', 'none'],
    ['none', '010-1234-5678', undefined],
    ['one where the first could not be read', 'none', '010-8765-4321'],
  ])('stays the first one when the order comes again with %s', (_, first, second) => {
    const once = deliverAll([placedWith({ customer: { phone: first } })]);
    const twice = deliverAll([
      placedWith({ customer: { phone: first } }),
      placedWith({ customer: { phone: second, locale: 'ko' }, orderNumber: '#2' }),
    ]);
    expect(twice.record?.contact).toEqual(once.record?.contact);
    expect(twice.after).toBeUndefined();
  });

  test('is no conflict when the same text is read again after the default country has changed', () => {
    const event = placedWith({ customer: { phone: '090-1234-5678' } });
    const { record } = deliverAll([event], { defaultCountry: 'JP' });
    expect(nextNotification(record, delivery(event), { ...rules, defaultCountry: 'KR' })).toEqual({});
  });

  test('whatever it is, costs no order: any text is texted or refused', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.stringMatching(/^[+0-9 ()x./-]{1,40}$/));
    fc.assert(
      fc.property(texts, (phone) => {
        const { effect, publish = [] } = deliverAll([placedWith({ customer: { phone } }), confirmed()]);
        if (effect !== undefined) expect(effect.phone).toMatch(/^\+[1-9]\d{6,14}$/);
        expect(publish.length + (effect === undefined ? 0 : 1)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('The number of an order', () => {
  const customer = { phone: '010-1234-5678', locale: 'ko_KR' };

  test('names the order to its customer instead of the id', () => {
    const { effect } = deliverAll([placedWith({ customer, orderNumber: '#1029' }), confirmed()]);
    expect(effect?.message).toBe('주문 #1029 확정되었습니다. 감사합니다.');
  });

  test('is the id where there is none', () => {
    const { effect } = deliverAll([placedWith({ customer }), confirmed()]);
    expect(effect?.message).toBe('주문 o-1001 확정되었습니다. 감사합니다.');
  });

  test.each(['two words', '', null, 1029, 'x'.repeat(21)])('that cannot be taken is none: %s', (orderNumber) => {
    const { effect } = deliverAll([placedWith({ customer, orderNumber }), confirmed()]);
    expect(effect?.message).toContain('주문 o-1001 ');
  });

  test('that would be shown as a link is left out, and the id does not replace it', () => {
    const { effect } = deliverAll([placedWith({ customer, orderNumber: 'a.b/c' }), confirmed()]);
    expect(effect?.message).toBe('주문이 확정되었습니다. 감사합니다.');
  });
});
