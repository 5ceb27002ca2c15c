import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Notification,
  type NotificationInput,
  type NotificationRules,
  nextNotification,
  type SendResult,
} from '../../../lambdas/notification/rules.ts';
import { BusyError } from '../../../lambdas/runtime/failure.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, confirmed, delayed, placed } from '../../builders/events.ts';

const evening = new Date('2026-11-21T13:30:00Z');
const midnight = new Date('2026-11-21T15:00:00Z');
const morning = new Date('2026-11-21T23:00:00Z');
const quietUntil = (_: string, now: Date) => (now < morning ? morning : undefined);
const WAITING = { notBefore: morning.toISOString() };

const DECIDED: Notification = {
  orderId: 'o-1001',
  version: 2,
  contact: { phone: '+821012345678', locale: 'en' },
  decision: 'order-confirmed',
  texts: {},
};

/** Simulates a consumer with one record; a text is sent when it is due, and its result recorded. */
function notifications({
  record,
  ...settings
}: Partial<NotificationRules> & { record?: Notification | undefined } = {}) {
  const sent: string[] = [];
  const refused: string[] = [];
  const step = (input: Parameters<typeof nextNotification>[1], now: Date, given: Partial<NotificationRules> = {}) => {
    const rules = { now, leaseSeconds: 30, textWhenPlaced: false, quietUntil, ...settings, ...given };
    const transition = nextNotification(record, input, rules);
    record = transition.after ?? record;
    return transition;
  };
  return {
    sent,
    refused,
    texts: () => record?.texts,
    deliver(event: NotificationInput, at: Date, given: Partial<NotificationRules> & { dies?: true } = {}) {
      const { dies, ...rules } = given;
      const transition = step(delivery(event), at, rules);
      const { effect, publish = [] } = transition;
      if (publish.some(({ type }) => type === 'shop.notification.refused.v1')) refused.push('refused');
      if (effect !== undefined && effect.notBefore === undefined && !dies) {
        sent.push(effect.template);
        step({ text: effect } satisfies SendResult, at, rules);
      }
      return transition;
    },
  };
}

describe('A text that waits for the morning', () => {
  test('is recorded as waiting by the write that records the decision, and holds no lease', () => {
    const shop = notifications();
    shop.deliver(placed(), evening);
    const { after, effect } = shop.deliver(confirmed(), evening);
    expect(effect).toMatchObject({ template: 'order-confirmed', notBefore: morning });
    expect(effect).not.toHaveProperty('sendingUntil');
    expect(after).toMatchObject({ decision: 'order-confirmed', texts: { 'order-confirmed': WAITING } });
    expect(shop.sent).toEqual([]);
  });

  test('is recorded by the write that records the contact, where the decision came first', () => {
    const shop = notifications();
    shop.deliver(confirmed(), evening);
    expect(shop.texts()).toEqual({});
    expect(shop.deliver(placed(), evening).after?.texts).toEqual({ 'order-confirmed': WAITING });
  });

  test('causes no write when its message comes again before the morning', () => {
    const shop = notifications();
    shop.deliver(placed(), evening);
    shop.deliver(confirmed(), evening);
    for (const event of [confirmed(), placed()])
      expect(shop.deliver(event, midnight)).toEqual({
        effect: expect.objectContaining({ notBefore: morning, template: 'order-confirmed' }),
      });
  });

  test('is sent under a lease in the morning, once', () => {
    const shop = notifications();
    shop.deliver(placed(), evening);
    shop.deliver(confirmed(), evening);
    const { after, effect } = shop.deliver(confirmed(), morning);
    const sendingUntil = '2026-11-21T23:00:30.000Z';
    expect(after?.texts).toEqual({ 'order-confirmed': { sendingUntil } });
    expect(effect).toMatchObject({ sendingUntil });
    shop.deliver(confirmed(), morning);
    expect(shop.sent).toEqual(['order-confirmed']);
    expect(shop.texts()).toEqual({ 'order-confirmed': { sentAt: morning.toISOString() } });
  });

  test('is sent at once where the quiet hours were switched off meanwhile, and waits longer where they were extended', () => {
    for (const [ends, sent] of [
      [undefined, ['order-confirmed']],
      [new Date('2026-11-22T01:00:00Z'), []],
    ] as const) {
      const shop = notifications();
      shop.deliver(placed(), evening);
      shop.deliver(confirmed(), evening);
      shop.deliver(confirmed(), midnight, { quietUntil: () => ends });
      expect(shop.sent).toEqual(sent);
      if (ends !== undefined) expect(shop.texts()).toEqual({ 'order-confirmed': { notBefore: ends.toISOString() } });
    }
  });

  test.each<[string, Notification['texts']]>([
    ['an earlier version recorded only the decision', {}],
    ['it failed to go out in the evening', { 'order-confirmed': { sendingUntil: evening.toISOString() } }],
  ])('is recorded once its message comes again, where %s', (_, texts) => {
    const shop = notifications({ record: { ...DECIDED, texts } });
    expect(shop.deliver(confirmed(), midnight).after?.texts).toEqual({ 'order-confirmed': WAITING });
    expect(shop.deliver(confirmed(), midnight)).not.toHaveProperty('after');
  });

  test('does not wait while another invocation may be sending it', () => {
    const texts = { 'order-confirmed': { sendingUntil: morning.toISOString() } };
    const shop = notifications({ record: { ...DECIDED, texts } });
    expect(() => shop.deliver(confirmed(), midnight)).toThrow(BusyError);
  });

  test('is not sent where the number is no longer allowed, which is published', () => {
    const shop = notifications();
    shop.deliver(placed(), evening);
    shop.deliver(confirmed(), evening);
    shop.deliver(confirmed(), morning, { numberRefusal: () => 'country' });
    expect([shop.sent, shop.refused]).toEqual([[], ['refused']]);
    expect(shop.texts()).toEqual({ 'order-confirmed': { refusedAt: morning.toISOString(), reason: 'country' } });
  });

  test('is superseded by a decision of the same night, and no record says any more that it waits', () => {
    const shop = notifications({ textWhenPlaced: true });
    shop.deliver(placed(), evening);
    shop.deliver(delayed(), evening);
    expect(shop.texts()).toEqual({ 'order-delayed': WAITING });
    shop.deliver(cancelled(), midnight);
    expect(shop.texts()).toEqual({ 'order-cancelled': WAITING });
    for (const event of [placed(), delayed(), cancelled()]) shop.deliver(event, morning);
    expect(shop.sent).toEqual(['order-cancelled']);
  });

  test('is not forgotten when another text of the evening is answered', () => {
    const shop = notifications({ textWhenPlaced: true });
    const { effect } = shop.deliver(placed(), evening, { quietUntil: () => undefined, dies: true });
    if (effect === undefined) throw new Error('a text is due');
    const { after } = shop.deliver(confirmed(), evening);
    const rules = { now: evening, leaseSeconds: 30, textWhenPlaced: true };
    expect(nextNotification(after, { text: effect }, rules).after?.texts).toEqual({
      'order-placed': { sentAt: evening.toISOString() },
      'order-confirmed': WAITING,
    });
  });

  test('is, in any sequence of a night, the one that is due, and all that is sent in the morning', () => {
    const events = fc.constantFrom<NotificationInput>(placed(), delayed(), confirmed(), cancelled());
    fc.assert(
      fc.property(fc.array(events, { minLength: 1, maxLength: 10 }), fc.boolean(), (sequence, textWhenPlaced) => {
        const shop = notifications({ textWhenPlaced });
        for (const event of sequence) shop.deliver(event, evening);
        expect(shop.sent).toEqual([]);
        const waiting = Object.entries(shop.texts() ?? {});
        expect(waiting.length).toBeLessThanOrEqual(1);
        for (const [, state] of waiting) expect(state).toEqual(WAITING);
        for (const event of sequence) expect(shop.deliver(event, midnight)).not.toHaveProperty('after');
        for (const event of sequence) shop.deliver(event, morning);
        expect(shop.sent).toEqual(waiting.map(([template]) => template));
      }),
    );
  });
});
