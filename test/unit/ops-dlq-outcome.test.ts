import { describe, expect, test } from 'vitest';
import type { DeadLetter } from '../../ops/dlq/dead-letter.ts';
import { describePlan, resultProblem, unseenIn, unseenProblem } from '../../ops/dlq/outcome.ts';
import { type PlanResult, planFor, type UnreadMeant, unreadMeant } from '../../ops/dlq/plan.ts';
import { redrive } from '../../ops/dlq/redrive.ts';
import { deadLetters, FakeQueue } from '../builders/dead-letters.ts';

const STARTED_AT = Date.parse('2026-11-21T09:00:00Z');
const everything = () => true;
const steps = (count: number) => deadLetters(count, ['o-1'], { consumer: 'shipping' });
const DONE: PlanResult = { moved: 1, total: 1, failed: [], missing: 0, unread: 0 };

describe('A question about dead letters', () => {
  test('asks for as many as are then put back, those that nobody has read included', async () => {
    const queue = new FakeQueue(steps(42), true);
    const plan = await planFor([queue, new FakeQueue(deadLetters(2)), new FakeQueue([])], everything);
    expect(describePlan(plan, 'all')).toBe(
      '44 dead letters (shipping 42, of which 32 stand behind others of their order and were not read, payment 2)',
    );
    const done = await redrive(plan, { rate: 1e9, startedAt: STARTED_AT, selects: everything, unread: 'all' });
    expect(done).toEqual({ moved: 44, failed: [], total: 44, missing: 0, unread: 0 });
    expect(resultProblem(done, unseenIn(plan, 'all', STARTED_AT))).toBeUndefined();
  });

  test('says that the unread ones are taken where they match, and nothing of them where they are not meant', async () => {
    const plan = await planFor([new FakeQueue(steps(42), true)], everything);
    expect(describePlan(plan, 'matching')).toBe(
      '10 dead letters (shipping 10), with what matches among 32 that stand behind others of their order and were not read',
    );
    expect(describePlan(plan, 'none')).toBe('10 dead letters (shipping 10)');
  });

  test('means the unread ones unless it names a reason, which decides about each, or one dead letter', () => {
    expect(unreadMeant({ all: true })).toBe('all');
    expect(unreadMeant({ consumer: 'shipping' })).toBe('all');
    expect(unreadMeant({ consumer: 'shipping', reason: 'x' })).toBe('matching');
    expect(unreadMeant({ order: 'o-1' })).toBe('same order');
    expect(unreadMeant({ order: 'o-1', reason: 'x' })).toBe('matching');
    expect(unreadMeant({ id: 'm-1', reason: 'x' })).toBe('none');
  });
});

describe('"There are no such dead letters" is said', () => {
  const found = async (queue: FakeQueue, selects: (one: DeadLetter) => boolean, unread: UnreadMeant) =>
    unseenProblem(unseenIn(await planFor([queue], selects), unread, STARTED_AT));

  test('of queues in which there is nothing else', async () => {
    expect(await found(new FakeQueue([]), everything, 'all')).toBeUndefined();
    expect(await found(new FakeQueue(deadLetters(3)), () => false, 'matching')).toBeUndefined();
  });

  test('not while some are in flight: says how many, and until when a killed command can have them', async () => {
    const queue = new FakeQueue(steps(42), true);
    await queue.receive(10, 50);
    expect(await found(queue, everything, 'all')).toMatch(
      /^10 dead letters that may be meant are in flight: .* until 2026-11-21T09:33:25Z at the latest/,
    );
  });

  test('where an order has none, though some of another order stand behind others', async () => {
    expect(await found(new FakeQueue(steps(42), true), () => false, 'same order')).toBeUndefined();
  });

  test.each(['matching', 'none'] as const)(
    'not while some stand behind others and were not read (%s)',
    async (unread) => {
      expect(await found(new FakeQueue(steps(42), true), () => false, unread)).toMatch(
        /^32 dead letters that may be meant were not read, behind others/,
      );
    },
  );
});

describe('A result is a success', () => {
  const problemOf = async (queue: FakeQueue, done = DONE, unread: 'all' | 'none' = 'all') =>
    resultProblem(done, unseenIn(await planFor([queue], everything), unread, STARTED_AT));

  test('where all that was asked for is done', async () => {
    expect(await problemOf(new FakeQueue(deadLetters(3)))).toBeUndefined();
    expect(await problemOf(new FakeQueue(steps(42), true))).toBeUndefined();
  });

  test('not where some stay, are gone, were not reached, or are in flight', async () => {
    const queue = new FakeQueue(deadLetters(3));
    const failed = [{ id: 'm-1', consumer: 'payment', why: 'InternalError' }];
    expect(await problemOf(queue, { ...DONE, failed })).toBe(
      '1 stay where they were, the first of them (payment m-1): InternalError.',
    );
    expect(await problemOf(queue, { ...DONE, missing: 2 })).toMatch(/^2 were not there any more, or are in flight/);
    expect(await problemOf(queue, { ...DONE, unread: 3 })).toBe('3 were not reached behind others of their order.');
    await queue.receive(1, 50);
    expect(await problemOf(queue)).toMatch(/^1 dead letter that may be meant is in flight/);
    // The one that was asked for was found.
    expect(await problemOf(queue, DONE, 'none')).toBeUndefined();
  });
});
