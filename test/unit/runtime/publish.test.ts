import type { EventBridgeClient, PutEventsCommand, PutEventsCommandOutput } from '@aws-sdk/client-eventbridge';
import { describe, expect, test } from 'vitest';
import { UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { busPublisher } from '../../../lambdas/runtime/publish.ts';
import { captured } from '../../builders/events.ts';

type Answer = Pick<PutEventsCommandOutput, 'Entries'>;
type Entries = NonNullable<PutEventsCommand['input']['Entries']>;

const accept = (entries: Entries): Answer => ({ Entries: entries.map((_, index) => ({ EventId: `e-${index}` })) });

function bus(answer: (entries: Entries) => Answer = accept) {
  const calls: Entries[] = [];
  const client = {
    async send({ input }: PutEventsCommand): Promise<Answer> {
      calls.push(input.Entries ?? []);
      return answer(input.Entries ?? []);
    },
  };
  return { calls, publish: busPublisher('the-bus', client as unknown as EventBridgeClient) };
}

const events = (count: number) => Array.from({ length: count }, (_, index) => captured({ orderId: `o-${index}` }));

describe('Publishing on the bus', () => {
  test('sends no more in one call than AWS takes, however large the events are', async () => {
    const { calls, publish } = bus();
    const large = events(25).map((event, index) => ({ ...event, padding: 'x'.repeat(index % 5 === 0 ? 90_000 : 10) }));
    expect(await publish(large)).toEqual(large.map(() => undefined));
    expect(calls.flat().map(({ Detail }) => Detail)).toEqual(large.map((event) => JSON.stringify(event)));
    for (const entries of calls) {
      expect(entries.length).toBeLessThanOrEqual(10);
      const bytes = entries.map(({ Detail = '' }) => Buffer.byteLength(Detail)).reduce((sum, one) => sum + one, 0);
      expect(bytes).toBeLessThanOrEqual(262_144);
    }
  });

  test('sends the bare event as detail, with the type and source that rules match', async () => {
    const { calls, publish } = bus();
    const event = captured();
    expect(await publish([event])).toEqual([undefined]);
    expect(calls).toEqual([
      [
        {
          EventBusName: 'the-bus',
          Source: '/shop/payment',
          DetailType: 'shop.payment.captured.v1',
          Detail: JSON.stringify(event),
        },
      ],
    ]);
  });

  test('sends ten events per call', async () => {
    const ten = bus();
    await ten.publish(events(10));
    expect(ten.calls.map((entries) => entries.length)).toEqual([10]);

    const more = bus();
    expect(await more.publish(events(23))).toEqual(Array(23).fill(undefined));
    expect(more.calls.map((entries) => entries.length)).toEqual([10, 10, 3]);
  });

  test('makes no call for no events', async () => {
    const { calls, publish } = bus();
    expect(await publish([])).toEqual([]);
    expect(calls).toEqual([]);
  });

  test('reports an entry refused in a 200 response as the failure of its event only', async () => {
    const { publish } = bus((entries) => ({
      Entries: entries.map((_, index) => (index === 1 ? { ErrorCode: 'ThrottlingException' } : { EventId: 'e' })),
    }));
    const answers = await publish(events(3));
    expect(answers.map((answer) => answer === undefined)).toEqual([true, false, true]);
    expect(answers[1]).toBeInstanceOf(UnavailableError);
    expect(answers[1]?.message).toContain('ThrottlingException');
  });

  test.each<[string, Answer]>([
    ['no entries', {}],
    ['an empty list', { Entries: [] }],
    ['an entry that says nothing', { Entries: [{}] }],
  ])('treats an answer with %s as a failure', async (_, answer) => {
    const { publish } = bus(() => answer);
    expect(await publish(events(1))).toEqual([expect.any(UnavailableError)]);
  });

  test('fails the ten events of a failed call with its cause, and no others', async () => {
    const down = new Error('ECONNRESET');
    const { publish } = bus((entries) => {
      if (entries[0]?.Detail?.includes('"o-0"')) throw down;
      return accept(entries);
    });
    const answers = await publish(events(12));
    expect(answers.slice(0, 10)).toEqual(Array(10).fill(expect.any(UnavailableError)));
    expect(answers[0]?.cause).toBe(down);
    expect(answers.slice(10)).toEqual([undefined, undefined]);
  });
});
