import type { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { channelPublisher, lifecyclePublisher, type Publish } from '../../../lambdas/runtime/publish.ts';
import { cancelled, confirmed, progressed } from '../../builders/events.ts';

type Call = NonNullable<PublishBatchCommand['input']['PublishBatchRequestEntries']>;

/** A FIFO topic that refuses entries as `refuses` says, and throws before or after accepting a call as `throws` says. */
function topic(
  parts: {
    refuses?: (id: string, call: number) => boolean;
    throws?: (call: number) => 'before' | 'after' | undefined;
  } = {},
) {
  const calls: Call[] = [];
  const acceptedIds: string[] = [];
  const client = {
    async send({ input }: PublishBatchCommand) {
      expect(input.TopicArn).toBe('the-feed');
      const entries = input.PublishBatchRequestEntries ?? [];
      calls.push(entries);
      if (parts.throws?.(calls.length) === 'before') throw new Error('ECONNRESET');
      const accepted = entries.filter(
        ({ MessageDeduplicationId = '' }) => !parts.refuses?.(MessageDeduplicationId, calls.length),
      );
      acceptedIds.push(...accepted.map(({ MessageDeduplicationId = '' }) => MessageDeduplicationId));
      if (parts.throws?.(calls.length) === 'after') throw new Error('socket hang up');
      return {
        Successful: accepted.map(({ Id }) => ({ Id })),
        Failed: entries.filter((entry) => !accepted.includes(entry)).map(({ Id }) => ({ Id, Code: 'InternalError' })),
      };
    },
  };
  return { calls, acceptedIds, publish: lifecyclePublisher('the-feed', client as unknown as SNSClient) };
}

const steps = (orderId: string, count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => progressed({ orderId, sequence: from + index }));
const idsOf = (call: Call | undefined) => (call ?? []).map(({ MessageDeduplicationId }) => MessageDeduplicationId);
const succeeded = (answers: readonly unknown[]) => answers.map((answer) => answer === undefined);

describe('Publishing steps to the feed', () => {
  test('sends the bare event with the order as message group and the event id as deduplication id', async () => {
    const { calls, publish } = topic();
    const step = progressed({ orderId: 'o-1', sequence: 3 });
    expect(await publish([step])).toEqual([undefined]);
    expect(calls).toEqual([
      [
        {
          Id: '0',
          Message: JSON.stringify(step),
          MessageGroupId: 'o-1',
          MessageDeduplicationId: 'o-1.3',
        },
      ],
    ]);
  });

  test('sends the steps of ten orders per call', async () => {
    const { calls, publish } = topic();
    const events = Array.from({ length: 11 }, (_, index) => progressed({ orderId: `o-${index}` }));
    expect(await publish(events)).toEqual(Array(11).fill(undefined));
    expect(calls.map(({ length }) => length)).toEqual([10, 1]);
  });

  test('sends a step only after the previous step of its order was accepted', async () => {
    const { calls, publish } = topic();
    await publish([...steps('a', 3), ...steps('b', 1), ...steps('c', 2)]);
    expect(calls.map(idsOf)).toEqual([['a.1', 'b.1', 'c.1'], ['a.2', 'c.2'], ['a.3']]);
  });

  test('makes no call for no steps', async () => {
    const { calls, publish } = topic();
    expect(await publish([])).toEqual([]);
    expect(calls).toEqual([]);
  });
});

describe('A refused entry', () => {
  test('holds back the later steps of its order and no other order', async () => {
    const { calls, acceptedIds, publish } = topic({ refuses: (id) => id === 'a.2' });
    const answers = await publish([...steps('a', 4), ...steps('b', 3)]);
    expect(succeeded(answers)).toEqual([true, false, false, false, true, true, true]);
    for (const answer of answers.slice(1, 4)) expect(answer).toBeInstanceOf(UnavailableError);
    expect(acceptedIds).toEqual(['a.1', 'b.1', 'b.2', 'b.3']);
    expect(calls).toHaveLength(3);
  });

  test('includes an entry that the response does not mention', async () => {
    const publish = lifecyclePublisher('the-feed', { send: async () => ({}) } as unknown as SNSClient);
    expect(await publish(steps('a', 2))).toEqual(Array(2).fill(expect.any(UnavailableError)));
  });
});

describe('A failed call', () => {
  test('holds back the orders in it, keeps the cause and continues with the other orders', async () => {
    const { calls, acceptedIds, publish } = topic({ throws: (call) => (call === 1 ? 'before' : undefined) });
    const events = Array.from({ length: 12 }, (_, index) => steps(`o-${index}`, 2)).flat();
    const answers = await publish(events);
    expect(succeeded(answers)).toEqual([...Array(20).fill(false), ...Array(4).fill(true)]);
    expect(answers[0]?.cause).toEqual(new Error('ECONNRESET'));
    expect(acceptedIds).toEqual(['o-10.1', 'o-11.1', 'o-10.2', 'o-11.2']);
    expect(calls).toHaveLength(3);
  });

  test('is reported as a failure even if the topic accepted the entries', async () => {
    const { acceptedIds, publish } = topic({ throws: () => 'after' });
    expect(succeeded(await publish(steps('a', 2)))).toEqual([false, false]);
    expect(acceptedIds).toEqual(['a.1']);
  });
});

describe('Under random refusals and failed calls', () => {
  test("a prefix of each order's steps is accepted in sequence, and exactly that is reported", async () => {
    const orders = fc.array(fc.record({ order: fc.nat({ max: 13 }), count: fc.integer({ min: 1, max: 4 }) }), {
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(
        orders,
        fc.array(fc.nat({ max: 9 }), { maxLength: 60 }),
        fc.array(fc.constantFrom('before', undefined, undefined, undefined), { maxLength: 20 }),
        async (blocks, random, throwing) => {
          const next = new Map<number, number>();
          // Events of several orders, interleaved, each order's in sequence.
          const events = blocks.flatMap(({ order, count }) => {
            const from = next.get(order) ?? 1;
            next.set(order, from + count);
            return steps(`o-${order}`, count, from);
          });
          const feed = topic({
            refuses: () => random.shift() === 0,
            throws: (call) => throwing[call - 1],
          });
          const answers = await feed.publish(events);
          expect(answers).toHaveLength(events.length);
          for (const call of feed.calls) {
            expect(call.length).toBeLessThanOrEqual(10);
            expect(new Set(call.map(({ MessageGroupId }) => MessageGroupId)).size).toBe(call.length);
          }
          for (const [order, end] of next) {
            const ids = steps(`o-${order}`, end - 1).map(({ id }) => id);
            const accepted = feed.acceptedIds.filter((id) => ids.includes(id));
            expect(accepted).toEqual(ids.slice(0, accepted.length));
            const reported = events.filter(({ id }, index) => ids.includes(id) && answers[index] === undefined);
            expect(reported.map(({ id }) => id)).toEqual(accepted);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('channelPublisher', () => {
  const recorded = (refuses: readonly string[] = []) => {
    const given: string[] = [];
    const publish: Publish = async (events) => {
      given.push(...events.map(({ id }) => id));
      return events.map(({ id }) => (refuses.includes(id) ? new UnavailableError(id) : undefined));
    };
    return { given, publish };
  };

  const mixed: CloudEvent[] = [
    progressed({ orderId: 'a', sequence: 1 }),
    confirmed({ orderId: 'a', id: 'a.confirmed' }),
    cancelled({ orderId: 'b', id: 'b.cancelled' }),
    progressed({ orderId: 'b', sequence: 7 }),
  ];

  test("sends steps to the feed and other events to the bus, and returns each result in its event's position", async () => {
    const [feed, bus] = [recorded(['b.7']), recorded(['a.confirmed'])];
    expect(await channelPublisher(feed.publish, bus.publish)(mixed)).toEqual([
      undefined,
      new UnavailableError('a.confirmed'),
      undefined,
      new UnavailableError('b.7'),
    ]);
    expect([feed.given, bus.given]).toEqual([
      ['a.1', 'b.7'],
      ['a.confirmed', 'b.cancelled'],
    ]);
  });

  test('does not call a publisher without events', async () => {
    const neverCalled: Publish = () => Promise.reject(new Error('Should not be called'));
    const some = recorded();
    expect(await channelPublisher(some.publish, neverCalled)(steps('a', 2))).toEqual([undefined, undefined]);
    expect(await channelPublisher(neverCalled, some.publish)([confirmed()])).toEqual([undefined]);
    expect(await channelPublisher(neverCalled, neverCalled)([])).toEqual([]);
  });
});
