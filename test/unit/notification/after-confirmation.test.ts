import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Notification,
  type NotificationInput,
  type NotificationRules,
  nextNotification,
  type OutgoingText,
  type SendResult,
} from '../../../lambdas/notification/rules.ts';
import { BusyError } from '../../../lambdas/runtime/failure.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, confirmed, delayed, dispatched, placed, refunded } from '../../builders/events.ts';

const LEASE = 30;
const start = new Date('2026-11-21T09:00:00Z');
const later = (seconds: number) => new Date(start.getTime() + seconds * 1000);

const refund = (refundId = 'r-1') => refunded({ refundId, amount: 5_000, refunded: 5_000 });
/** What a cancellation leaves is refunded without a `refundId`. */
const refundOfCancellation = refunded();

type Answer = 'sent' | 'dies before sending' | 'dies after sending' | 'no answer' | 'refused' | 'out of order';

/** Simulates a consumer with one record; texts are sent until none is due, a device answers each as `answers` says, and `sent` otherwise. */
function notifications({ record, ...settings }: Partial<NotificationRules> & { record?: Notification } = {}) {
  const sent: string[] = [];
  const messages: string[] = [];
  const published: string[] = [];
  const rules = (now: Date) => ({
    now,
    leaseSeconds: LEASE,
    textWhenPlaced: false,
    textWhenShipped: true,
    ...settings,
  });
  const write = (transition: ReturnType<typeof nextNotification>) => {
    if (transition.after !== undefined) record = { ...transition.after, version: (record?.version ?? 0) + 1 };
    published.push(...(transition.publish ?? []).map(({ id }) => id));
    return transition.effect;
  };
  /** Sends a text, unless the consumer dies or SNS takes nothing; returns the result that is to be recorded. */
  const send = (text: OutgoingText, answer: Answer = 'sent'): SendResult | undefined => {
    if (text.notBefore !== undefined || answer === 'dies before sending' || answer === 'out of order') return undefined;
    if (answer === 'refused') return { text, refused: 'opted-out' };
    sent.push(text.template);
    messages.push(text.message);
    if (answer === 'dies after sending') return undefined;
    return answer === 'no answer' ? { text, unknownOutcome: true } : { text };
  };
  const decide = (input: Parameters<typeof nextNotification>[1], now: Date) => {
    try {
      return { effect: write(nextNotification(record, input, rules(now))) };
    } catch (error) {
      if (error instanceof BusyError) return 'busy';
      throw error;
    }
  };
  return {
    sent,
    messages,
    published,
    record: () => record,
    /** Delivers an event; returns whether its message is done. */
    deliver(event: NotificationInput, { at = start, answers = [] }: { at?: Date; answers?: Answer[] } = {}): boolean {
      const queue = [...answers];
      for (let input: Parameters<typeof nextNotification>[1] | undefined = delivery(event); input !== undefined; ) {
        const decided = decide(input, at);
        if (decided === 'busy') return false;
        if (decided.effect === undefined) return true;
        input = send(decided.effect, queue.shift());
      }
      return false;
    },
  };
}

describe('A confirmed order', () => {
  test('whose goods left is texted once, however many parcels there are and however often it is told', () => {
    const shop = notifications();
    for (const event of [placed(), confirmed(), dispatched(), dispatched({ id: 'again' }), confirmed(), placed()])
      shop.deliver(event);
    expect(shop.sent).toEqual(['order-confirmed', 'order-shipped']);
    expect(shop.messages[1]).toMatch(/o-1001.*발송/);
  });

  test('of which money went back is texted once, however many refunds there are', () => {
    const shop = notifications();
    for (const event of [placed(), confirmed(), refund('r-1'), refund('r-1'), refund('r-2')]) shop.deliver(event);
    expect(shop.sent).toEqual(['order-confirmed', 'order-refunded']);
    expect(shop.messages[1]).toMatch(/o-1001.*환불/);
  });

  test('is told of both, in whichever sequence they come', () => {
    for (const [first, second] of [
      [dispatched(), refund()],
      [refund(), dispatched()],
    ] as const) {
      const shop = notifications();
      for (const event of [placed(), confirmed(), first, second]) shop.deliver(event);
      expect(new Set(shop.sent)).toEqual(new Set(['order-confirmed', 'order-shipped', 'order-refunded']));
    }
  });

  test('is not told of what a cancellation gave back, and nothing is recorded of it', () => {
    const shop = notifications();
    for (const event of [placed(), confirmed()]) shop.deliver(event);
    const before = shop.record();
    shop.deliver(refundOfCancellation);
    expect(shop.record()).toBe(before);
    expect(shop.sent).toEqual(['order-confirmed']);
  });

  test('that 0.3.0 texted is told of what comes after', () => {
    const record: Notification = {
      orderId: 'o-1001',
      version: 4,
      contact: { phone: '+821012345678', locale: 'ko' },
      decision: 'order-confirmed',
      texts: { 'order-confirmed': { sentAt: start.toISOString() } },
    };
    const shop = notifications({ record });
    for (const event of [dispatched(), refund()]) shop.deliver(event);
    expect(shop.sent).toEqual(['order-shipped', 'order-refunded']);
  });

  test('of which 0.3.0 kept neither contact nor text causes no text and no failure', () => {
    const shop = notifications({ record: { orderId: 'o-1001', version: 4, decision: 'order-confirmed', texts: {} } });
    for (const event of [dispatched(), refund()]) expect(shop.deliver(event)).toBe(true);
    expect(shop.sent).toEqual([]);
  });
});

describe('The settings', () => {
  test('are, by default, that a refund is texted and a shipment is not', () => {
    const rules = { now: start, leaseSeconds: LEASE, textWhenPlaced: false };
    let record: Notification | undefined;
    const effects = [placed(), confirmed(), dispatched(), refund()].map((event) => {
      const { after, effect } = nextNotification(record, delivery(event), rules);
      record = after ?? record;
      if (effect === undefined) return undefined;
      record = nextNotification(record, { text: effect }, rules).after;
      return effect.template;
    });
    expect(effects).toEqual([undefined, 'order-confirmed', undefined, 'order-refunded']);
  });

  test.each([
    ['textWhenShipped', dispatched()],
    ['textWhenRefunded', refund()],
  ] as const)('%s switched off leaves no trace of what came meanwhile, for the day it is on', (name, event) => {
    const shop = notifications({ [name]: false });
    for (const each of [event, placed(), confirmed(), event]) shop.deliver(each);
    expect(shop.sent).toEqual(['order-confirmed']);
    const on = notifications({ record: shop.record() as Notification, [name]: true });
    for (const each of [placed(), confirmed()]) on.deliver(each);
    expect(on.sent).toEqual([]);
  });
});

describe("The confirmation's text", () => {
  test('comes first, where shipment and refund were told before the confirmation', () => {
    const shop = notifications();
    for (const event of [dispatched(), refund(), placed()]) expect(shop.deliver(event)).toBe(true);
    expect(shop.sent).toEqual([]);
    shop.deliver(confirmed());
    expect(shop.sent).toEqual(['order-confirmed', 'order-shipped', 'order-refunded']);
  });

  test('comes first, where the order itself is the last to come', () => {
    const shop = notifications();
    for (const event of [refund(), confirmed(), dispatched(), placed()]) shop.deliver(event);
    expect(shop.sent).toEqual(['order-confirmed', 'order-shipped', 'order-refunded']);
    expect(shop.published).toEqual(['o-1001.order-confirmed', 'o-1001.order-shipped', 'o-1001.order-refunded']);
  });

  test.each([['no answer'], ['refused']] as const)('that got "%s" is waited for no longer', (answer) => {
    const shop = notifications();
    for (const event of [dispatched(), placed()]) shop.deliver(event);
    shop.deliver(confirmed(), { answers: [answer] });
    expect(shop.sent.at(-1)).toBe('order-shipped');
  });

  test('holds up the others while it is being sent', () => {
    const shop = notifications();
    shop.deliver(placed());
    shop.deliver(confirmed(), { answers: ['dies before sending'] });
    for (const event of [dispatched(), refund()]) expect(shop.deliver(event, { at: later(LEASE - 1) })).toBe(false);
    for (const event of [dispatched(), refund()]) expect(shop.deliver(event, { at: later(LEASE) })).toBe(true);
    expect(shop.sent).toEqual(['order-confirmed', 'order-shipped', 'order-refunded']);
  });

  test('is sent by its own message where SNS did not take the next one, which is then sent once', () => {
    const shop = notifications();
    for (const event of [dispatched(), placed()]) shop.deliver(event);
    expect(shop.deliver(confirmed(), { answers: ['sent', 'out of order'] })).toBe(false);
    expect(shop.deliver(confirmed(), { at: later(LEASE) })).toBe(true);
    expect(shop.sent).toEqual(['order-confirmed', 'order-shipped']);
  });
});

describe('After a cancellation', () => {
  test.each([
    ['before anything else', [cancelled(), dispatched(), refund(), confirmed(), placed()]],
    ['before it is told of them', [placed(), confirmed(), cancelled(), dispatched(), refund()]],
    ['of an order that was told of them before it came', [dispatched(), refund(), cancelled(), placed(), confirmed()]],
  ])('nothing is texted of a shipment or a refund: %s', (_, events) => {
    const shop = notifications();
    for (const event of [...events, ...events]) shop.deliver(event);
    expect(shop.sent.filter((template) => template !== 'order-confirmed')).toEqual(['order-cancelled']);
    expect(shop.sent.at(-1)).toBe('order-cancelled');
  });

  test('nothing is recorded of a shipment or a refund', () => {
    const shop = notifications();
    for (const event of [placed(), confirmed(), cancelled()]) shop.deliver(event);
    const before = shop.record();
    for (const event of [dispatched(), refund(), confirmed()]) expect(shop.deliver(event)).toBe(true);
    expect(shop.record()).toBe(before);
  });

  test('its text waits while that of a shipment or a refund is being sent', () => {
    for (const event of [dispatched(), refund()]) {
      const shop = notifications();
      for (const each of [placed(), confirmed()]) shop.deliver(each);
      shop.deliver(event, { answers: ['dies after sending'] });
      expect(shop.deliver(cancelled(), { at: later(LEASE - 1) })).toBe(false);
      expect(shop.deliver(cancelled(), { at: later(LEASE) })).toBe(true);
      expect(shop.deliver(event, { at: later(LEASE) })).toBe(true);
      expect(shop.sent.at(-1)).toBe('order-cancelled');
    }
  });
});

describe('At night', () => {
  const morning = later(10 * 3_600);
  const quietUntil = (_: string, now: Date) => (now < morning ? morning : undefined);

  test('each text waits, and the confirmation is the first in the morning, whichever message comes back first', () => {
    for (const messages of [
      [confirmed(), dispatched(), refund()],
      [refund(), dispatched(), confirmed()],
    ]) {
      const shop = notifications({ quietUntil });
      for (const event of [placed(), confirmed(), dispatched(), refund()])
        expect(shop.deliver(event)).toBe(event.type === placed().type);
      for (const event of messages) shop.deliver(event, { at: morning });
      expect(shop.sent).toEqual(['order-confirmed', 'order-shipped', 'order-refunded']);
    }
  });

  test('a cancellation supersedes the text of a shipment that waits', () => {
    const shop = notifications({ quietUntil });
    shop.deliver(placed());
    for (const event of [confirmed(), dispatched(), cancelled()]) shop.deliver(event);
    expect(Object.keys(shop.record()?.texts ?? {})).toEqual(['order-cancelled']);
    for (const event of [dispatched(), confirmed(), cancelled()]) shop.deliver(event, { at: morning });
    expect(shop.sent).toEqual(['order-cancelled']);
  });
});

test('A number that may not be texted is refused once for each text, and published', () => {
  const shop = notifications({ numberRefusal: () => 'country' });
  for (const event of [dispatched(), placed(), confirmed(), refund()]) shop.deliver(event);
  expect(shop.sent).toEqual([]);
  expect(shop.published).toEqual([
    'o-1001.order-confirmed.refused',
    'o-1001.order-shipped.refused',
    'o-1001.order-refunded.refused',
  ]);
});

test('A shipment publishes its own text again, and not those of others', () => {
  const shop = notifications();
  for (const event of [placed(), confirmed(), dispatched(), refund(), dispatched(), refund()]) shop.deliver(event);
  expect(shop.published).toEqual([
    'o-1001.order-confirmed',
    ...['o-1001.order-shipped', 'o-1001.order-refunded', 'o-1001.order-shipped', 'o-1001.order-refunded'],
  ]);
});

type Step = [event: NotificationInput, answers: Answer[]];

/** Delivers each message until it is done; time passes, so leases end. */
function deliverAll(shop: ReturnType<typeof notifications>, sequence: readonly Step[]): void {
  const queue = [...sequence];
  for (let turn = 0; turn < 200; turn += 1) {
    const [step] = queue.splice(0, 1);
    if (step === undefined) return;
    const [event, answers] = step;
    if (!shop.deliver(event, { at: later(7 * turn), answers })) queue.push([event, []]);
  }
  throw new Error('A message is never done');
}

describe('In any sequence, with crashes, each message delivered until it is done', () => {
  const events = [placed(), delayed(), confirmed(), cancelled(), dispatched(), refund(), refund('r-2'), refunded()];
  const answers = fc.array(fc.constantFrom<Answer>('sent', 'dies before sending', 'out of order', 'no answer'), {
    maxLength: 3,
  });
  const sequences = fc.array(fc.tuple(fc.constantFrom<NotificationInput>(...events), answers), { maxLength: 16 });
  const check = (property: (sent: readonly string[], heard: (event: NotificationInput) => boolean) => void) =>
    fc.assert(
      fc.property(sequences, (sequence) => {
        const shop = notifications();
        deliverAll(shop, sequence);
        property(shop.sent, ({ type, data }) =>
          sequence.some(([event]) => event.type === type && 'refundId' in event.data === 'refundId' in data),
        );
      }),
      { numRuns: 500 },
    );

  test('each text is sent at most once, and a shipment or a refund only after the confirmation', () => {
    check((sent) => {
      expect(new Set(sent).size).toBe(sent.length);
      for (const template of ['order-shipped', 'order-refunded']) {
        const before = sent.slice(0, Math.max(0, sent.indexOf(template)));
        if (sent.includes(template)) expect(before).toContain('order-confirmed');
      }
    });
  });

  test('a cancellation is the last word', () => {
    check((sent, heard) => {
      if (heard(placed()) && heard(cancelled())) expect(sent.at(-1)).toBe('order-cancelled');
    });
  });

  test('a confirmed order is told of its shipment and its refund if there was one', () => {
    check((sent, heard) => {
      if (!heard(placed()) || !heard(confirmed()) || heard(cancelled())) return;
      expect(sent.includes('order-shipped')).toBe(heard(dispatched()));
      expect(sent.includes('order-refunded')).toBe(heard(refund()));
    });
  });
});
