import { describe, expect, test } from 'vitest';
import { writeParkedLetter } from '../../../lambdas/sweep/parked-letter.ts';
import type { DeadLetter } from '../../../ops/dlq/dead-letter.ts';
import { expiresAtOf } from '../../../ops/dlq/expiry.ts';
import { formatDeadLetters, formatGroups, formatOrderGroups, toJson } from '../../../ops/dlq/format.ts';
import { groupByReason } from '../../../ops/dlq/group.ts';
import { groupByOrder } from '../../../ops/dlq/group-by-order.ts';
import { inSequence } from '../../../ops/dlq/park.ts';
import { checkParkingNote, type Parked } from '../../../ops/dlq/parked.ts';
import { parkedLetters } from '../../../ops/dlq/parking-queue.ts';
import type { Plan } from '../../../ops/dlq/plan.ts';
import { bareDeadLetter, deadLetter, FakeQueue } from '../../builders/dead-letters.ts';
import { parkedLetter } from '../../builders/parked-letters.ts';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-11-27T09:00:00.000Z');
const sentAgo = (days: number) => ({ SentTimestamp: String(NOW.getTime() - days * DAY_MS) });
const parkedBy = (owner: string, parts: Partial<Parked> = {}): { parked: Parked } => ({
  parked: {
    owner,
    note: 'waits for the bank',
    link: null,
    parkedAt: '2026-11-20T09:00:00.000Z',
    expiresAt: '2027-02-18T09:00:00.000Z',
    ...parts,
  },
});

describe('A dead letter ends', () => {
  test('14 days after it was sent to its queue, or first sent where SQS itself moved it', () => {
    expect(expiresAtOf(deadLetter({ system: sentAgo(4) }))).toBe('2026-12-07T09:00:00.000Z');
  });

  test('when its parking does, where it is parked', () => {
    expect(expiresAtOf({ ...deadLetter({ system: sentAgo(20) }), ...parkedBy('ana') })).toBe(
      '2027-02-18T09:00:00.000Z',
    );
  });

  test('at the earliest of its row', () => {
    const letters = [deadLetter({ system: sentAgo(3) }), deadLetter({ id: 'm-2', system: sentAgo(5) })];
    for (const rows of [groupByReason(letters), groupByOrder(letters)])
      expect(rows).toMatchObject([{ count: 2, expiresAt: '2026-12-06T09:00:00.000Z' }]);
    expect(letters.map((letter) => toJson(letter, false).expiresAt)).toEqual([
      '2026-12-08T09:00:00.000Z',
      '2026-12-06T09:00:00.000Z',
    ]);
  });

  test.each([
    ['reason', (letters: DeadLetter[]) => formatGroups(groupByReason(letters), undefined, NOW), 'payment'],
    ['order', (letters: DeadLetter[]) => formatOrderGroups(groupByOrder(letters), undefined, NOW), 'o-1'],
  ])('with a line of its own within three days, and with none before, by %s', (_, text, name) => {
    const at = (days: number) =>
      text([deadLetter({ system: sentAgo(days) }), deadLetter({ id: 'm-2', system: sentAgo(1) })]);
    expect(at(10.9)).not.toContain('Gone within three days');
    expect(at(11.1)).toMatch(
      new RegExp(
        `Gone within three days, .*\\n {2}${name}, data.total: is missing: the first of 2 ends 2026-11-30T06:36`,
      ),
    );
  });
});

describe('Parked letters', () => {
  const letters = [
    deadLetter(),
    { ...deadLetter({ id: 'm-2' }), ...parkedBy('ana') },
    { ...deadLetter({ id: 'm-3' }), ...parkedBy('ana', { parkedAt: '2026-11-10T09:00:00.000Z' }) },
    { ...deadLetter({ id: 'm-4' }), ...parkedBy('ben', { link: 'https://example.com/t/7' }) },
  ];
  const parked = (owner: string, link: string | null = null) => ({ owner, note: 'waits for the bank', link });

  test.each([
    ['reason', groupByReason],
    ['order', groupByOrder],
  ])('are never a row with those that are not, nor with those of somebody else, by %s', (_, group) => {
    const rows = group(letters).map(({ count, parked, parkedAt }) => ({ count, parked, parkedAt }));
    expect(rows).toHaveLength(3);
    expect(rows).toEqual(
      expect.arrayContaining([
        { count: 1 },
        { count: 2, parked: parked('ana'), parkedAt: '2026-11-10T09:00:00.000Z' },
        { count: 1, parked: parked('ben', 'https://example.com/t/7'), parkedAt: '2026-11-20T09:00:00.000Z' },
      ]),
    );
  });

  test('stand apart, below, with their owner; what else there is stays as it was', () => {
    const alone = formatGroups(groupByReason(letters.slice(0, 1)), undefined, NOW);
    const [first, ...below] = formatGroups(groupByReason(letters), undefined, NOW).split('\n\nparked');
    expect(first).toBe(alone);
    expect(below.join()).toMatch(
      /payment +2 +ana .*\n.*payment +1 +ben +waits for the bank +https:\/\/example.com\/t\/7/s,
    );
  });

  test('alone are no dead letters to do anything about', () => {
    const text = formatGroups(groupByReason(letters.slice(1)), undefined, NOW);
    expect(text).toMatch(/^There are no dead letters\.\n\nparked/);
  });

  test('tell their owner, note and link where they are shown', () => {
    expect(toJson(letters[3] ?? deadLetter(), false)).toMatchObject({
      parked: parked('ben', 'https://example.com/t/7'),
    });
    expect(toJson(deadLetter(), false)).not.toHaveProperty('parked');
    const text = formatDeadLetters(letters.slice(3), { reveal: false, omitted: 0 });
    expect(text).toContain('parked    by ben, since 2026-11-20T09:00:00.000Z');
    expect(text).toContain('link      https://example.com/t/7');
  });
});

describe('The parking queue', () => {
  const message = (id: string, body: string) => ({ ...bareDeadLetter({ id, body }), consumer: 'parking' });
  const envelope = (parts = {}) => writeParkedLetter(parkedLetter(parts)) ?? '';
  const receive = (...messages: DeadLetter[]) => {
    const raw = new FakeQueue(messages);
    return { raw, parking: parkedLetters(raw, 90) };
  };

  test('gives each letter once, which ends parkedDays after it was first parked, and counts it once', async () => {
    const { raw, parking } = receive(
      message('a', envelope()),
      message('b', envelope()),
      message('c', '{"no":"letter"}'),
    );
    const letters = await parking.receive(10, 30);
    expect(letters.map(({ id, parked }) => [id, parked?.expiresAt])).toEqual([['m-1', '2027-01-30T09:00:00.000Z']]);
    expect(await parking.depth()).toEqual({ waiting: 0, inFlight: 1 });
    await parking.remove(letters);
    expect(raw.remainingIds).toEqual(['c']);
  });

  test('gives no link but one to the web, whoever wrote it there', async () => {
    const links = ['https://example.com/t/7', 'javascript:alert(1)', 'data:text/html,x'];
    const { parking } = receive(
      ...links.map((link, index) => message(`${index}`, envelope({ id: `m-${index}`, link }))),
    );
    const letters = await parking.receive(10, 30);
    expect(letters.map(({ parked }) => parked?.link)).toEqual(['https://example.com/t/7', null, null]);
  });
});

describe('Owner, note and link', () => {
  test('are trimmed, and left out where they are empty', () => {
    expect(checkParkingNote({ owner: ' ana ', note: ' ', link: '' })).toEqual({ owner: 'ana' });
    const link = 'http://tickets.example.com/7?a=b';
    expect(checkParkingNote({ owner: 'ana', note: 'why', link })).toEqual({ owner: 'ana', note: 'why', link });
  });
});

describe('Letters of one message group in the parking queue', () => {
  const inGroup = (id: string, SequenceNumber: string, MessageGroupId = 'o-1') =>
    deadLetter({ id, system: { SentTimestamp: '1000', SequenceNumber, MessageGroupId } });
  const planOf = (...deadLetters: DeadLetter[]): Plan => [
    { queue: new FakeQueue(deadLetters), deadLetters, inFlight: 0, behind: 0 },
  ];
  const idsOf = (plan: Plan) => plan.flatMap(({ deadLetters }) => deadLetters.map(({ id }) => id));
  const plan = planOf(
    inGroup('third', '18850000000000000003'),
    inGroup('first', '9'),
    inGroup('second', '18850000000000000002'),
    inGroup('other', '5', 'o-2'),
  );

  test('go one after the other as they failed, and groups at once', async () => {
    const rounds: string[][] = [];
    const result = await inSequence(plan, async (round) => {
      const ids = idsOf(round);
      rounds.push(ids.sort());
      return { moved: ids.length, total: ids.length, failed: [], missing: 0, unread: 0 };
    });
    expect(rounds).toEqual([['first', 'other'], ['second'], ['third']]);
    expect(result).toEqual({ moved: 4, total: 4, failed: [], missing: 0, unread: 0 });
  });

  test('stay once an earlier one of them stays', async () => {
    const result = await inSequence(plan, async (round) => {
      const ids = idsOf(round);
      const failed = ids.filter((id) => id === 'second').map((id) => ({ id, consumer: 'payment', why: 'refused' }));
      return { moved: ids.length - failed.length, total: ids.length, failed, missing: 0, unread: 0 };
    });
    expect(result).toMatchObject({ moved: 2, total: 4 });
    expect(result.failed.map(({ id, why }) => [id, why])).toEqual([
      ['second', 'refused'],
      ['third', 'an earlier letter of its group stays, which it must not overtake'],
    ]);
  });
});
