import { describe, expect, test } from 'vitest';
import { allowedAt, memberPath } from '../../../ops/console/pages/dead-letters/contract-words.ts';
import { expiryOf } from '../../../ops/console/pages/dead-letters/expiry-words.ts';
import { groupUrl, letterUrl, queryOf, selectionIn } from '../../../ops/console/pages/dead-letters/urls.ts';
import { pastRedriveView } from '../../../ops/console/server/letters/became.ts';
import { bodyFrom, problemsInEdit, problemsOf } from '../../../ops/console/server/letters/check.ts';
import { contractOf } from '../../../ops/console/server/letters/contract.ts';
import type { Found } from '../../../ops/console/server/letters/letters.ts';
import { maskForEditing } from '../../../ops/console/server/letters/masked-event.ts';
import { testFor, unreadMeantBy } from '../../../ops/console/server/letters/selection.ts';
import { boardOf, letterView, pageOf, rowOf } from '../../../ops/console/server/letters/views.ts';
import type { DeadLetter } from '../../../ops/dlq/dead-letter.ts';
import { groupByReason } from '../../../ops/dlq/group.ts';
import { deadLetter } from '../../builders/dead-letters.ts';
import { placed } from '../../builders/events.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const SENT = String(Date.parse('2026-11-21T09:00:00Z'));
const event = JSON.stringify(placed());
const poison = event.replace(/"quantity":\d+/, '"quantity":"two"');

const letterOf = (consumer: string, body: string, id = `at-${consumer}`, errorMessage = 'data.total: is missing') =>
  deadLetter({ id, consumer, body, attributes: { consumer, errorMessage }, system: { SentTimestamp: SENT } });

const foundOf = (letters: DeadLetter[], parked: DeadLetter[] = []): Found => ({
  queues: [{ name: 'payment', deadLetters: letters, inFlight: 0, behind: 0, at: 0, busy: false }],
  letters,
  parked,
  at: 0,
});

describe('A selection', () => {
  const ids = (letters: readonly DeadLetter[], selection: Parameters<typeof testFor>[0]) =>
    letters.filter(testFor(selection, letters)).map(({ id }) => id);

  test('by the reason of a group has just the letters of that group, also once others join it', () => {
    const reason = (order: string) => `order ${order} is not there`;
    const about = (orderId: string) => JSON.stringify({ data: { orderId } });
    const letters = [
      letterOf('payment', about('first'), 'a', reason('first')),
      letterOf('payment', about('second'), 'b', reason('second')),
      letterOf('payment', event, 'c', 'data.total: is missing'),
    ];
    for (const { reason: shown, count } of groupByReason(letters)) {
      expect(ids(letters, { consumer: 'payment', errorType: 'ContractError', reason: shown })).toHaveLength(count);
    }
    expect(ids(letters, { reason: reason('first') })).toEqual(['a', 'b']);
  });

  test('of what holds the same message has the letters of all consumers, whatever its white space', () => {
    const letters = [
      letterOf('payment', poison),
      letterOf('stock', poison.replace('{', '{ ')),
      letterOf('order', event),
    ];
    expect(ids(letters, { like: 'at-payment' })).toEqual(['at-payment', 'at-stock']);
    expect(ids(letters, { like: 'gone' })).toEqual([]);
  });

  test('that names nothing is refused, and never taken for all', () => {
    expect(() => testFor({}, [])).toThrow('Say which dead letters');
  });

  test('has what stands behind others of its order only where nothing narrower is meant', () => {
    expect(unreadMeantBy({ all: true })).toBe('all');
    expect(unreadMeantBy({ consumer: 'shipping' })).toBe('all');
    expect(unreadMeantBy({ reason: 'x' })).toBe('matching');
    expect(unreadMeantBy({ order: 'o-1' })).toBe('same order');
    expect(unreadMeantBy({ ids: ['a'] })).toBe('none');
  });

  test('survives the address of its page', () => {
    const selection = {
      consumer: 'payment',
      errorType: 'A/B?',
      reason: 'order #1 & "two" + 50%',
      parked: true as const,
    };
    const [, search = ''] = groupUrl(selection).split('?');
    expect(selectionIn(`?${search}`)).toMatchObject(selection);
    expect(queryOf(selectionIn(''))).toBe('');
    expect(letterUrl({ consumer: 'a b', messageId: 'x/y' })).toBe('/dead-letters/letter/a%20b/x%2Fy');
  });
});

describe('What is typed instead of a message', () => {
  const letters = [letterOf('payment', poison), letterOf('order', poison)];
  const { text } = maskForEditing(poison);

  test('has the problems of all its consumers, once each and at their lines', () => {
    const [problem, ...others] = problemsInEdit(text, letters);
    expect(others).toEqual([]);
    expect(problem?.path).toBe('data.items[0].quantity');
    expect(text.split('\n')[(problem?.line ?? 0) - 1]).toContain('"quantity"');
  });

  test('is right once it keeps the contract, with what is masked as it was', () => {
    const repaired = text.replace(/"quantity": "[^"]*"/, `"quantity": ${/"quantity":(\d+)/.exec(event)?.[1]}`);
    expect(problemsInEdit(repaired, letters)).toEqual([]);
    for (const letter of letters) expect(bodyFrom(repaired, letter)).toBe(event);
  });

  test('is told to be no JSON while half of it is typed', () => {
    const [problem] = problemsInEdit(text.slice(0, 40), letters);
    expect(problem?.problem).toMatch(/^This is no JSON yet, line \d+, column \d+: /);
  });

  test('may not send a mask that was changed', () => {
    const changed = text.replace(/"phone": "… text/, '"phone": "… text of mine');
    expect(problemsInEdit(changed, letters)[0]?.problem).toContain('masked value was changed');
  });

  test('is checked as it is where nobody remembers the letter', () => {
    expect(problemsInEdit('{', [])).toHaveLength(1);
    expect(problemsInEdit('{}', [])).toEqual([]);
  });
});

describe('The page of a letter', () => {
  const letter = letterOf('payment', poison);
  const others = [letterOf('stock', poison), letterOf('notification', event)];

  test('has its problems at their lines, its contract and the same message of other consumers, and no personal data', () => {
    const view = letterView(letter, foundOf([letter, ...others]), true);
    expect(view.problems).toEqual(problemsOf(letter, view.text ?? ''));
    expect(view.contract?.file).toBe('contracts/published/shop.order.placed.v1.json');
    expect(view.alike).toEqual([{ consumer: 'stock', messageId: 'at-stock' }]);
    expect(view.expiresAt).toBe('2026-12-05T09:00:00.000Z');
    expect(JSON.stringify(view)).not.toContain('010-1234-5678');
  });

  test('has nothing of its body where bodies are not shown', () => {
    const view = letterView(letter, foundOf([letter]), false);
    expect(view.text).toBeNull();
    expect(view.letter.body).toBeUndefined();
    expect(view.problems.every(({ line }) => line === undefined)).toBe(true);
  });

  test('shows of a body that is no JSON its size and what is wrong, and no contract', () => {
    const view = letterView(letterOf('order', event.slice(0, -9)), foundOf([]), true);
    expect(view).toMatchObject({ isJson: false, text: expect.stringContaining('of no JSON') });
    expect(view.contract).toBeUndefined();
  });

  test('knows no contract for a type that is a path', () => {
    expect(contractOf('{"type":"../../package"}')).toBeUndefined();
  });
});

describe('The page of dead letters', () => {
  test('sends a hundred rows at a time, however many there are', () => {
    const rows = Array.from({ length: 250 }, (_, index) => index);
    expect(pageOf(rows, 1).rows).toHaveLength(100);
    expect(pageOf(rows, 3)).toEqual({ total: 250, rows: rows.slice(200) });
    expect(pageOf(rows, 9).rows).toEqual([]);
  });

  test('names the consumers whose letters end soon, and has parked ones apart', () => {
    const parked = {
      ...letterOf('order', event),
      parked: { owner: 'a', note: null, link: null, parkedAt: '', expiresAt: '' },
    };
    const soon = new Date('2026-12-04T09:00:00Z');
    const board = boardOf(foundOf([letterOf('payment', poison)], [parked]), 'reason', 1, soon);
    expect(board.expiring).toEqual([{ consumer: 'payment', count: 1, first: '2026-12-05T09:00:00.000Z' }]);
    expect(board.letters).toBe(1);
    expect(board.parked.rows.map(({ consumer }) => consumer)).toEqual(['order']);
    expect(boardOf(foundOf([letterOf('payment', poison)]), 'order', 1, NOW).expiring).toEqual([]);
  });

  test('shows of a letter its event and order, and nothing that may be personal', () => {
    const row = rowOf(letterOf('payment', poison.replaceAll(placed().data.orderId, '010-1234-5678')));
    expect(row).toMatchObject({ event: 'shop.order.placed.v1', orderId: '…' });
  });

  test('tells of a redrive of the past its order, and the first letter that failed again', () => {
    const past = { run: 'r', time: '', who: '', how: 'redrive' as const, moved: 2, notMoved: 0, failedAgain: 1 };
    const one = { consumer: 'payment', orderId: 'o-1', messageId: 'a' };
    const again = { ...one, consumer: 'stock', failedAgain: { messageId: 'b', reason: 'x' } };
    expect(pastRedriveView({ ...past, letters: [one, again] })).toEqual({
      ...{ ...past, consumers: ['payment', 'stock'], orderId: 'o-1' },
      again: { consumer: 'stock', messageId: 'b', reason: 'x' },
    });
    expect(pastRedriveView({ ...past, letters: [one, { ...one, orderId: 'o-2' }] }).orderId).toBeUndefined();
  });
});

describe('The words about a letter', () => {
  test('say how near its end is', () => {
    expect(expiryOf('2026-11-21T11:00:00Z', NOW)).toBe('over');
    expect(expiryOf('2026-11-23T12:00:00Z', NOW)).toBe('soon');
    expect(expiryOf('2026-12-01T12:00:00Z', NOW)).toBe('later');
  });

  test('say what a contract allows', () => {
    const member = { path: 'x', required: true };
    expect(allowedAt({ ...member, types: ['integer'], minimum: 1, maximum: 9 })).toBe('integer, 1 – 9');
    expect(allowedAt({ ...member, types: ['string'], values: ['a', 'b'] })).toBe('a | b');
    expect(allowedAt({ ...member, types: ['string'], format: 'date-time' })).toBe('date-time');
    expect(memberPath('data.items[12].sku')).toBe('data.items[].sku');
  });
});
