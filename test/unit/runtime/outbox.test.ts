import { describe, expect, test } from 'vitest';
import { UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { fenceFor } from '../../../lambdas/runtime/fence.ts';
import { notePositions, type OutboxEntry, publishAll, publishing } from '../../../lambdas/runtime/outbox.ts';
import type { Publish } from '../../../lambdas/runtime/publish.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { delivery } from '../../builders/deliveries.ts';
import { captured, placed } from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';

const log = quietLog();

const event = (id: string) => captured({ id });
const entry = (position: number | undefined, ...ids: string[]): OutboxEntry => ({
  ...(position === undefined ? {} : { position }),
  events: ids.map(event),
});

/** Publishes an outbox of which some events are refused; returns what was published, and how far it is noted. */
async function publish(outbox: OutboxEntry[], ...refused: string[]) {
  const refusing: Publish = async (events) =>
    events.map(({ id }) => (refused.includes(id) ? new UnavailableError('refused') : undefined));
  const [one] = await publishAll(refusing, [delivery(placed())], [{ publish: [event('last')], outbox }]);
  return {
    published: one?.result.published.map(({ id }) => id),
    position: one?.position,
    isFailed: one?.result.error !== undefined,
  };
}

describe('An outbox', () => {
  test('is published before the other events, and noted to its last entry', async () => {
    expect(await publish([entry(3, 'a'), entry(4, 'b', 'c')])).toEqual({
      published: ['a', 'b', 'c', 'last'],
      position: 4,
      isFailed: false,
    });
  });

  test.each<[string, OutboxEntry[], string[], number | undefined]>([
    ['the first refused entry', [entry(3, 'a'), entry(4, 'b'), entry(5, 'c')], ['b'], 3],
    ['an entry of which one event is refused', [entry(3, 'a'), entry(4, 'b', 'c')], ['c'], 3],
    ['nothing where the first is refused', [entry(3, 'a'), entry(4, 'b')], ['a'], undefined],
    ['what comes before an entry that is not complete', [entry(3, 'a'), entry(undefined, 'b'), entry(5, 'c')], [], 3],
  ])('is noted up to %s', async (_, outbox, refused, position) => {
    expect(await publish(outbox, ...refused)).toMatchObject({ position, isFailed: refused.length > 0 });
  });

  test('is not published by a replay without effects, nor is anything else', async () => {
    const outside = consumerDependencies();
    const replay = { ...delivery(placed()), withoutEffects: true as const };
    const publication = { publish: [event('b')], outbox: [entry(1, 'a')] };
    expect(await publishAll(outside.publish, [replay], [publication])).toEqual([{ result: { published: [] } }]);
    expect(outside.published).toEqual([]);
  });

  test('that cannot be noted is still published', async () => {
    const records = new MemoryRecordStore<{ orderId: string; version: number; published: number }>();
    records.advanceFails = () => true;
    await notePositions(records, 'published', new Map([['o-1001', 1]]));
    expect(log.lines.map((line) => JSON.parse(line).message)).toEqual(['published events could not be noted']);
  });
});

describe('The events of a round', () => {
  test('are published in one call, and each delivery knows its own', async () => {
    const calls: number[] = [];
    const counting: Publish = async (events) => {
      calls.push(events.length);
      return events.map(({ subject }) => (subject === 'o-2' ? new UnavailableError('refused') : undefined));
    };
    const failure = new Error('no');
    const handle = publishing(async () => [
      { publish: [captured({ orderId: 'o-1' })] },
      { failure },
      { publish: [captured({ orderId: 'o-2' })], repeated: true },
    ])(counting);
    expect(await handle([delivery(placed()), delivery(placed()), delivery(placed())])).toEqual([
      { published: [expect.objectContaining({ subject: 'o-1' })] },
      { published: [], error: { reason: failure } },
      { published: [], repeated: true, error: { reason: expect.any(UnavailableError) } },
    ]);
    expect(calls).toEqual([2]);
  });

  test('are not published once the invocation is out of time', async () => {
    const outside = consumerDependencies();
    const handle = publishing(async () => [{ publish: [event('a')] }])(outside.publish);
    await expect(handle([delivery(placed())], undefined, fenceFor(0))).rejects.toThrow('out of time');
    expect(outside.published).toEqual([]);
  });
});
