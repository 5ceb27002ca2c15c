import { describe, expect, test } from 'vitest';
import { numberRefusal } from '../../../lambdas/notification/numbers.ts';
import { type Notification, nextNotification } from '../../../lambdas/notification/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import { confirmed, placed } from '../../builders/events.ts';

const now = new Date('2026-11-21T13:30:00Z');
const rules = { now, leaseSeconds: 30, textWhenPlaced: false };
const PREMIUM = '+8260700123';

/** Delivers events one after the other and returns the last step with the record. */
function deliverAll(
  events: Parameters<typeof delivery>[0][],
  settings: Partial<Parameters<typeof nextNotification>[2]> = {},
) {
  let record: Notification | undefined;
  let step: ReturnType<typeof nextNotification> = {};
  for (const event of events) {
    step = nextNotification(record, delivery(event) as never, { ...rules, ...settings });
    record = step.after ?? record;
  }
  return { record, ...step };
}

describe('A text to a refused number', () => {
  const premium = [placed({ phone: PREMIUM }), confirmed()];

  test('is not sent; the refusal is recorded and published without the number', () => {
    const { record, effect, publish } = deliverAll(premium, { numberRefusal });
    expect(effect).toBeUndefined();
    expect(record?.texts).toEqual({
      'order-confirmed': { refusedAt: now.toISOString(), reason: 'premium-rate' },
    });
    expect(publish).toMatchObject([
      {
        type: 'shop.notification.refused.v1',
        id: 'o-1001.order-confirmed.refused',
        data: { orderId: 'o-1001', template: 'order-confirmed', reason: 'premium-rate' },
      },
    ]);
    expect(JSON.stringify(publish)).not.toContain('60700123');
  });

  test('publishes the same event on redelivery and stays refused when the settings change', () => {
    const { record } = deliverAll(premium, { numberRefusal });
    const again = nextNotification(record, delivery(confirmed()), { ...rules, now: new Date('2026-11-21T23:00:00Z') });
    expect(again.effect).toBeUndefined();
    expect(again.publish).toMatchObject([{ id: 'o-1001.order-confirmed.refused', time: now.toISOString() }]);
  });

  test('that SNS or the daily limit refuses is recorded and published in the same way', () => {
    const { record, effect } = deliverAll([placed(), confirmed()]);
    if (effect === undefined) throw new Error('a text is due');
    const step = nextNotification(record, { text: effect, refused: 'opted-out' }, rules);
    expect(step.after?.texts['order-confirmed']).toEqual({ refusedAt: now.toISOString(), reason: 'opted-out' });
    expect(step.publish).toMatchObject([{ data: { reason: 'opted-out' } }]);
  });

  test('is never sent for a thousand orders with premium-rate numbers', () => {
    const actions = Array.from({ length: 1_000 }, (_, index) => {
      const orderId = `o-${index}`;
      return deliverAll([placed({ orderId, phone: `+8260${1_000_000 + index}` }), confirmed({ orderId })], {
        numberRefusal,
      }).effect;
    });
    expect(actions.filter((action) => action !== undefined)).toEqual([]);
  });
});
