import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wrapReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import type { DeadLetter } from '../../ops/dlq/dead-letter.ts';
import { defaultFile, discard } from '../../ops/dlq/discard.ts';
import { planFor } from '../../ops/dlq/plan.ts';
import { contractProblems, prefetchOf, redrive } from '../../ops/dlq/redrive.ts';
import { scan } from '../../ops/dlq/scan.ts';
import { editInEditor, editorFrom } from '../../ops/dlq/terminal.ts';
import { LONGEST_HOLD_SECONDS, longestHoldSeconds, release, visibilitySeconds } from '../../ops/dlq/visibility.ts';
import { pacer } from '../../ops/pacer.ts';
import { deadLetter, deadLetters, FakeQueue } from '../builders/dead-letters.ts';
import { placed } from '../builders/events.ts';

const everything = () => true;
const STARTED_AT = 5_000;

/** Does what `dlq redrive` does: scans, plans, moves. */
async function run(queue: FakeQueue, selects: (one: DeadLetter) => boolean = everything, signal?: AbortSignal) {
  const plan = await planFor([queue], selects);
  const unread = selects === everything ? 'all' : 'matching';
  return redrive(plan, { rate: 1e9, startedAt: STARTED_AT, selects, unread, signal });
}

const everythingOf = (startedAt = STARTED_AT) => ({ startedAt, selects: everything, unread: 'all' as const });

const killedAt = (queue: FakeQueue, call: string, occasion: number) => {
  queue.before = (name) => {
    // A process that was killed releases nothing either.
    if (queue.calls.filter((one) => one === call).length >= occasion) throw new Error(`killed before ${name}`);
  };
};

describe('Scanning', () => {
  test('finds every dead letter once and releases all of them', async () => {
    const queue = new FakeQueue(deadLetters(1_234));
    expect(await scan(queue)).toMatchObject({ deadLetters: { length: 1_234 }, inFlight: 0, behind: 0 });
    expect(queue.remainingIds.length).toBe(1_234);
    expect(queue.inFlightIds).toEqual([]);
  });

  test('releases a message group in its order, one call after the other', async () => {
    const queue = new FakeQueue(deadLetters(35, ['o-1']), true);
    const back: string[] = [];
    let wait = 8;
    queue.changeVisibility = async (some) => {
      wait /= 2;
      await new Promise((resolve) => setTimeout(resolve, wait));
      back.push(...some.map(({ id }) => id));
      return new Map();
    };
    await release(queue, deadLetters(35, ['o-1']));
    expect(back).toEqual(queue.remainingIds);
  });

  test('reports how many could not be released, all calls together', async () => {
    const queue = new FakeQueue(deadLetters(75));
    queue.changeVisibility = async () => {
      throw new Error('throttled');
    };
    const notes: string[] = [];
    await release(queue, deadLetters(75), (message) => notes.push(message));
    expect(notes).toEqual([expect.stringContaining('75 dead letters could not be released')]);
  });

  test('releases everything when a call fails', async () => {
    const queue = new FakeQueue(deadLetters(100));
    let receives = 0;
    queue.before = (call) => {
      receives += call === 'receive' ? 1 : 0;
      if (receives === 5) {
        receives += 1;
        throw new Error('throttled');
      }
    };
    await expect(scan(queue)).rejects.toThrow('throttled');
    expect(queue.inFlightIds).toEqual([]);
  });

  test.each(['receive', 'release'])('releases everything when it is interrupted during %s', async (when) => {
    const queue = new FakeQueue(deadLetters(100));
    const interruption = new AbortController();
    queue.before = (call) => {
      if (call.startsWith(when) && queue.calls.length >= 4) interruption.abort(new Error('Ctrl-C'));
    };
    await expect(scan(queue, { signal: interruption.signal })).rejects.toThrow('Ctrl-C');
    expect(queue.remainingIds.length).toBe(100);
    expect(queue.inFlightIds).toEqual([]);
  });

  const waitOn = (queue: FakeQueue) => async (milliseconds: number) => {
    queue.time += milliseconds / 1_000;
  };
  const clockOf = (queue: FakeQueue) => () => queue.time * 1_000;

  test.each([false, true])(
    'waits, if asked to, for those that a killed command has in flight (FIFO: %s)',
    async (fifo) => {
      const queue = new FakeQueue(deadLetters(10, ['o-1', 'o-2']), fifo);
      await queue.receive(4, 50);
      const clock = { now: clockOf(queue), wait: waitOn(queue) };
      const unwaited = await scan(queue, clock);
      expect(unwaited.inFlight).toBe(4);
      const notes: string[] = [];
      const found = await scan(queue, { awaitInFlight: true, notify: (note) => notes.push(note), ...clock });
      expect(found).toMatchObject({ deadLetters: { length: 10 }, inFlight: 0, behind: 0 });
      expect(queue.time).toBeLessThan(55);
      expect(notes).toEqual([expect.stringMatching(/^payment: waiting for 4 dead letters in flight, up to 55 s/)]);
    },
  );

  test('holds nothing while it waits, so that nobody has to wait for a command that was killed while it waited', async () => {
    const queue = new FakeQueue(deadLetters(5));
    await queue.receive(2, 50);
    const held: number[] = [];
    const wait = async () => {
      held.push(queue.inFlightIds.length);
      queue.time += 10;
    };
    await scan(queue, { awaitInFlight: true, now: clockOf(queue), wait });
    expect(new Set(held)).toEqual(new Set([2]));
  });

  test('does not wait for the others once it has the one that was asked for', async () => {
    const queue = new FakeQueue(deadLetters(5));
    await queue.receive(2, 50);
    const stopAt = ({ id }: DeadLetter) => id === 'm-3';
    const found = await scan(queue, { awaitInFlight: true, stopAt, now: clockOf(queue), wait: waitOn(queue) });
    expect(found.deadLetters.map(({ id }) => id)).toContain('m-3');
    expect(queue.time).toBe(0);
  });

  test('waits as long as any of the commands can have them, and then returns how many are in flight', async () => {
    const queue = new FakeQueue(deadLetters(5));
    await queue.receive(2, 1_000);
    const found = await scan(queue, { awaitInFlight: true, now: clockOf(queue), wait: waitOn(queue) });
    expect(found).toMatchObject({ deadLetters: { length: 3 }, inFlight: 2, behind: 0 });
    expect(queue.time).toBeGreaterThanOrEqual(longestHoldSeconds(5));
    expect(queue.inFlightIds).toHaveLength(2);
  });

  test('no command keeps one in flight for longer than another waits for it', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 0, max: 100_000 }),
        (fifo, rate, count) => {
          expect(prefetchOf({ fifo }, rate).seconds).toBeLessThanOrEqual(longestHoldSeconds(count));
          expect(visibilitySeconds(count)).toBeLessThanOrEqual(longestHoldSeconds(count));
          expect(longestHoldSeconds(count)).toBeLessThanOrEqual(LONGEST_HOLD_SECONDS);
        },
      ),
    );
  });

  test('counts those behind the first ten of their message group, which no receive returns', async () => {
    const queue = new FakeQueue(deadLetters(42, ['o-1']), true);
    expect(await scan(queue)).toMatchObject({ deadLetters: { length: 10 }, inFlight: 0, behind: 32 });
  });
});

describe('Redriving', () => {
  test('moves what is selected, releases the rest, and returns how many', async () => {
    const queue = new FakeQueue([
      ...deadLetters(30),
      deadLetter({ id: 'other', attributes: { errorMessage: 'else' } }),
    ]);
    const done = await run(queue, ({ reason }) => reason !== 'else');
    expect(done).toEqual({ moved: 30, failed: [], total: 30, missing: 0, unread: 0 });
    expect(queue.sent.map(({ id }) => id).sort()).toEqual(
      deadLetters(30)
        .map(({ id }) => id)
        .sort(),
    );
    expect(queue.sent[0]?.attributes).toEqual({});
    expect(queue.remainingIds).toEqual(['other']);
    expect(queue.inFlightIds).toEqual([]);
  });

  test('leaves what could not be sent where it was, with the reason', async () => {
    const queue = new FakeQueue(deadLetters(25));
    queue.rejectedIds.add('m-7');
    const done = await run(queue);
    expect(done).toMatchObject({ moved: 24, total: 25, missing: 0 });
    expect(done.failed).toEqual([{ id: 'm-7', consumer: 'payment', why: 'InternalError' }]);
    expect(queue.remainingIds).toEqual(['m-7']);
  });

  test('loses nothing when killed between sending and deleting, and repeats one call at most when run again', async () => {
    const queue = new FakeQueue(deadLetters(100));
    killedAt(queue, 'send', 5);
    await expect(run(queue)).rejects.toThrow('killed');
    queue.before = () => {};
    queue.time += 60;
    await run(queue);
    const sent = queue.sent.map(({ id }) => id);
    expect(new Set(sent).size).toBe(100);
    expect(sent.length).toBeLessThanOrEqual(110);
    expect(sent.length).toBeGreaterThan(100);
    expect(queue.remainingIds).toEqual([]);
  });

  test('delivers each once and in order when killed in a FIFO queue and run again', async () => {
    const queue = new FakeQueue(deadLetters(40, ['o-1', 'o-2', 'o-3']), true);
    killedAt(queue, 'send', 3);
    await expect(run(queue)).rejects.toThrow('killed');
    queue.before = () => {};
    queue.time += 60;
    await run(queue);
    expect(queue.remainingIds).toEqual([]);
    expect(queue.sent.length).toBe(40);
    expectInOrder(queue);
  });

  test('moves also those of a message group that were hidden behind its first ten', async () => {
    const queue = new FakeQueue(deadLetters(35, ['o-1']), true);
    expect(await run(queue)).toEqual({ moved: 35, failed: [], total: 35, missing: 0, unread: 0 });
    expectInOrder(queue);
  });

  test('of those that were hidden, moves the ones that match where only some are meant, and counts them', async () => {
    const letters = deadLetters(20, ['o-1']).map((one, index) => ({ ...one, reason: index < 15 ? 'this' : 'else' }));
    const queue = new FakeQueue(letters, true);
    const done = await run(queue, ({ reason }) => reason === 'this');
    expect(done).toEqual({ moved: 15, failed: [], total: 15, missing: 0, unread: 0 });
    expect(queue.remainingIds).toEqual(['m-15', 'm-16', 'm-17', 'm-18', 'm-19']);
  });

  test('leaves the hidden ones where only those that were seen are meant', async () => {
    const queue = new FakeQueue(deadLetters(35, ['o-1']), true);
    const plan = await planFor([queue], everything);
    const done = await redrive(plan, { rate: 1e9, ...everythingOf(), unread: 'none' });
    expect(done).toEqual({ moved: 10, failed: [], total: 10, missing: 0, unread: 0 });
    expect(queue.remainingIds).toHaveLength(25);
  });

  test('stops a message group at the first one that fails, and no other group', async () => {
    const queue = new FakeQueue(deadLetters(12, ['o-1', 'o-2']), true);
    queue.rejectedIds.add('m-2');
    const done = await run(queue);
    expect(queue.sent.map(({ id }) => id)).toEqual(['m-0', 'm-1', 'm-3', 'm-5', 'm-7', 'm-9', 'm-11']);
    expect(done).toMatchObject({ moved: 7, total: 12, unread: 1 });
    // m-10 was never seen behind the others of its group.
    expect(done.failed.map(({ id }) => id)).toEqual(['m-2', 'm-4', 'm-6', 'm-8']);
    expect(queue.remainingIds).toEqual(['m-2', 'm-4', 'm-6', 'm-8', 'm-10']);
    expect(queue.inFlightIds).toEqual([]);
  });

  test('lets none overtake an earlier one of its message group that was not selected', async () => {
    const queue = new FakeQueue(deadLetters(6, ['o-1', 'o-2']), true);
    const done = await run(queue, ({ id }) => id !== 'm-0');
    expect(queue.sent.map(({ id }) => id)).toEqual(['m-1', 'm-3', 'm-5']);
    expect(done.failed).toHaveLength(2);
    expect(done.failed[0]?.why).toContain('must not overtake');
  });

  test.each([false, true])('leaves alone what fails again while it runs (FIFO: %s)', async (fifo) => {
    const queue = new FakeQueue(deadLetters(20, ['o-1', 'o-2']), fifo);
    let again = 0;
    queue.before = (call) => {
      if (call !== 'send') return;
      again += 1;
      if (again > 200) throw new Error('it goes on for ever');
      const system = { SentTimestamp: String(STARTED_AT + 1), MessageGroupId: 'o-1' };
      queue.add(deadLetter({ id: `again-${again}`, system }));
    };
    expect(await run(queue)).toMatchObject({ moved: 20 });
    expect(queue.remainingIds.every((id) => id.startsWith('again-'))).toBe(true);
  });

  test('finishes its batch when it is interrupted, and releases the rest', async () => {
    const queue = new FakeQueue(deadLetters(100));
    const interruption = new AbortController();
    queue.before = (call) => {
      if (call === 'send' && queue.sent.length === 20) interruption.abort();
    };
    const done = await run(queue, everything, interruption.signal);
    expect(done).toEqual({ moved: 30, failed: [], total: 100, missing: 0, unread: 0 });
    expect(queue.remainingIds.length).toBe(70);
    expect(queue.inFlightIds).toEqual([]);
  });

  test('returns how many were no longer there', async () => {
    const queue = new FakeQueue(deadLetters(3));
    const plan = await planFor([queue], everything);
    await queue.receive(1, 1_000);
    expect(await redrive(plan, { rate: 1e9, ...everythingOf() })).toMatchObject({
      moved: 2,
      missing: 1,
    });
  });

  test('deletes what it could not delete when it is received again', async () => {
    const queue = new FakeQueue(deadLetters(20));
    const remove = queue.remove.bind(queue);
    let refusing = 2;
    queue.remove = async (some) => {
      refusing -= 1;
      if (refusing < 0) return remove(some);
      // The receipt handle has expired, and the messages are visible again.
      queue.time += 60;
      return new Map(some.map(({ id }) => [id, 'ReceiptHandleIsInvalid']));
    };
    expect(await run(queue)).toEqual({ moved: 20, failed: [], total: 20, missing: 0, unread: 0 });
    expect(queue.sent.length).toBe(20);
    expect(queue.remainingIds).toEqual([]);
  });

  test('reports what it could not delete', async () => {
    const queue = new FakeQueue(deadLetters(3));
    const plan = await planFor([queue], everything);
    queue.remove = async (some) => new Map(some.map(({ id }) => [id, 'InternalError']));
    const notes: string[] = [];
    const notify = (message: string) => void notes.push(message);
    await redrive(plan, { rate: 1e9, ...everythingOf(), notify });
    expect(notes).toEqual([expect.stringContaining('3 dead letters could not be deleted and are in both queues')]);
  });

  test('goes no faster than the given rate', async () => {
    let now = 0;
    const waits: number[] = [];
    const pace = pacer(
      100,
      () => now,
      async (ms) => {
        waits.push(ms);
        now += ms;
      },
    );
    await pace(10);
    await pace(10);
    now += 1_000;
    await pace(10);
    await pace(5);
    expect(waits).toEqual([100, 100]);
  });
});

describe('Discarding', () => {
  test('writes a dead letter to the file, which its owner alone can read, before it is deleted', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'dlq-')), 'discarded.jsonl');
    const queue = new FakeQueue(deadLetters(25));
    queue.before = (name) => {
      if (name === 'remove' && queue.calls.includes('remove')) throw new Error('killed');
    };
    const plan = await planFor([queue], everything);
    await expect(discard(plan, path, everythingOf())).rejects.toThrow('killed');
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    const written = lines.map((line) => JSON.parse(line).id);
    expect(written.length).toBe(20);
    expect(queue.remainingIds.length).toBe(15);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const [first] = deadLetters(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      id: 'm-0',
      consumer: 'payment',
      body: first?.body,
      attributes: { errorType: { DataType: 'String', StringValue: 'ContractError' } },
    });
    expect(lines[0]).not.toContain('receipt');
  });

  test('deletes nothing where the file cannot be written or is there already', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dlq-'));
    await writeFile(join(folder, 'there'), 'dear to somebody');
    const queue = new FakeQueue(deadLetters(3));
    const plan = await planFor([queue], everything);
    const options = everythingOf();
    await expect(discard(plan, join(folder, 'there'), options)).rejects.toThrow('is there already');
    await expect(discard(plan, join(folder, 'no', 'folder'), options)).rejects.toThrow('cannot be written (ENOENT)');
    expect(queue.remainingIds.length).toBe(3);
    expect(await readFile(join(folder, 'there'), 'utf8')).toBe('dear to somebody');
  });

  test('names the file after the time', () => {
    expect(defaultFile(new Date('2026-11-21T09:00:00.123Z'))).toBe('discarded-2026-11-21T09-00-00-123Z.jsonl');
  });
});

describe('Editing', () => {
  test('returns what was saved, and undefined if nothing was changed', async () => {
    expect(await editInEditor('{"quantity":0}', `sed -i 's/0/1/'`)).toBe('{"quantity":1}');
    expect(await editInEditor('{"quantity":0}', 'true')).toBeUndefined();
    expect(await editInEditor('no JSON', `sed -i 's/no/still no/'`)).toBe('still no JSON');
    const nested = '['.repeat(10_000) + ']'.repeat(10_000);
    expect(await editInEditor(`{"quantity":0,"nested":${nested}}`, `sed -i 's/0/1/'`)).toBe(
      `{"quantity":1,"nested":${nested}}`,
    );
  });

  test('throws a sentence if there is no editor, or it fails', async () => {
    expect(() => editorFrom({})).toThrow('set EDITOR');
    expect(editorFrom({ EDITOR: 'ed', VISUAL: 'vi' })).toBe('vi');
    await expect(editInEditor('{}', 'false')).rejects.toThrow('The editor (false) ended with 1: nothing was moved.');
  });

  test('finds what the consumer would refuse, by path', () => {
    expect(contractProblems('payment', '{"type":"shop.order.placed.v1","data":{}}')).toContain('id: is missing');
    expect(contractProblems('payment', '{"type":"shop.order.teleported.v1"}')[0]).toContain('type: must be one of');
    expect(contractProblems('somebody', '{')).toEqual(['body: must be JSON']);
    // A replay travels in an envelope, and those of `order` in the queue of `outcomes`.
    const replayed = (body: string) => wrapReplayed({ name: 'r', withEffects: false, body });
    const event = JSON.stringify(placed());
    for (const consumer of ['outcomes', 'payment']) expect(contractProblems(consumer, replayed(event))).toEqual([]);
    expect(contractProblems('outcomes', event)[0]).toContain('type: must be one of');
    expect(contractProblems('stock', replayed('{"type":"x"}'))[0]).toContain('type: must be one of');
    expect(contractProblems('somebody', '{}')).toEqual([]);
  });
});

function expectInOrder(queue: FakeQueue): void {
  const groups = Map.groupBy(queue.sent, ({ groupId }) => groupId);
  for (const sent of groups.values()) {
    const numbers = sent.map(({ id }) => Number(id.slice(2)));
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
  }
}
