import { describe, expect, test } from 'vitest';
import {
  type Notification,
  type NotificationInput,
  nextNotification,
  type SendResult,
} from '../../../lambdas/notification/rules.ts';
import { BusyError, ConflictError } from '../../../lambdas/runtime/failure.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, confirmed, delayed, placed } from '../../builders/events.ts';

const LEASE = 30;
const start = new Date('2026-11-21T09:00:00Z');
const later = (seconds: number) => new Date(start.getTime() + seconds * 1000);

/** Simulates a consumer with one record and an SMS sender. */
function notifications({ textWhenPlaced = false } = {}) {
  let record: Notification | undefined;
  const texts: string[] = [];
  const published: string[] = [];
  const advance = (input: Parameters<typeof nextNotification>[1], now: Date) => {
    const step = nextNotification(record, input, { now, leaseSeconds: LEASE, textWhenPlaced });
    if (step.after !== undefined) record = { ...step.after, version: (record?.version ?? 0) + 1 };
    published.push(...(step.publish ?? []).map(({ data }) => (data as { template: string }).template));
    return step;
  };
  return {
    texts,
    published,
    record: () => record,
    /** Delivers an event, sends the text and records it, unless the function dies before or after sending. */
    deliver(
      event: NotificationInput,
      { at = start, dies }: { at?: Date; dies?: 'before sending' | 'after sending' } = {},
    ) {
      const step = advance(delivery(event), at);
      if (step.effect === undefined || dies === 'before sending') return step;
      texts.push(`${step.effect.template} to ${step.effect.phone}: ${step.effect.message}`);
      if (dies === undefined) advance({ text: step.effect } satisfies SendResult, at);
      return step;
    },
  };
}

const english = placed({ locale: 'en' });

describe('A decided order', () => {
  test.each([
    ['confirmed', confirmed(), /order-confirmed to \+821012345678: .*o-1001.*확정/],
    ['cancelled', cancelled(), /order-cancelled to \+821012345678: .*o-1001.*취소/],
  ])("that is %s is texted once, in its customer's language", (_, decided, text) => {
    const shop = notifications();
    shop.deliver(placed());
    expect(shop.texts).toEqual([]);
    shop.deliver(decided);
    expect(shop.texts).toEqual([expect.stringMatching(text)]);
    expect(shop.published).toHaveLength(1);
  });

  test('is texted in English to other customers', () => {
    const shop = notifications();
    shop.deliver(english);
    shop.deliver(confirmed());
    expect(shop.texts).toEqual([expect.stringContaining('is confirmed')]);
  });

  test('that is decided before it is placed is texted when its placement arrives', () => {
    const shop = notifications();
    shop.deliver(cancelled());
    expect(shop.texts).toEqual([]);
    shop.deliver(placed());
    expect(shop.texts).toEqual([expect.stringContaining('order-cancelled')]);
  });

  test('is texted once under any redelivery', () => {
    const shop = notifications();
    for (const event of [
      placed(),
      confirmed(),
      confirmed(),
      placed(),
      placed({ id: 'another' }),
      confirmed({ id: 'another' }),
    ])
      shop.deliver(event);
    expect(shop.texts).toHaveLength(1);
    expect(new Set(shop.published)).toEqual(new Set(['order-confirmed']));
  });

  test('publishes the same event on redelivery, because the first publication may have failed', () => {
    const shop = notifications();
    shop.deliver(placed());
    shop.deliver(confirmed());
    const [again] = shop.deliver(confirmed(), { at: later(3_600) }).publish ?? [];
    expect(again).toMatchObject({
      id: 'o-1001.order-confirmed',
      time: start.toISOString(),
      data: { orderId: 'o-1001', template: 'order-confirmed' },
    });
  });

  test.each([
    [confirmed(), cancelled()],
    [cancelled(), confirmed()],
  ])('throws ConflictError on the opposite decision', (first, second) => {
    const shop = notifications();
    shop.deliver(placed());
    shop.deliver(first);
    expect(() => shop.deliver(second)).toThrow(ConflictError);
    expect(shop.texts).toHaveLength(1);
  });

  test('is texted at the number of its first placement', () => {
    const shop = notifications();
    shop.deliver(placed());
    shop.deliver(placed({ phone: '+447700900123' }));
    shop.deliver(confirmed());
    expect(shop.texts).toEqual([expect.stringContaining('+821012345678')]);
  });
});

describe('notification.sent', () => {
  test('names the template and contains neither text nor number', () => {
    const shop = notifications();
    shop.deliver(english);
    const { effect } = shop.deliver(confirmed());
    if (effect === undefined) throw new Error('a text is due');
    const { publish } = nextNotification(
      shop.record(),
      { text: effect },
      { now: start, leaseSeconds: LEASE, textWhenPlaced: false },
    );
    expect(publish).toHaveLength(1);
    expect(JSON.stringify(publish)).not.toMatch(/8210|Thank/);
  });
});

describe('The text on placement', () => {
  test('is off by default', () => {
    const shop = notifications();
    shop.deliver(placed());
    expect(shop.texts).toEqual([]);
  });

  test("is sent once, in addition to the decision's text", () => {
    const shop = notifications({ textWhenPlaced: true });
    for (const event of [placed(), placed(), confirmed(), placed(), confirmed()]) shop.deliver(event);
    expect(shop.texts.map((text) => text.split(' ')[0])).toEqual(['order-placed', 'order-confirmed']);
  });

  test('is not sent for an order that is already decided', () => {
    const shop = notifications({ textWhenPlaced: true });
    shop.deliver(cancelled());
    shop.deliver(placed());
    expect(shop.texts.map((text) => text.split(' ')[0])).toEqual(['order-cancelled']);
  });
});

describe('A delayed order', () => {
  const templates = ({ texts }: { texts: string[] }) => texts.map((text) => text.split(' ')[0]);

  test('is texted about its delay once, and later about its decision', () => {
    const shop = notifications();
    for (const event of [placed(), delayed(), delayed(), placed(), confirmed(), delayed()]) shop.deliver(event);
    expect(templates(shop)).toEqual(['order-delayed', 'order-confirmed']);
  });

  test('that was decided before is texted about its decision only', () => {
    const shop = notifications();
    for (const event of [placed(), cancelled(), delayed()]) shop.deliver(event);
    expect(templates(shop)).toEqual(['order-cancelled']);
  });

  test('is texted about its delay when its placement arrives', () => {
    const shop = notifications();
    shop.deliver(delayed());
    expect(shop.texts).toEqual([]);
    shop.deliver(placed());
    expect(templates(shop)).toEqual(['order-delayed']);
  });

  test('that is decided before the delay text was sent gets no delay text', () => {
    const shop = notifications();
    shop.deliver(placed());
    shop.deliver(delayed(), { dies: 'before sending' });
    shop.deliver(confirmed());
    shop.deliver(delayed(), { at: later(3_600) });
    expect(templates(shop)).toEqual(['order-confirmed']);
  });
});

describe('A text with an unknown outcome', () => {
  const unanswered = () => {
    const shop = notifications();
    shop.deliver(placed());
    const { effect } = shop.deliver(confirmed(), { dies: 'before sending' });
    if (effect === undefined) throw new Error('a text is due');
    const rules = { now: later(8), leaseSeconds: LEASE, textWhenPlaced: false };
    return { effect, rules, step: nextNotification(shop.record(), { text: effect, unknownOutcome: true }, rules) };
  };

  test('is recorded as unanswered and not published as sent', () => {
    const { step } = unanswered();
    expect(step.after?.texts).toEqual({ 'order-confirmed': { unansweredAt: later(8).toISOString() } });
    expect(step.publish ?? []).toEqual([]);
  });

  test('is not sent again on any redelivery', () => {
    const { step, rules } = unanswered();
    for (const event of [confirmed(), placed()]) {
      expect(nextNotification(step.after, delivery(event), { ...rules, now: later(90_000) })).toEqual({});
    }
  });
});

describe('The lease on a text', () => {
  test('keeps other deliveries from sending it while an invocation can still run', () => {
    const shop = notifications();
    shop.deliver(placed());
    shop.deliver(confirmed(), { dies: 'before sending' });
    expect(() => shop.deliver(confirmed(), { at: later(LEASE - 1) })).toThrow(BusyError);
    expect(shop.texts).toEqual([]);
  });

  test('expires, so that another delivery sends the text after a crash', () => {
    const shop = notifications();
    shop.deliver(placed());
    shop.deliver(confirmed(), { dies: 'before sending' });
    shop.deliver(confirmed(), { at: later(LEASE) });
    expect(shop.texts).toHaveLength(1);
    shop.deliver(confirmed(), { at: later(2 * LEASE) });
    expect(shop.texts).toHaveLength(1);
  });

  test('allows one repeated text after a crash between sending and recording, and no third', () => {
    const shop = notifications();
    shop.deliver(placed());
    shop.deliver(confirmed(), { dies: 'after sending' });
    for (const seconds of [LEASE, 2 * LEASE, 3 * LEASE]) shop.deliver(confirmed(), { at: later(seconds) });
    expect(shop.texts).toHaveLength(2);
  });

  test('does not hide a decision that arrives during sending', () => {
    const shop = notifications({ textWhenPlaced: true });
    const { effect } = shop.deliver(placed(), { dies: 'before sending' });
    if (effect === undefined) throw new Error('a text is due');
    shop.deliver(confirmed());
    const { after } = nextNotification(
      shop.record(),
      { text: effect },
      { now: start, leaseSeconds: LEASE, textWhenPlaced: true },
    );
    expect(after?.texts).toEqual({
      'order-placed': { sentAt: start.toISOString() },
      'order-confirmed': { sentAt: start.toISOString() },
    });
    expect(after?.decision).toBe('order-confirmed');
  });
});
