import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Delivery } from '../../../lambdas/runtime/delivery.ts';
import { BusyError, ConflictError, UnavailableError } from '../../../lambdas/runtime/failure.ts';
import type { OrderRecord } from '../../../lambdas/runtime/records.ts';
import { type StateMachine, stateMachine } from '../../../lambdas/runtime/state-machine.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, captured, placed } from '../../builders/events.ts';
import { MemoryRecordStore } from '../../builders/records.ts';

type Input = ReturnType<typeof placed> | ReturnType<typeof cancelled>;
type Machine = StateMachine<Tally, Input, string, { performed: string }>;
/** Counts an order's messages and effects. */
type Tally = OrderRecord & { messages: string[]; effects?: number; foreign?: true; published?: number };

const tally = (orderId: string): Tally => ({ orderId, version: 0, messages: [] });

/** Records the message, runs one effect, counts it and publishes; a redelivery only publishes. */
const counting: Machine = {
  decide(record, input) {
    if ('performed' in input) {
      if (record === undefined) throw new Error('gone');
      return {
        after: { ...record, effects: (record.effects ?? 0) + 1 },
        publish: [captured({ orderId: record.orderId })],
      };
    }
    const known = record ?? tally(input.event.data.orderId);
    if (known.messages.includes(input.messageId)) return { publish: [captured({ orderId: known.orderId })] };
    return { after: { ...known, messages: [...known.messages, input.messageId] }, effect: known.orderId };
  },
  runEffect: async (orderId) => ({ performed: orderId }),
  isFirstEvent: ({ type }) => type === 'shop.order.placed.v1',
};

/** Publishes the same as entries of an outbox. */
const withOutbox: Partial<Machine> = {
  outbox: 'published',
  decide(record, input) {
    const { publish = [], ...transition } = counting.decide(record, input);
    return { ...transition, outbox: publish.map((event, index) => ({ position: index + 1, events: [event] })) };
  },
};

function run(parts: Partial<Machine> = {}) {
  const records = new MemoryRecordStore<Tally>();
  const { publish } = consumerDependencies();
  return {
    records,
    handle: stateMachine<Tally, Input, string, { performed: string }>({ ...counting, ...parts }, records)(publish),
  };
}

const publishedFor = (orderId: string) => ({ published: [expect.objectContaining({ subject: orderId })] });
const failed = (reason: unknown) => ({ published: [], error: { reason } });

const of = (...names: string[]): Delivery<Input>[] =>
  names.map((name) => delivery(placed({ orderId: name }), { messageId: `of ${name}` }));

beforeEach(() => {
  // The pause after a lost race is random; the tests need none.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

describe('The number of table calls of a round', () => {
  test('is no read and two writes for ten first events with an effect', async () => {
    const { records, handle } = run();
    const results = await handle(of('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'));
    expect(results.every((result) => result.published.length === 1)).toBe(true);
    expect([records.loads, records.saves]).toEqual([0, 2]);
  });

  test('is one read and one write for ten later events without an effect', async () => {
    const { records, handle } = run({
      decide: (record, input) =>
        'event' in input ? { after: { ...(record ?? tally(input.event.data.orderId)) } } : {},
    });
    await handle(Array.from({ length: 10 }, (_, index) => delivery(cancelled({ orderId: `o-${index}` }))));
    expect([records.loads, records.saves]).toEqual([1, 1]);
  });

  test('is one refused write for a single redelivery, because the refusal returns the record', async () => {
    const { records, handle } = run();
    await handle(of('a'));
    Object.assign(records, { loads: 0, saves: 0 });
    expect(await handle(of('a'))).toEqual([{ ...publishedFor('a'), repeated: true }]);
    expect([records.loads, records.saves]).toEqual([0, 1]);
  });

  test('includes reading again what was published when the record has an outbox', async () => {
    const quiet: Partial<Machine> = { outbox: 'published', decide: () => ({}) };
    for (const [parts, loads] of [
      [withOutbox, 1],
      [quiet, 0],
    ] as const) {
      const { records, handle } = run(parts);
      const cache = new Map();
      await handle(of('a'), cache);
      Object.assign(records, { loads: 0 });
      await handle(of('a'), cache);
      expect(records.loads).toBe(loads);
    }
  });

  test('is one refused write and one read for redeliveries that change nothing', async () => {
    const { records, handle } = run();
    await handle(of('a', 'b'));
    records.loads = 0;
    records.saves = 0;
    await handle(of('a', 'b'));
    expect([records.loads, records.saves]).toEqual([1, 1]);
  });
});

describe('A lost race', () => {
  test('is decided again on the record the winner wrote', async () => {
    const { records, handle } = run();
    records.overwrite({ ...tally('a'), foreign: true });
    expect(await handle(of('a'))).toEqual([publishedFor('a')]);
    expect(records.items.get('a')).toMatchObject({ foreign: true, messages: ['of a'], effects: 1, version: 3 });
  });

  test('on one order does not write the other orders again', async () => {
    const { records, handle } = run();
    const save = vi.spyOn(records, 'save');
    records.overwrite({ ...tally('b'), foreign: true });
    await handle(of('a', 'b', 'c'));
    expect(save.mock.calls.map(([changes]) => changes.length)).toEqual([3, 1, 3]);
  });

  test('after an effect records the effect once and does not repeat it', async () => {
    let performed = 0;
    const { records, handle } = run({
      runEffect: async (orderId) => {
        performed += 1;
        records.overwrite({ ...(records.items.get('a') ?? tally('a')), foreign: true });
        return { performed: orderId };
      },
    });
    await handle(of('a'));
    expect(performed).toBe(1);
    expect(records.items.get('a')).toMatchObject({ foreign: true, effects: 1 });
  });

  test('on every attempt ends as BusyError after a bounded number of attempts', async () => {
    const { records, handle } = run();
    records.beforeSave = () => records.overwrite({ ...tally('a'), foreign: true });
    expect(await handle(of('a'))).toEqual([failed(expect.any(BusyError))]);
    expect(records.saves).toBeLessThanOrEqual(10);
  });

  test('on every attempt of one order leaves the other order done', async () => {
    const { records, handle } = run();
    records.beforeSave = () => records.overwrite({ ...tally('a'), foreign: true });
    expect(await handle(of('a', 'b'))).toEqual([failed(expect.any(BusyError)), publishedFor('b')]);
  });
});

describe('A write whose response was lost', () => {
  test('is recognised as our own and recorded once', async () => {
    const { records, handle } = run();
    records.plannedResults.push('saved-but-conflict');
    // Counts as a redelivery in the metrics, because it cannot be told from one.
    expect(await handle(of('a'))).toEqual([{ ...publishedFor('a'), repeated: true }]);
    expect(records.items.get('a')?.messages).toEqual(['of a']);
  });
});

describe('A failure of one order', () => {
  test('in its effect leaves the other orders done', async () => {
    const down = new UnavailableError('down');
    const { records, handle } = run({
      runEffect: async (orderId) => (orderId === 'b' ? Promise.reject(down) : { performed: orderId }),
    });
    expect(await handle(of('a', 'b', 'c'))).toEqual([publishedFor('a'), failed(down), publishedFor('c')]);
    expect(records.items.get('b')).toMatchObject({ messages: ['of b'] });
  });

  test('in its effect with the value undefined is still a failure', async () => {
    const { handle } = run({ runEffect: () => Promise.reject(undefined) });
    expect(await handle(of('a'))).toEqual([failed(undefined)]);
  });

  test("in its rule leaves the other orders done, also when the rule applies an effect's result", async () => {
    const bug = new TypeError('x');
    const { handle } = run({
      decide: (record, input) => {
        if ('event' in input ? input.event.data.orderId === 'b' : input.performed === 'c') throw bug;
        return counting.decide(record, input);
      },
    });
    expect(await handle(of('a', 'b', 'c'))).toEqual([publishedFor('a'), failed(bug), failed(bug)]);
  });

  test('in its write leaves the other orders done and runs no effect', async () => {
    const throttled = new UnavailableError('throttled');
    const performed: string[] = [];
    const { records, handle } = run({
      runEffect: async (orderId) => {
        performed.push(orderId);
        return { performed: orderId };
      },
    });
    records.plannedResults.push(undefined, throttled);
    expect(await handle(of('a', 'b'))).toEqual([publishedFor('a'), failed(throttled)]);
    expect(performed).toEqual(['a']);
  });

  test("to write the effect's result is retried without repeating the effect", async () => {
    let performed = 0;
    const { records, handle } = run({
      runEffect: async (orderId) => {
        performed += 1;
        return { performed: orderId };
      },
    });
    const throttled = new UnavailableError('throttled');
    records.plannedResults.push(undefined, throttled, throttled);
    expect(await handle(of('a'))).toEqual([publishedFor('a')]);
    expect(performed).toBe(1);
    expect(records.items.get('a')?.effects).toBe(1);
  });

  test("to write the effect's result is retried until the record can be read and written again", async () => {
    let performed = 0;
    const runEffect = async (orderId: string) => {
      performed += 1;
      return { performed: orderId };
    };
    const { records, handle } = run({ runEffect });
    records.plannedResults.push(undefined, ...Array(10).fill('conflict'));
    let reads = 0;
    const load = records.load.bind(records);
    records.load = async (orderIds) => {
      reads += 1;
      if (reads <= 9) throw new UnavailableError('throttled');
      return load(orderIds);
    };
    expect(await handle(of('a'))).toEqual([publishedFor('a')]);
    expect([performed, records.items.get('a')?.effects]).toEqual([1, 1]);
  });

  test("to write the effect's result publishes nothing when its retries are used up", async () => {
    const { records, handle } = run();
    records.plannedResults.push(undefined, ...Array(50).fill(new UnavailableError('throttled')));
    expect(await handle(of('a'))).toEqual([failed(expect.any(UnavailableError))]);
    expect(records.saves).toBeLessThanOrEqual(25);
  });

  test.each([new UnavailableError('down'), undefined])(
    'of the whole write call (%s) is retried after an effect and not before one',
    async (down) => {
      const { records, handle } = run();
      let left = 0;
      const save = records.save.bind(records);
      records.save = (changes) => (left-- > 0 ? Promise.reject(down) : save(changes));
      left = 1;
      await expect(handle(of('a'))).rejects.toBe(down);
      records.save = (changes) => {
        const outcome = changes.some(({ after }) => after.effects !== undefined);
        return outcome && left++ < 2 ? Promise.reject(down) : save(changes);
      };
      expect(await handle(of('b'))).toEqual([publishedFor('b')]);
    },
  );
});

describe('A record that was read or written in one round', () => {
  const later = (orderId: string) => delivery(cancelled({ orderId }));
  const decide: Machine['decide'] = (record, input) =>
    'event' in input ? { after: { ...(record ?? tally(input.event.data.orderId)), messages: [input.messageId] } } : {};

  test('is not read again in the next round of the same batch', async () => {
    const { records, handle } = run({ decide });
    const cache = new Map();
    await handle([later('a'), later('b')], cache);
    await handle([later('a')], cache);
    expect([records.loads, records.saves]).toEqual([1, 2]);
  });

  test('is read again when another process has written it since', async () => {
    const { records, handle } = run({ decide });
    const cache = new Map();
    await handle([later('a')], cache);
    records.overwrite({ ...(records.items.get('a') ?? tally('a')), foreign: true });
    const second = later('a');
    await handle([second], cache);
    expect(records.items.get('a')).toMatchObject({ foreign: true, messages: [second.messageId] });
  });
});

describe('A record that this process wrote', () => {
  const later = (orderId: string, messageId = `later of ${orderId}`) => delivery(cancelled({ orderId }), { messageId });

  test('is not read for a later message that changes it', async () => {
    const { records, handle } = run();
    await handle(of('a', 'b'));
    Object.assign(records, { loads: 0 });
    await handle([later('a'), later('b')]);
    expect(records.loads).toBe(0);
    expect(records.items.get('a')).toMatchObject({ messages: ['of a', 'later of a'], effects: 2 });
  });

  test('is read when another process has written it since, and decided on the new state', async () => {
    const { records, handle } = run();
    await handle(of('a'));
    records.overwrite({ ...(records.items.get('a') ?? tally('a')), messages: ['of a', 'theirs'], foreign: true });
    await handle([later('a')]);
    expect(records.items.get('a')).toMatchObject({ messages: ['of a', 'theirs', 'later of a'], foreign: true });
  });

  test.each([
    ['says to write nothing', {}],
    [
      'fails',
      {
        decide: (...[record, input]: Parameters<Machine['decide']>) => {
          if ('event' in input && record?.foreign !== true && input.messageId === 'later of a') throw new Error('odd');
          return counting.decide(record, input);
        },
      },
    ],
  ])('is read again before a rule is trusted that %s', async (_, parts) => {
    const { records, handle } = run(parts);
    await handle(of('a'));
    await handle([later('a')]).catch(() => {});
    // Another process has reset the record; a decision on the cached one would only publish, or fail.
    records.overwrite({ ...tally('a'), foreign: true });
    Object.assign(records, { loads: 0 });
    expect(await handle([later('a')])).toEqual([publishedFor('a')]);
    expect(records.loads).toBe(1);
    expect(records.items.get('a')).toMatchObject({ messages: ['later of a'], foreign: true });
  });

  test('is read for a message without effects', async () => {
    const { records, handle } = run();
    await handle(of('a'));
    Object.assign(records, { loads: 0 });
    await handle([{ ...later('a'), withoutEffects: true }]);
    expect(records.loads).toBe(1);
  });

  test('is read when the record has an outbox', async () => {
    const { records, handle } = run(withOutbox);
    await handle(of('a'));
    await handle([later('a')]);
    expect(records.loads).toBe(1);
  });

  test('is dropped from the cache after a thousand newer records', async () => {
    const { records, handle } = run();
    await handle(of('a', 'b'));
    await handle(of(...Array.from({ length: 999 }, (_, index) => `o-${index}`)));
    await handle([later('b')]);
    expect(records.loads).toBe(0);
    await handle([later('a')]);
    expect(records.loads).toBe(1);
  });
});

describe('The effects of a round', () => {
  test('run concurrently', async () => {
    let running = 0;
    let most = 0;
    const { handle } = run({
      runEffect: async (orderId) => {
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        running -= 1;
        return { performed: orderId };
      },
    });
    await handle(of('a', 'b', 'c'));
    expect(most).toBe(3);
  });

  test('run after the write that announces them', async () => {
    const { records } = run();
    const seen: unknown[] = [];
    await stateMachine<Tally, Input, string, { performed: string }>(
      {
        ...counting,
        runEffect: async (orderId) => {
          seen.push(records.items.get(orderId)?.messages);
          return { performed: orderId };
        },
      },
      records,
    )(consumerDependencies().publish)(of('a'));
    expect(seen).toEqual([['of a']]);
  });
});

describe('A transition that fails', () => {
  const alarm = new ConflictError('Goods of it have left');
  /** Writes and publishes as `counting` does, and then fails what came for order a. */
  const alarming: Partial<Machine> = {
    decide(record, input) {
      const { effect: _, ...transition } = counting.decide(record, input);
      const orderId = 'event' in input ? input.event.data.orderId : '';
      const publish = [captured({ orderId })];
      return { ...transition, publish, ...(orderId === 'a' && { failure: alarm }) };
    },
  };

  test('is written and published before its delivery fails, and keeps no other from being done', async () => {
    const { records, handle } = run(alarming);
    expect(await handle(of('a', 'b'))).toEqual([{ ...publishedFor('a'), error: { reason: alarm } }, publishedFor('b')]);
    expect(records.items.get('a')).toMatchObject({ messages: ['of a'] });
  });

  test('fails with what was not published instead, so that it comes again', async () => {
    const records = new MemoryRecordStore<Tally>();
    const refusal = new UnavailableError('The bus refused it');
    const machine = { ...counting, ...alarming };
    const handle = stateMachine<Tally, Input, string, { performed: string }>(machine, records);
    expect(await handle(async () => [refusal])(of('a'))).toEqual([failed(refusal)]);
    const { publish } = consumerDependencies();
    expect(await handle(publish)(of('a'))).toMatchObject([{ ...publishedFor('a'), error: { reason: alarm } }]);
  });

  test('fails with what its write fails with instead, and publishes nothing', async () => {
    const { records, handle } = run(alarming);
    const refusal = new UnavailableError('The table refused it');
    records.plannedResults.push(refusal);
    expect(await handle(of('a'))).toEqual([failed(refusal)]);
  });

  test('does not fail where the race to write it is lost, and what is decided then does not', async () => {
    const { records, handle } = run({
      decide: (record, input) => ({
        ...alarming.decide?.(record, input),
        ...(record?.foreign && { failure: undefined as unknown as Error }),
      }),
    });
    records.overwrite({ ...tally('a'), foreign: true });
    expect(await handle(of('a'))).toEqual([publishedFor('a')]);
  });

  test('fails after its effect', async () => {
    const { records, handle } = run({
      decide: (record, input) => ({
        ...counting.decide(record, input),
        ...('event' in input && { failure: alarm }),
      }),
    });
    expect(await handle(of('a'))).toEqual([{ ...publishedFor('a'), error: { reason: alarm } }]);
    expect(records.items.get('a')).toMatchObject({ effects: 1 });
  });
});

describe('An outbox', () => {
  test('is noted on the records of a whole round in one call, without a new version', async () => {
    const { records, handle } = run({
      ...withOutbox,
      decide: (...given) => {
        const { after, ...transition } = withOutbox.decide?.(...given) ?? {};
        return { ...transition, ...(after && { after: { published: 0, ...after } }) };
      },
    });
    await handle(of('a', 'b'));
    expect([...records.items.values()]).toMatchObject([
      { published: 1, version: 2 },
      { published: 1, version: 2 },
    ]);
    expect(records.advances).toBe(1);
  });

  test('is not noted by a replay without effects, which publishes nothing', async () => {
    const { records, handle } = run({
      ...withOutbox,
      decide: (record, input) => {
        const { effect: _, ...transition } = withOutbox.decide?.(record, input) ?? {};
        return { ...transition, outbox: [{ position: 1, events: [captured({ orderId: 'a' })] }] };
      },
    });
    const replays = of('a').map((one) => ({ ...one, withoutEffects: true as const }));
    expect(await handle(replays)).toEqual([{ published: [] }]);
    expect(records.items.get('a')).toMatchObject({ messages: ['of a'] });
    expect(records.advances).toBe(0);
  });
});
