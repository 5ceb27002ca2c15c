import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultFile, discard } from '../../ops/dlq/discard.ts';
import { edited, editorIn, problemsOf } from '../../ops/dlq/edit.ts';
import { giveBack } from '../../ops/dlq/hands.ts';
import type { Letter } from '../../ops/dlq/letter.ts';
import { look } from '../../ops/dlq/look.ts';
import { pacer } from '../../ops/dlq/pace.ts';
import { planFor } from '../../ops/dlq/plan.ts';
import { redrive } from '../../ops/dlq/redrive.ts';
import { FakeQueue, letter, letters } from '../builders/dead-letters.ts';

// What is said along the way is not what is tested.
beforeEach(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true));

const everything = () => true;
const BEGAN = 5_000;

/** What `dlq redrive` does: looks, plans, moves. */
async function run(queue: FakeQueue, selects: (one: Letter) => boolean = everything, signal?: AbortSignal) {
  const plan = await planFor([queue], selects);
  return redrive(plan, { rate: 1e9, began: BEGAN, selects, signal });
}

const killedAt = (queue: FakeQueue, call: string, occasion: number) => {
  queue.before = (name) => {
    // A process that was killed gives nothing back either.
    if (queue.calls.filter((one) => one === call).length >= occasion) throw new Error(`killed before ${name}`);
  };
};

describe('Looking', () => {
  test('sees every letter once and gives all of them back', async () => {
    const queue = new FakeQueue(letters(1_234));
    expect((await look(queue)).length).toBe(1_234);
    expect(queue.left.length).toBe(1_234);
    expect(queue.unseen).toEqual([]);
  });

  test('gives a group back in its sequence, one call after the other', async () => {
    const queue = new FakeQueue(letters(35, ['o-1']), true);
    const back: string[] = [];
    let wait = 8;
    queue.hold = async (some) => {
      wait /= 2;
      await new Promise((resolve) => setTimeout(resolve, wait));
      back.push(...some.map(({ id }) => id));
      return new Map();
    };
    await giveBack(queue, letters(35, ['o-1']));
    expect(back).toEqual(queue.left);
  });

  test('gives everything back when a call fails', async () => {
    const queue = new FakeQueue(letters(100));
    let receives = 0;
    queue.before = (call) => {
      receives += call === 'receive' ? 1 : 0;
      if (receives === 5) {
        receives += 1;
        throw new Error('throttled');
      }
    };
    await expect(look(queue)).rejects.toThrow('throttled');
    expect(queue.unseen).toEqual([]);
  });

  test.each(['receive', 'give back'])('gives everything back when it is interrupted during %s', async (when) => {
    const queue = new FakeQueue(letters(100));
    const interruption = new AbortController();
    queue.before = (call) => {
      if (call.startsWith(when) && queue.calls.length >= 4) interruption.abort(new Error('Ctrl-C'));
    };
    await expect(look(queue, { signal: interruption.signal })).rejects.toThrow('Ctrl-C');
    expect(queue.left.length).toBe(100);
    expect(queue.unseen).toEqual([]);
  });

  test('waits, when it is to be thorough, for letters that a killed command still holds', async () => {
    const queue = new FakeQueue(letters(5));
    await queue.receive(2, 30);
    expect((await look(queue)).length).toBe(3);
    queue.before = () => {
      if (queue.calls.length === 12) queue.time = 31;
    };
    expect((await look(queue, { patient: true })).length).toBe(5);
  });

  test('waits for them no longer than they can be held', async () => {
    const queue = new FakeQueue(letters(5));
    await queue.receive(2, 1_000);
    let now = 0;
    const clock = () => {
      now += 1_000;
      return now;
    };
    expect((await look(queue, { patient: true, now: clock })).length).toBe(3);
  });
});

describe('Redriving', () => {
  test('moves what is selected, gives the rest back, and says how many', async () => {
    const queue = new FakeQueue([...letters(30), letter({ id: 'other', attributes: { errorMessage: 'else' } })]);
    const done = await run(queue, ({ reason }) => reason !== 'else');
    expect(done).toEqual({ moved: 30, failed: [], missing: 0 });
    expect(queue.sent.map(({ id }) => id).sort()).toEqual(
      letters(30)
        .map(({ id }) => id)
        .sort(),
    );
    expect(queue.sent[0]?.attributes).toEqual({});
    expect(queue.left).toEqual(['other']);
    expect(queue.unseen).toEqual([]);
  });

  test('leaves what was refused where it was, with the reason', async () => {
    const queue = new FakeQueue(letters(25));
    queue.refuses.add('m-7');
    const done = await run(queue);
    expect(done).toEqual({ moved: 24, failed: [{ id: 'm-7', consumer: 'payment', why: 'InternalError' }], missing: 0 });
    expect(queue.left).toEqual(['m-7']);
  });

  test('killed between sending and deleting loses nothing, and run again repeats one call at most', async () => {
    const queue = new FakeQueue(letters(100));
    killedAt(queue, 'send', 5);
    await expect(run(queue)).rejects.toThrow('killed');
    queue.before = () => {};
    queue.time += 60;
    await run(queue);
    const sent = queue.sent.map(({ id }) => id);
    expect(new Set(sent).size).toBe(100);
    expect(sent.length).toBeLessThanOrEqual(110);
    expect(sent.length).toBeGreaterThan(100);
    expect(queue.left).toEqual([]);
  });

  test('killed in a queue that keeps a sequence, and run again, delivers each once and in sequence', async () => {
    const queue = new FakeQueue(letters(40, ['o-1', 'o-2', 'o-3']), true);
    killedAt(queue, 'send', 3);
    await expect(run(queue)).rejects.toThrow('killed');
    queue.before = () => {};
    queue.time += 60;
    await run(queue);
    expect(queue.left).toEqual([]);
    expect(queue.sent.length).toBe(40);
    inSequence(queue);
  });

  test('of a group with more than ten letters moves also those that nobody could see at first', async () => {
    const queue = new FakeQueue(letters(35, ['o-1']), true);
    expect(await run(queue)).toMatchObject({ moved: 35, failed: [] });
    inSequence(queue);
  });

  test('stops a group at the first letter that is refused, and no other group', async () => {
    const queue = new FakeQueue(letters(12, ['o-1', 'o-2']), true);
    queue.refuses.add('m-2');
    const done = await run(queue);
    expect(queue.sent.map(({ id }) => id)).toEqual(['m-0', 'm-1', 'm-3', 'm-5', 'm-7', 'm-9', 'm-11']);
    expect(done).toMatchObject({ moved: 7 });
    // m-10 was never seen behind the others of its group.
    expect(done.failed.map(({ id }) => id)).toEqual(['m-2', 'm-4', 'm-6', 'm-8']);
    expect(queue.left).toEqual(['m-2', 'm-4', 'm-6', 'm-8', 'm-10']);
    expect(queue.unseen).toEqual([]);
  });

  test('lets no letter overtake an earlier one of its group that was not selected', async () => {
    const queue = new FakeQueue(letters(6, ['o-1', 'o-2']), true);
    const done = await run(queue, ({ id }) => id !== 'm-0');
    expect(queue.sent.map(({ id }) => id)).toEqual(['m-1', 'm-3', 'm-5']);
    expect(done.failed).toHaveLength(2);
    expect(done.failed[0]?.why).toContain('must not overtake');
  });

  test.each([false, true])('leaves alone what fails again while it runs (in sequence: %s)', async (fifo) => {
    const queue = new FakeQueue(letters(20, ['o-1', 'o-2']), fifo);
    let again = 0;
    queue.before = (call) => {
      if (call !== 'send') return;
      again += 1;
      if (again > 200) throw new Error('it goes on for ever');
      const system = { SentTimestamp: String(BEGAN + 1), MessageGroupId: 'o-1' };
      queue.add(letter({ id: `again-${again}`, system }));
    };
    expect(await run(queue)).toMatchObject({ moved: 20 });
    expect(queue.left.every((id) => id.startsWith('again-'))).toBe(true);
  });

  test('finishes what is in hand when it is interrupted, and gives the rest back', async () => {
    const queue = new FakeQueue(letters(100));
    const interruption = new AbortController();
    queue.before = (call) => {
      if (call === 'send' && queue.sent.length === 20) interruption.abort();
    };
    const done = await run(queue, everything, interruption.signal);
    expect(done).toEqual({ moved: 30, failed: [], missing: 0 });
    expect(queue.left.length).toBe(70);
    expect(queue.unseen).toEqual([]);
  });

  test('says how many were no longer there', async () => {
    const queue = new FakeQueue(letters(3));
    const plan = await planFor([queue], everything);
    await queue.receive(1, 1_000);
    expect(await redrive(plan, { rate: 1e9, began: BEGAN, selects: everything })).toMatchObject({
      moved: 2,
      missing: 1,
    });
  });

  test('deletes what it could not delete when it comes by again', async () => {
    const queue = new FakeQueue(letters(20));
    const remove = queue.remove.bind(queue);
    let refusing = 2;
    queue.remove = async (some) => {
      refusing -= 1;
      if (refusing < 0) return remove(some);
      // The receipt has expired, and the letters are there for everybody.
      queue.time += 60;
      return new Map(some.map(({ id }) => [id, 'ReceiptHandleIsInvalid']));
    };
    expect(await run(queue)).toEqual({ moved: 20, failed: [], missing: 0 });
    expect(queue.sent.length).toBe(20);
    expect(queue.left).toEqual([]);
  });

  test('goes no faster than it was told', async () => {
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
  test('writes a letter to the file, which its owner alone can read, before it is deleted', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'dlq-')), 'discarded.jsonl');
    const queue = new FakeQueue(letters(25));
    queue.before = (name) => {
      if (name === 'remove' && queue.calls.includes('remove')) throw new Error('killed');
    };
    const plan = await planFor([queue], everything);
    await expect(discard(plan, path, { began: BEGAN, selects: everything })).rejects.toThrow('killed');
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    const written = lines.map((line) => JSON.parse(line).id);
    expect(written.length).toBe(20);
    expect(queue.left.length).toBe(15);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const [first] = letters(1);
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
    const queue = new FakeQueue(letters(3));
    const plan = await planFor([queue], everything);
    const options = { began: BEGAN, selects: everything };
    await expect(discard(plan, join(folder, 'there'), options)).rejects.toThrow('is there already');
    await expect(discard(plan, join(folder, 'no', 'folder'), options)).rejects.toThrow('cannot be written (ENOENT)');
    expect(queue.left.length).toBe(3);
    expect(await readFile(join(folder, 'there'), 'utf8')).toBe('dear to somebody');
  });

  test('names the file after the time', () => {
    expect(defaultFile(new Date('2026-11-21T09:00:00.123Z'))).toBe('discarded-2026-11-21T09-00-00-123Z.jsonl');
  });
});

describe('Editing', () => {
  test('gives what was saved, and nothing where nothing was changed', async () => {
    expect(await edited('{"quantity":0}', `sed -i 's/0/1/'`)).toBe('{\n  "quantity": 1\n}');
    expect(await edited('{"quantity":0}', 'true')).toBeUndefined();
    expect(await edited('no JSON', `sed -i 's/no/still no/'`)).toBe('still no JSON');
  });

  test('ends with a sentence where there is no editor, or it fails', async () => {
    expect(() => editorIn({})).toThrow('set EDITOR');
    expect(editorIn({ EDITOR: 'ed', VISUAL: 'vi' })).toBe('vi');
    await expect(edited('{}', 'false')).rejects.toThrow('The editor (false) ended with 1: nothing was moved.');
  });

  test('knows what the consumer would refuse, by path', () => {
    expect(problemsOf('payment', '{"type":"shop.order.placed.v1","data":{}}')).toContain('id: is missing');
    expect(problemsOf('payment', '{"type":"shop.order.teleported.v1"}')[0]).toContain('type: must be one of');
    expect(problemsOf('somebody', '{')).toEqual(['body: must be JSON']);
    expect(problemsOf('somebody', '{}')).toEqual([]);
  });
});

function inSequence(queue: FakeQueue): void {
  const groups = Map.groupBy(queue.sent, ({ groupId }) => groupId);
  for (const sent of groups.values()) {
    const numbers = sent.map(({ id }) => Number(id.slice(2)));
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
  }
}
