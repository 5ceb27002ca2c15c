import { describe, expect, test } from 'vitest';
import { LetterScans } from '../../../ops/console/server/letters/scans.ts';
import { scan } from '../../../ops/dlq/scan.ts';
import { deadLetter, deadLetters, FakeQueue } from '../../builders/dead-letters.ts';

/** Scans of one queue, whose count the status tells as it is, unless a test says otherwise. */
function scansOf(queue: FakeQueue) {
  const state = { count: undefined as number | undefined, now: 0 };
  const scans = new LetterScans({
    sources: () => [{ name: queue.consumer, scan: () => scan(queue) }],
    counts: async () => new Map([[queue.consumer, state.count ?? queue.remainingIds.length]]),
    now: () => state.now,
  });
  const ids = async (options?: { again?: boolean }) =>
    (await scans.read(options)).flatMap((one) => one.deadLetters.map(({ id }) => id));
  const received = () => queue.calls.filter((call) => call === 'receive').length;
  return { scans, ids, received, state };
}

describe('Looking at dead letters', () => {
  test('scans once for two who look at the same time, and no more while nothing changed', async () => {
    const { ids, received } = scansOf(new FakeQueue(deadLetters(3)));
    expect(await Promise.all([ids(), ids()])).toEqual([
      ['m-0', 'm-1', 'm-2'],
      ['m-0', 'm-1', 'm-2'],
    ]);
    const alone = scansOf(new FakeQueue(deadLetters(3)));
    await alone.ids();
    await ids();
    expect(received()).toBe(alone.received());
  });

  test('scans again when the count changed, and when somebody asks for it', async () => {
    const queue = new FakeQueue(deadLetters(1));
    const { ids, received } = scansOf(queue);
    await ids();
    queue.add(deadLetter({ id: 'm-9' }));
    expect(await ids()).toEqual(['m-0', 'm-9']);
    const before = received();
    await ids({ again: true });
    expect(received()).toBeGreaterThan(before);
  });

  test('receives nothing from a queue that the status counts as empty', async () => {
    const { ids, received } = scansOf(new FakeQueue([]));
    expect(await ids()).toEqual([]);
    expect(received()).toBe(0);
  });

  test('looks again soon where the count and what was found differ: one of them is late', async () => {
    const queue = new FakeQueue([]);
    const { ids, state } = scansOf(queue);
    state.count = 1;
    expect(await ids()).toEqual([]);
    queue.add(deadLetter({ id: 'm-9' }));
    expect(await ids()).toEqual([]);
    state.now += 5_000;
    expect(await ids()).toEqual(['m-9']);
  });

  test('waits until a scan has released its letters before an action, and scans none while it is at work', async () => {
    const queue = new FakeQueue(deadLetters(2));
    const { scans, ids, received } = scansOf(queue);
    const hidden: string[][] = [];
    let finish = () => {};
    let working: Promise<void> | undefined;
    queue.before = (call) => {
      if (call !== 'receive') return;
      working ??= scans.exclusively(['payment'], async () => {
        hidden.push(queue.inFlightIds);
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      });
    };
    await ids();
    await expect.poll(() => hidden).toEqual([[]]);
    const before = received();
    queue.add(deadLetter({ id: 'm-9' }));
    expect(await ids()).toEqual(['m-0', 'm-1']);
    expect(received()).toBe(before);
    finish();
    await working;
    expect(await ids()).toEqual(['m-0', 'm-1', 'm-9']);
  });

  test('has one action after the other on the same queue, also after one that failed', async () => {
    const { scans } = scansOf(new FakeQueue(deadLetters(1)));
    const order: string[] = [];
    const first = scans.exclusively(['payment', 'stock'], async () => {
      order.push('first begins');
      await Promise.resolve();
      order.push('first ends');
      throw new Error('It failed.');
    });
    const second = scans.exclusively(['stock'], async () => order.push('second'));
    await expect(first).rejects.toThrow('It failed.');
    await second;
    expect(order).toEqual(['first begins', 'first ends', 'second']);
  });
});
