import { describe, expect, test } from 'vitest';
import { cut, hasNote, layoutDiagram } from '../../../ops/console/pages/orders/diagram-layout.ts';
import { type Message, sequenceOf } from '../../../ops/console/pages/orders/sequence.ts';
import type { Trace } from '../../../ops/orders/trace.ts';
import { at, attempt } from '../../builders/traced-attempts.ts';

const placed = { time: at(0), type: 'shop.order.placed.v1', source: '/shop/checkout' };
const authorized = { time: at(1), type: 'shop.payment.authorized.v1', source: '/shop/payment' };

const sequence = (parts: Partial<Trace>) => sequenceOf({ timeline: [placed], attempts: [], ...parts });
const briefly = ({ messages }: { messages: readonly Message[] }) =>
  messages.map(({ from, to, name, kind }) => `${from} ${to} ${name} ${kind}`);

describe('The sequence of an order', () => {
  test('leads from whoever published to whoever handled, and takes outcomes and order for one', () => {
    const attempts = [
      attempt({ published: ['shop.payment.authorized.v1'] }),
      attempt({ time: at(2), consumer: 'outcomes', eventType: 'shop.payment.authorized.v1' }),
    ];
    const { lanes, messages } = sequence({ timeline: [placed, authorized], attempts });
    expect(briefly({ messages })).toEqual([
      'publisher payment shop.order.placed.v1 message',
      'payment order shop.payment.authorized.v1 message',
    ]);
    expect(messages.map(({ by }) => by)).toEqual(['payment', 'outcomes']);
    expect(lanes).toEqual(['publisher', 'order', 'payment']);
  });

  test('begins a message when its handling began, after it waited', () => {
    expect(sequence({ attempts: [attempt()] }).messages).toMatchObject([
      { at: Date.parse(at(0.9)), waitedMs: 400, attempt: 1 },
    ]);
  });

  test('shows each failed try with its error, and the next one that is still to come', () => {
    const down = { outcome: 'will be tried again', errorType: 'UnavailableError', errorMessage: 'It is down' } as const;
    const attempts = [
      attempt({ ...down, retryInSeconds: 2 }),
      attempt({ ...down, time: at(4), attempt: 2, retryInSeconds: 5, nextTryAt: at(9) }),
    ];
    const { messages } = sequence({ attempts });
    expect(messages.map(({ kind, tone, attempt }) => [kind, tone, attempt])).toEqual([
      ['message', 'warn', 1],
      ['message', 'warn', 2],
      ['next-try', 'warn', 3],
    ]);
    expect(messages[0]).toMatchObject({ error: 'UnavailableError: It is down', retryInSeconds: 2 });
    expect(messages[2]?.at).toBe(Date.parse(at(9)));
  });

  test('without logs shows what the records know, each where it happened', () => {
    const text = {
      time: at(3),
      type: 'shop.notification.sent.v1',
      source: '/shop/notification',
      template: 'order-confirmed',
    };
    expect(briefly(sequence({ timeline: [placed, authorized, text] }))).toEqual([
      'publisher publisher shop.order.placed.v1 step',
      'payment payment shop.payment.authorized.v1 step',
      'notification customer order-confirmed text',
    ]);
  });

  test('does not show a refused text as sent', () => {
    const refused = {
      ...{ time: at(3), type: 'shop.notification.refused.v1', source: '/shop/notification' },
      ...{ template: 'order-confirmed', refused: 'opted-out' as const },
    };
    const { lanes, messages } = sequence({ timeline: [refused] });
    expect(lanes).toEqual(['notification']);
    expect(messages).toMatchObject([{ kind: 'step', tone: 'warn', error: 'opted-out' }]);
  });

  test('shows a dead letter once, also where no log tells of it', () => {
    const letter = {
      consumer: 'stock',
      messageId: 'm-2',
      errorType: 'ContractError',
      reason: 'data.items',
      failedAt: at(2),
    };
    const logged = attempt({ consumer: 'payment', outcome: 'dead-lettered' });
    const deadLetters = [letter, { ...letter, consumer: 'payment' }];
    const bad = sequence({ attempts: [logged], deadLetters }).messages.filter(({ tone }) => tone === 'bad');
    expect(bad.map(({ by, kind }) => [by, kind])).toEqual([
      ['payment', 'message'],
      ['stock', 'dead-letter'],
    ]);
  });

  test('has lanes of others before the customer', () => {
    const text = {
      time: at(3),
      type: 'shop.notification.sent.v1',
      source: '/shop/notification',
      template: 'order-placed',
    };
    const attempts = [attempt({ consumer: 'partner-warehouse' }), attempt({ consumer: 'loyalty' }), attempt()];
    expect(sequence({ timeline: [placed, text], attempts }).lanes).toEqual([
      ...['publisher', 'payment', 'notification', 'loyalty', 'partner-warehouse', 'customer'],
    ]);
  });
});

describe('The layout of the diagram', () => {
  const message = (parts: Partial<Message> = {}): Message => ({
    ...{ at: 0, from: 'publisher', to: 'payment', name: 'shop.order.placed.v1' },
    ...{ kind: 'message', tone: 'plain', by: 'payment' },
    ...parts,
  });
  const lanes = ['publisher', 'order', 'payment'];

  test('has every row below the one before it, with room for what it says', () => {
    const messages = [message(), message({ error: 'down' }), message({ at: 100 })];
    const rows = layoutDiagram({ lanes, messages }).rows.map(({ y }) => y);
    const [first = 0, second = 0, third = 0] = rows;
    expect(second - first).toBeGreaterThanOrEqual(24);
    expect(third - second).toBeGreaterThan(second - first);
    expect(layoutDiagram({ lanes, messages }).height).toBeGreaterThan(third);
  });

  test('keeps the lanes apart, beside the times', () => {
    const { axis, lanes: placed, width } = layoutDiagram({ lanes, messages: [] });
    const [first = 0, second = 0, third = 0] = placed.map(({ x }) => x);
    expect(first).toBeGreaterThan(axis);
    expect(second - first).toBe(third - second);
    expect(width).toBeGreaterThan(third);
  });

  test('says how long nothing happened', () => {
    const messages = [message(), message({ at: 1_000 }), message({ at: 21_000 })];
    const pauses = layoutDiagram({ lanes, messages }).rows.filter(({ kind }) => kind === 'pause');
    expect(pauses).toMatchObject([{ ms: 20_000 }]);
  });

  test.each(['wide', 'narrow'] as const)('keeps every text inside the picture, however %s it is', (room) => {
    const messages = lanes.flatMap((from) => lanes.map((to) => message({ from, to, error: 'x'.repeat(400) })));
    const { axis, rows, width } = layoutDiagram({ lanes, messages }, room);
    for (const row of rows) {
      if (row.kind === 'pause') continue;
      // On the side of its lane that has more room.
      expect(row.note.characters).toBeGreaterThan(20);
      for (const { x, anchor, characters } of [row.label, row.note]) {
        const size = characters * 6;
        const left = x - { start: 0, middle: size / 2, end: size }[anchor];
        expect(left).toBeGreaterThanOrEqual(axis - 8);
        expect(left + size).toBeLessThanOrEqual(width);
      }
    }
  });

  test('has a second line only where there is something to say', () => {
    expect(hasNote(message({ waitedMs: 20, attempt: 1 }))).toBe(false);
    for (const parts of [{ attempt: 2 }, { waitedMs: 1_500 }, { error: 'down' }]) {
      expect(hasNote(message(parts))).toBe(true);
    }
  });

  test('shortens what has no room', () => {
    expect([cut('order.placed', 20), cut('order.placed', 6)]).toEqual(['order.placed', 'order…']);
  });
});
