import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orderCancelled, orderPlaced } from '../../../contracts/order.ts';
import {
  type Notification,
  type NotificationInput,
  nextNotification,
  type SendResult,
} from '../../../lambdas/notification/rules.ts';
import { BusyError, ConflictError } from '../../../lambdas/runtime/failure.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, confirmed, delayed, KEYBOARD, line, placed } from '../../builders/events.ts';

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
const templatesOf = ({ texts }: { texts: string[] }) => texts.map((text) => text.split(' ')[0]);

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

  test('is texted at the number of its placement', () => {
    const shop = notifications();
    shop.deliver(placed());
    expect(() => shop.deliver(placed({ phone: '+447700900123' }))).toThrow(ConflictError);
    shop.deliver(confirmed());
    expect(shop.texts).toEqual([expect.stringContaining('+821012345678')]);
  });
});

describe('What a customer is told of an order that is both confirmed and cancelled', () => {
  test.each<[string, NotificationInput[], string[]]>([
    ['cancelled after its confirmation', [placed(), confirmed(), cancelled()], ['order-confirmed', 'order-cancelled']],
    ['cancelled before its confirmation', [placed(), cancelled(), confirmed()], ['order-cancelled']],
    ['confirmed, cancelled, then placed', [confirmed(), cancelled(), placed()], ['order-cancelled']],
    ['cancelled, confirmed, then placed', [cancelled(), confirmed(), placed()], ['order-cancelled']],
    [
      'delayed, confirmed, then cancelled',
      [placed(), delayed(), confirmed(), cancelled()],
      ['order-delayed', 'order-confirmed', 'order-cancelled'],
    ],
  ])('is the last word, each text once: %s', (_, events, expected) => {
    const shop = notifications();
    for (const event of events) shop.deliver(event);
    for (const event of [...events, ...[...events].reverse()]) shop.deliver(event);
    expect(templatesOf(shop)).toEqual(expected);
  });

  test('is the cancellation, which waits while the text of the confirmation is being sent', () => {
    const shop = notifications();
    shop.deliver(placed());
    shop.deliver(confirmed(), { dies: 'before sending' });
    expect(() => shop.deliver(cancelled(), { at: later(LEASE - 1) })).toThrow(BusyError);
    shop.deliver(cancelled(), { at: later(LEASE) });
    shop.deliver(confirmed(), { at: later(3_600) });
    expect(templatesOf(shop)).toEqual(['order-cancelled']);
  });

  test('is nothing by a confirmation after the cancellation: neither its text nor a conflict', () => {
    const shop = notifications();
    shop.deliver(placed());
    shop.deliver(cancelled(), { dies: 'before sending' });
    for (const event of [confirmed(), confirmed({ amount: 13_000 })])
      expect(shop.deliver(event, { at: later(3_600) })).toEqual({});
    shop.deliver(cancelled(), { at: later(3_600) });
    expect(templatesOf(shop)).toEqual(['order-cancelled']);
  });

  test('in any sequence is at most one text of each template, and none of a confirmation after a cancellation', () => {
    const events = fc.constantFrom<NotificationInput>(placed(), delayed(), confirmed(), cancelled());
    fc.assert(
      fc.property(fc.array(events, { maxLength: 12 }), fc.boolean(), (sequence, textWhenPlaced) => {
        const shop = notifications({ textWhenPlaced });
        for (const event of sequence) shop.deliver(event);
        const sent = templatesOf(shop);
        expect(new Set(sent).size).toBe(sent.length);
        if (sent.includes('order-cancelled')) expect(sent.at(-1)).toBe('order-cancelled');
        const heard = (type: string) => sequence.some((event) => event.type === type);
        expect(sent.includes('order-cancelled')).toBe(heard(orderPlaced.type) && heard(orderCancelled.type));
      }),
    );
  });
});

describe('A confirmation', () => {
  const other = [
    ['other items', placed({ items: [{ sku: 'KB-02', quantity: 1, unitPrice: 12_000 }], phone: '+447700900123' })],
    ['another quantity', placed({ items: [{ ...KEYBOARD, quantity: 2, unitPrice: 6_000 }], phone: '+447700900123' })],
    ['another total', placed({ items: [{ ...KEYBOARD, unitPrice: 13_000 }], phone: '+447700900123' })],
    ['another currency', placed({ currency: 'USD', phone: '+447700900123' })],
  ] as const;

  test.each(other)('is not told to whom the order was placed by with %s, but dead-lettered', (_, event) => {
    const shop = notifications();
    shop.deliver(event);
    expect(() => shop.deliver(confirmed())).toThrow(ConflictError);
    expect(shop.texts).toEqual([]);
    expect(shop.record()).not.toHaveProperty('decision');
  });

  test.each(other)('that came first is not told to whom places the order with %s, only to its customer', (_, event) => {
    const shop = notifications();
    shop.deliver(confirmed());
    expect(() => shop.deliver(event)).toThrow(ConflictError);
    shop.deliver(placed());
    expect(shop.texts).toEqual([expect.stringMatching(/^order-confirmed to \+821012345678/)]);
  });

  test.each(other)('is told although the order came again with %s, which is dead-lettered', (_, event) => {
    const shop = notifications();
    shop.deliver(placed());
    expect(() => shop.deliver(event)).toThrow(ConflictError);
    shop.deliver(confirmed());
    expect(shop.texts).toEqual([expect.stringContaining('+821012345678')]);
  });

  test('is told however the goods are split over lines, and whatever of the order has no shelf', () => {
    const shop = notifications();
    const untracked = { quantity: 1, unitPrice: 2_000, tracked: false };
    shop.deliver(placed({ items: [{ ...KEYBOARD, unitPrice: 4_000 }, untracked, { ...KEYBOARD, unitPrice: 6_000 }] }));
    shop.deliver(confirmed({ items: [line('KB-01', 2)] }));
    expect(templatesOf(shop)).toEqual(['order-confirmed']);
  });

  test('is told where an earlier version did not note what was placed', () => {
    const known: Notification = {
      orderId: 'o-1001',
      version: 1,
      texts: {},
      contact: { phone: '+821012345678', locale: 'en' },
    };
    const rules = { now: start, leaseSeconds: LEASE, textWhenPlaced: false };
    expect(nextNotification(known, delivery(confirmed()), rules).effect).toMatchObject({ template: 'order-confirmed' });
  });
});

describe('A cancellation whose order has not come', () => {
  test('is kept for 120 days, until the order comes, with a phone or without', () => {
    for (const phone of ['+821012345678', '']) {
      const shop = notifications();
      shop.deliver(cancelled());
      expect(shop.record()?.expiresAt).toBe(later(120 * 86_400).getTime() / 1000);
      shop.deliver(cancelled(), { at: later(60) });
      shop.deliver(confirmed(), { at: later(60) });
      expect(shop.record()?.expiresAt).toBe(later(120 * 86_400).getTime() / 1000);
      shop.deliver(placed({ phone }));
      expect(shop.record()).toMatchObject({ decision: 'order-cancelled' });
      expect(shop.record()).not.toHaveProperty('expiresAt');
    }
  });

  test('is the only record that expires', () => {
    const sequences: NotificationInput[][] = [
      [placed()],
      [placed({ phone: '' })],
      [placed(), cancelled()],
      [placed({ phone: '' }), cancelled()],
      [confirmed()],
      [confirmed(), cancelled()],
      [placed(), confirmed(), cancelled()],
      [delayed()],
    ];
    for (const sequence of sequences) {
      const shop = notifications();
      for (const event of sequence) shop.deliver(event);
      expect(shop.record()).toBeDefined();
      expect(shop.record()).not.toHaveProperty('expiresAt');
    }
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
    expect(templatesOf(shop)).toEqual(['order-placed', 'order-confirmed']);
  });

  test('is not sent for an order that is already decided', () => {
    const shop = notifications({ textWhenPlaced: true });
    shop.deliver(cancelled());
    shop.deliver(placed());
    expect(templatesOf(shop)).toEqual(['order-cancelled']);
  });
});

describe('A delayed order', () => {
  test('is texted about its delay once, and later about its decision', () => {
    const shop = notifications();
    for (const event of [placed(), delayed(), delayed(), placed(), confirmed(), delayed()]) shop.deliver(event);
    expect(templatesOf(shop)).toEqual(['order-delayed', 'order-confirmed']);
  });

  test('that was decided before is texted about its decision only', () => {
    const shop = notifications();
    for (const event of [placed(), cancelled(), delayed()]) shop.deliver(event);
    expect(templatesOf(shop)).toEqual(['order-cancelled']);
  });

  test('is texted about its delay when its placement arrives', () => {
    const shop = notifications();
    shop.deliver(delayed());
    expect(shop.texts).toEqual([]);
    shop.deliver(placed());
    expect(templatesOf(shop)).toEqual(['order-delayed']);
  });

  test('that is decided before the delay text was sent gets no delay text', () => {
    const shop = notifications();
    shop.deliver(placed());
    shop.deliver(delayed(), { dies: 'before sending' });
    shop.deliver(confirmed());
    shop.deliver(delayed(), { at: later(3_600) });
    expect(templatesOf(shop)).toEqual(['order-confirmed']);
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
