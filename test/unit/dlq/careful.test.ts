import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localTarget } from '../../../ops/aws-target.ts';
import { type AttemptOutcome, outcomesIn } from '../../../ops/dlq/attempt-outcomes.ts';
import { type CarefulOptions, redriveCarefully } from '../../../ops/dlq/careful.ts';
import { planFor } from '../../../ops/dlq/plan.ts';
import { deployedShop } from '../../../ops/stack.ts';
import { deadLetter, deadLetters, FakeQueue } from '../../builders/dead-letters.ts';

const shop = deployedShop(localTarget('http://127.0.0.1:9'), { Outputs: [] });
const everything = () => true;

type Consumer = {
  /** How the attempt at the message of a dead letter ends; nothing is logged of it where that is undefined. */
  outcomeOf: (id: string) => AttemptOutcome | undefined;
  isIdle?: () => boolean;
};

const handled = (): AttemptOutcome => ({ kind: 'done', reason: '' });

/** Redrives all of a queue carefully, with a consumer that handles what it is sent at once; `looks` is how many were sent at each look. */
async function redriven(
  queue: FakeQueue,
  { outcomeOf, isIdle = () => false }: Consumer,
  options: Partial<CarefulOptions> = {},
) {
  const looks: number[] = [];
  let clock = 0;
  const result = await redriveCarefully(shop, await planFor([queue], everything), {
    ...{ rate: 1e9, startedAt: 5_000, selects: everything, unread: 'all' },
    file: join(await mkdtemp(join(tmpdir(), 'history-')), 'redrives.jsonl'),
    ...options,
    watch: {
      signals: {
        async readOutcomes() {
          looks.push(queue.sent.length);
          const outcomes = queue.sent.map(({ id }) => [`sent ${id}`, outcomeOf(id)] as const);
          return new Map(outcomes.flatMap(([id, outcome]) => (outcome === undefined ? [] : [[id, outcome]])));
        },
        isIdle: async () => isIdle(),
      },
      now: () => clock,
      wait: async (milliseconds) => {
        clock += milliseconds;
      },
      ...options.watch,
    },
  });
  return { result, looks };
}

test('letters are put back ten at a time, and no more before those are handled', async () => {
  const queue = new FakeQueue(deadLetters(23));
  let tries = 0;
  const { result, looks } = await redriven(queue, {
    outcomeOf: (id) => {
      tries += 1;
      if (id === 'm-3' && tries < 100) return { kind: 'will be tried again', reason: 'UnavailableError: later' };
      return handled();
    },
  });
  expect(result).toMatchObject({ moved: 23, done: 23, failedAgain: [], undecided: [], left: 0 });
  expect(result.stopped).toBeUndefined();
  expect(queue.remainingIds).toEqual([]);
  // Several looks at the first ten, before the eleventh was sent.
  expect(looks.filter((sent) => sent === 10).length).toBeGreaterThan(1);
  expect([...new Set(looks)]).toEqual([10, 20, 23]);
});

test('it stops after the ten among which some failed again, says how many and why, and leaves the rest alone', async () => {
  const queue = new FakeQueue(deadLetters(25));
  const { result } = await redriven(queue, {
    outcomeOf: (id) =>
      id === 'm-12' || id === 'm-17'
        ? { kind: 'dead-lettered', reason: `TypeError: no price of order o-${id.slice(2)}` }
        : handled(),
  });
  expect(result).toMatchObject({ moved: 20, done: 18, left: 5 });
  expect(result.failedAgain.map(({ id }) => id)).toEqual(['m-12', 'm-17']);
  expect(result.stopped).toBe(
    'Stopped. 2 dead letters of payment failed again: TypeError: no price of order o-12. 5 dead letters were left untouched.',
  );
  expect(queue.remainingIds).toEqual(['m-20', 'm-21', 'm-22', 'm-23', 'm-24']);
});

test('where the log says nothing, a letter failed again if it is in the dead-letter queue anew once its consumer is idle', async () => {
  const all = deadLetters(12);
  const queue = new FakeQueue(all);
  const again = () =>
    deadLetter({ id: 'm-new', body: all[4]?.body ?? '', attributes: { failedAt: new Date().toISOString() } });
  let idle = 0;
  const { result } = await redriven(queue, {
    outcomeOf: () => undefined,
    isIdle: () => {
      idle += 1;
      if (idle === 3) queue.add(again());
      return true;
    },
  });
  expect(result.failedAgain).toEqual([
    { consumer: 'payment', id: 'm-4', reason: 'ContractError: data.total: is missing' },
  ]);
  expect(result).toMatchObject({ moved: 10, done: 9, left: 2 });
  expect(queue.remainingIds).toEqual(['m-10', 'm-11', 'm-new']);
  expect(queue.inFlightIds).toEqual([]);
});

test('an older dead letter with the same message is not taken for one that failed again', async () => {
  const [first] = deadLetters(1);
  const queue = new FakeQueue(deadLetters(1));
  const older = deadLetter({ id: 'm-older', body: first?.body ?? '' });
  queue.before = (call) => {
    if (call === 'send') queue.add(older);
  };
  const { result } = await redriven(queue, { outcomeOf: () => undefined, isIdle: () => true });
  expect(result).toMatchObject({ moved: 1, done: 1, failedAgain: [], undecided: [] });
});

test('it stops where some are not decided in time, and says what it knows of them', async () => {
  const queue = new FakeQueue(deadLetters(11));
  const { result } = await redriven(queue, {
    outcomeOf: (id) =>
      id === 'm-0' ? { kind: 'will be tried again', reason: 'UnavailableError: the gateway is down' } : handled(),
  });
  expect(result).toMatchObject({ moved: 10, done: 9, failedAgain: [], left: 1 });
  expect(result.stopped).toBe(
    'Stopped. What becomes of 1 dead letter of payment is not known yet: it will be tried again: UnavailableError: the gateway is down. 1 dead letter was left untouched.',
  );
});

test('a log that cannot be read is said where the queue does not tell either', async () => {
  const readOutcomes = async () => {
    throw Object.assign(new Error('logs:FilterLogEvents'), { name: 'AccessDeniedException' });
  };
  const outcomeOf = () => undefined;
  const blind = { watch: { signals: { readOutcomes, isIdle: async () => false } } };
  const busy = await redriven(new FakeQueue(deadLetters(2)), { outcomeOf }, blind);
  expect(busy.result.stopped).toContain(
    "is not known yet: its consumer's log could not be read (AWS does not allow this: logs:FilterLogEvents)",
  );
  const idle = { watch: { signals: { readOutcomes, isIdle: async () => true } } };
  const { result } = await redriven(new FakeQueue(deadLetters(2)), { outcomeOf }, idle);
  expect(result).toMatchObject({ done: 2, undecided: [] });
});

test('what cannot be sent stays, and is no reason to stop', async () => {
  const queue = new FakeQueue(deadLetters(12));
  queue.rejectedIds.add('m-2');
  const { result } = await redriven(queue, { outcomeOf: handled });
  expect(result).toMatchObject({ moved: 11, done: 11, failed: [{ id: 'm-2', why: 'InternalError' }], left: 0 });
  expect(queue.remainingIds).toEqual(['m-2']);
});

test('those that stood behind ten of their order follow once these are handled', async () => {
  const queue = new FakeQueue(deadLetters(23, ['o-1']), true);
  const { result, looks } = await redriven(queue, { outcomeOf: handled });
  expect(result).toMatchObject({ moved: 23, total: 23, done: 23, left: 0, unread: 0 });
  expect(queue.sent.map(({ id }) => id)).toEqual(Array.from({ length: 23 }, (_, index) => `m-${index}`));
  expect([...new Set(looks)]).toEqual([10, 20, 23]);
});

test('an interruption ends it after the ten it is at', async () => {
  const queue = new FakeQueue(deadLetters(30));
  const interruption = new AbortController();
  const { result } = await redriven(
    queue,
    {
      outcomeOf: () => {
        interruption.abort();
        return undefined;
      },
    },
    { signal: interruption.signal },
  );
  expect(result).toMatchObject({ moved: 10, left: 20 });
  expect(queue.remainingIds).toHaveLength(20);
});

test('its progress names those that were put back, handled, and are still undecided', async () => {
  const seen: string[] = [];
  await redriven(
    new FakeQueue(deadLetters(11)),
    { outcomeOf: handled },
    { onProgress: ({ moved, total, done, undecided }) => seen.push(`${moved}/${total} ${done} ${undecided}`) },
  );
  expect(seen[0]).toBe('10/11 0 10');
  expect(seen.at(-1)).toBe('11/11 11 0');
});

test('the last word of the log about a message counts, and personal data in it is masked', () => {
  const line = (messageId: string, message: string, errorMessage?: string) =>
    JSON.stringify({ message, messageId, ...(errorMessage && { errorType: 'TypeError', errorMessage }) });
  const outcomes = outcomesIn([
    line('1', 'will be tried again', 'later'),
    'START RequestId: 1',
    line('1', 'done'),
    line('2', 'dead-lettered', 'no phone +82 10-1234-5678'),
  ]);
  expect([...outcomes]).toEqual([
    ['1', { kind: 'done', reason: '' }],
    ['2', { kind: 'dead-lettered', reason: 'TypeError: no phone +…' }],
  ]);
});
