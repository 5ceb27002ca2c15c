import { describe, expect, test } from 'vitest';
import { orderPlaced } from '../../../contracts/order.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import { withoutContact } from '../../../lambdas/notification/forgotten.ts';
import {
  type Notification,
  type NotificationInput,
  type NotificationRules,
  nextNotification,
  type SendResult,
} from '../../../lambdas/notification/rules.ts';
import { ConflictError } from '../../../lambdas/runtime/failure.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, confirmed, dispatched, placed, refunded } from '../../builders/events.ts';

const PHONE = '+821012345678';

const rules: NotificationRules = {
  now: new Date('2026-11-26T09:00:00Z'),
  leaseSeconds: 30,
  textWhenPlaced: false,
  textWhenShipped: true,
};

/** Simulates a consumer with one record; texts are answered with `answer`. */
function notifications(answer: Omit<SendResult, 'text'> = {}, settings: Partial<NotificationRules> = {}) {
  let record: Notification | undefined;
  const texts: string[] = [];
  const published: unknown[] = [];
  const advance = (input: Parameters<typeof nextNotification>[1]) => {
    const { after, effect, publish = [] } = nextNotification(record, input, { ...rules, ...settings });
    if (after !== undefined) record = { ...after, version: (record?.version ?? 0) + 1 };
    published.push(...publish.map(({ type, data }) => ({ type, ...(data as object) })));
    return effect;
  };
  return {
    texts,
    published,
    record: () => record,
    forget() {
      if (record !== undefined) record = withoutContact(record);
    },
    deliver(...events: NotificationInput[]) {
      for (const event of events) {
        const text = advance(delivery(event));
        if (text === undefined || text.notBefore !== undefined) continue;
        texts.push(text.template);
        advance({ text, ...answer });
      }
    },
  };
}

const refusal = (template: string) => ({
  type: 'shop.notification.refused.v1',
  orderId: 'o-1001',
  template,
  reason: 'invalid-number',
  forgotten: true,
});

const isKept = (record: Notification | undefined) => JSON.stringify(record).includes(PHONE.slice(1));

describe('The phone of a cancelled order', () => {
  test.each<[string, Omit<SendResult, 'text'>]>([
    ['was sent', {}],
    ['was refused', { refused: 'opted-out' }],
    ['may have been sent', { unknownOutcome: true }],
  ])('leaves its record once the text of the cancellation %s', (_, answer) => {
    const shop = notifications(answer);
    shop.deliver(placed(), confirmed());
    expect(isKept(shop.record())).toBe(true);
    shop.deliver(cancelled());
    expect(shop.texts).toEqual(['order-confirmed', 'order-cancelled']);
    expect(isKept(shop.record())).toBe(false);
  });

  test('leaves its record where the number may not be texted', () => {
    const shop = notifications({}, { numberRefusal: () => 'country' });
    shop.deliver(placed(), cancelled());
    expect(shop.record()?.texts).toMatchObject({ 'order-cancelled': { reason: 'country' } });
    expect(isKept(shop.record())).toBe(false);
  });

  test('is kept while the text waits for the end of quiet hours', () => {
    const shop = notifications({}, { quietUntil: () => new Date('2026-11-27T08:00:00Z') });
    shop.deliver(placed(), cancelled());
    expect(isKept(shop.record())).toBe(true);
  });

  test('leaves its record also where the order came after its cancellation', () => {
    const shop = notifications();
    shop.deliver(cancelled(), placed());
    expect(shop.texts).toEqual(['order-cancelled']);
    expect(isKept(shop.record())).toBe(false);
  });
});

describe('A phone that was forgotten', () => {
  const EVENTS: [string, NotificationInput[]][] = [
    ['the placed order', [placed()]],
    ['the placed order, with another phone', [placed({ phone: '+821099998888' })]],
    ['the confirmation', [confirmed()]],
    ['a parcel', [dispatched()]],
    ['a refund', [refunded({ refundId: 'r-1' })]],
    ['the cancellation', [cancelled()]],
    ['everything again', [cancelled(), dispatched(), confirmed(), placed()]],
  ];

  test.each(EVENTS)('does not come back with %s, and no text is sent', (_, events) => {
    for (const before of [[placed(), confirmed()], [confirmed()], [cancelled()]]) {
      const shop = notifications();
      shop.deliver(...before);
      const { length } = shop.texts;
      shop.forget();
      shop.deliver(...events, ...events);
      expect(shop.texts).toHaveLength(length);
      expect(shop.record()?.contact).toEqual({ locale: expect.any(String), forgotten: true });
    }
  });

  test('has later texts refused, once, with a reason and without the number', () => {
    const shop = notifications();
    shop.deliver(placed(), confirmed());
    shop.forget();
    shop.published.length = 0;
    shop.deliver(dispatched(), refunded({ refundId: 'r-1' }), cancelled());
    expect(shop.published).toEqual([refusal('order-shipped'), refusal('order-refunded'), refusal('order-cancelled')]);
  });

  test('does not come back with a late answer to a text', () => {
    const before = nextNotification(undefined, delivery(placed()), rules).after;
    const { after, effect } = nextNotification(before, delivery(confirmed()), rules);
    if (after === undefined || effect === undefined) throw new Error('no text is sent');
    const answered = nextNotification(withoutContact(after), { text: effect }, rules);
    expect(answered.after?.texts).toEqual({ 'order-confirmed': { sentAt: rules.now.toISOString() } });
    expect(isKept(answered.after)).toBe(false);
  });

  test('still lets another order under its id be refused', () => {
    const shop = notifications();
    shop.deliver(placed(), confirmed());
    shop.forget();
    const other = placed({ items: [{ sku: 'KB-01', quantity: 2, unitPrice: 12_000 }] });
    expect(() => shop.deliver(other)).toThrow(ConflictError);
  });

  test('is not brought back by a replay without effects', () => {
    const known: Notification = { orderId: 'o-1001', version: 1, texts: {}, decision: 'order-confirmed' };
    const record = withoutContact(known);
    const replayed = {
      ...delivery(parseEvent(JSON.stringify(placed()), [orderPlaced])),
      withoutEffects: true as const,
    };
    expect(isKept(nextNotification(record, replayed, rules).after)).toBe(false);
  });
});
