import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { orderPlaced } from '../../../contracts/order.ts';
import { traceIdOf } from '../../../contracts/traceparent.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import { ConflictError, UnavailableError, WaitingError } from '../../../lambdas/runtime/failure.ts';
import { type PublicationSource, publishing } from '../../../lambdas/runtime/outbox.ts';
import type { Publish } from '../../../lambdas/runtime/publish.ts';
import { defaultPolicy, type FailurePolicy, GIVE_UP_HOURS } from '../../../lambdas/runtime/retry-policy.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import { captured, placed } from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';

type Placed = ReturnType<typeof placed>;

const log = quietLog();

const orders = (...names: string[]) => names.map((name) => sqsRecord(placed({ orderId: name }), { messageId: name }));

/** Publishes one event per order; orders in `failing` fail with the given value. */
const handler =
  (failing: Record<string, unknown> = {}): PublicationSource<Placed> =>
  async (deliveries) =>
    deliveries.map(
      ({
        event: {
          data: { orderId },
        },
      }) => (orderId in failing ? { failure: failing[orderId] } : { publish: [captured({ orderId })] }),
    );

function consume(handle: PublicationSource<Placed> = handler(), outside = consumerDependencies()) {
  const receive = consumer('payment', [orderPlaced], publishing(handle), outside);
  return {
    outside,
    /** Returns the ids of the messages that Lambda keeps. */
    async receive(records: ReturnType<typeof orders>): Promise<string[]> {
      const { batchItemFailures } = await receive({ Records: records });
      return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    },
  };
}

describe('A consumer that was built without a bus', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('needs no name of one, and cannot publish', async () => {
    vi.stubEnv('QUEUE_URL', 'http://localhost/queue');
    vi.stubEnv('DEAD_LETTER_QUEUE_URL', 'http://localhost/dead-letters');
    let publish: Publish | undefined;
    consumer('shipping', [orderPlaced], (given) => {
      publish = given;
      return publishing(handler())(given);
    });
    expect(await publish?.([captured()])).toEqual([
      new Error('shipping published shop.payment.captured.v1, but its handler was built without a bus'),
    ]);
  });
});

describe('A batch without failures', () => {
  test('publishes all events in one call and reports no failures', async () => {
    const calls: number[] = [];
    const outside = consumerDependencies({
      publish: async (events) => {
        calls.push(events.length);
        return events.map(() => undefined);
      },
    });
    expect(await consume(handler(), outside).receive(orders('a', 'b', 'c'))).toEqual([]);
    expect(calls).toEqual([3]);
  });

  test('makes no call when there is nothing to publish', async () => {
    const outside = consumerDependencies({ publish: () => Promise.reject(new Error('Should not be called')) });
    expect(
      await consume(async (deliveries) => deliveries.map(() => ({ publish: [] })), outside).receive(orders('a')),
    ).toEqual([]);
  });

  test('succeeds when it is empty', async () => {
    expect(await consume().receive([])).toEqual([]);
  });

  test('passes the message id, the attempt and the publishing time to the handler', async () => {
    const seen: unknown[] = [];
    const { time: _, ...timeless } = placed({ orderId: 'b' });
    const timelessRecord = sqsRecord(timeless, { messageId: 'm-2' });
    await consume(async (deliveries) => {
      seen.push(...deliveries.map(({ messageId, attempt, time }) => ({ messageId, attempt, time })));
      return deliveries.map(() => ({ publish: [] }));
    }).receive([sqsRecord(placed({ orderId: 'a' }), { messageId: 'm-1', attempt: 4 }), timelessRecord]);
    expect(seen).toEqual([
      { messageId: 'm-1', attempt: 4, time: '2026-11-21T09:00:00Z' },
      { messageId: 'm-2', attempt: 1, time: new Date(Number(timelessRecord.attributes.SentTimestamp)).toISOString() },
    ]);
  });

  test('handles two messages of one order one after the other', async () => {
    const rounds: number[] = [];
    await consume(async (deliveries) => {
      rounds.push(deliveries.length);
      return deliveries.map(() => ({ publish: [] }));
    }).receive([...orders('a', 'b'), sqsRecord(placed({ orderId: 'a' }))]);
    expect(rounds).toEqual([2, 1]);
  });
});

describe('A message that cannot be processed', () => {
  test.each([
    '{"broken',
    'null',
    '[]',
    '7',
    '{"type":"shop.nobody.knows.v1"}',
    JSON.stringify({ ...placed(), data: {} }),
  ])('is dead-lettered alone: %s beside nine good messages', async (body) => {
    const good = orders('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i');
    const { outside, receive } = consume();
    expect(await receive([...good.slice(0, 4), sqsRecord(body, { messageId: 'bad' }), ...good.slice(4)])).toEqual([]);
    expect(outside.published).toHaveLength(9);
    expect(outside.deadLetters.map(({ record, errorType }) => [record.messageId, errorType])).toEqual([
      ['bad', 'ContractError'],
    ]);
    expect(outside.postponed).toEqual([]);
  });

  test('is dead-lettered with its reason and an unchanged body', async () => {
    const { outside, receive } = consume(handler({ a: new ConflictError('Order a was placed otherwise') }));
    const [record] = orders('a');
    expect(await receive(record === undefined ? [] : [record])).toEqual([]);
    expect(outside.deadLetters).toEqual([
      { record, errorType: 'ConflictError', errorMessage: 'Order a was placed otherwise' },
    ]);
  });

  test('stays in the queue when the dead-letter queue refuses the entry or the whole call', async () => {
    const refusing = consume(
      handler(),
      consumerDependencies({ queue: { deadLetter: async () => new Set(['bad-2']) } }),
    );
    const bad = [sqsRecord('{', { messageId: 'bad-1' }), sqsRecord('{', { messageId: 'bad-2' })];
    expect(await refusing.receive([...orders('a'), ...bad])).toEqual(['bad-1']);

    const down = consume(
      handler(),
      consumerDependencies({ queue: { deadLetter: () => Promise.reject(new Error('down')) } }),
    );
    expect(await down.receive([...orders('a'), ...bad])).toEqual(['bad-1', 'bad-2']);
  });
});

describe('A message that fails temporarily', () => {
  test('is returned to the queue alone, with its own delay', async () => {
    const { outside, receive } = consume(handler({ b: new UnavailableError('down') }));
    expect(await receive(orders('a', 'b', 'c'))).toEqual(['b']);
    expect(outside.published.map(({ subject }) => subject)).toEqual(['a', 'c']);
    expect(outside.postponed).toEqual([
      { record: expect.objectContaining({ messageId: 'b' }), seconds: expect.any(Number) },
    ]);
    expect(outside.deadLetters).toEqual([]);
  });

  test('waits longer the older it is, whatever its number of attempts', async () => {
    const { outside, receive } = consume(handler({ a: new UnavailableError('down'), b: new UnavailableError('down') }));
    vi.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON);
    await receive([
      sqsRecord(placed({ orderId: 'a' }), { attempt: 9, sentSecondsAgo: 1 }),
      sqsRecord(placed({ orderId: 'b' }), { attempt: 2, sentSecondsAgo: 1_000 }),
    ]);
    expect(outside.postponed[0]?.seconds).toBe(2);
    expect([125, 126]).toContain(outside.postponed[1]?.seconds);
  });

  test('is returned to the queue even if its delay cannot be set', async () => {
    const outside = consumerDependencies({
      queue: { delayRetry: () => Promise.reject(new Error('ReceiptHandleIsInvalid')) },
    });
    expect(await consume(handler({ a: new UnavailableError('down') }), outside).receive(orders('a', 'b'))).toEqual([
      'a',
    ]);
  });

  test.each([undefined, null, 'a text', 0])('may fail with any thrown value: %s', async (thrown) => {
    expect(await consume(handler({ b: thrown })).receive(orders('a', 'b'))).toEqual(['b']);
  });
});

describe('A handler that fails as a whole', () => {
  test.each([undefined, null, 'a text', new Error('down')])(
    'returns all messages to the queue when it throws %s',
    async (thrown) => {
      const { outside, receive } = consume(() => Promise.reject(thrown));
      expect(await receive(orders('a', 'b', 'c'))).toEqual(['a', 'b', 'c']);
      expect(outside.deadLetters).toEqual([]);
    },
  );

  test('returns all messages to the queue when it throws before its first await', async () => {
    const { receive } = consume(() => {
      throw new UnavailableError('at once');
    });
    expect(await receive(orders('a', 'b'))).toEqual(['a', 'b']);
  });

  test('still dead-letters an invalid message', async () => {
    const { outside, receive } = consume(() => Promise.reject(undefined));
    expect(await receive([sqsRecord('{', { messageId: 'bad' }), ...orders('a')])).toEqual(['a']);
    expect(outside.deadLetters).toHaveLength(1);
  });

  test('dead-letters only the message that causes the bug: after a bug every message is handled alone', async () => {
    const bug = new TypeError("Cannot read properties of null (reading 'x')");
    const { outside, receive } = consume(async (deliveries) => {
      if (deliveries.some(({ event }) => event.data.orderId === 'b')) throw bug;
      return handler()(deliveries);
    });
    expect(await receive(orders('a', 'b', 'c'))).toEqual([]);
    expect(outside.deadLetters.map(({ record, errorType }) => [record.messageId, errorType])).toEqual([
      ['b', 'TypeError'],
    ]);
    expect(outside.published.map(({ subject }) => subject)).toEqual(['a', 'c']);
    expect(outside.postponed).toEqual([]);
  });

  test('dead-letters a bug with the lines of the sources, and with no value of the message', async () => {
    const { outside, receive } = consume(async (deliveries) => {
      const shelves: Record<string, { pieces: number }> = {};
      for (const { event } of deliveries) Reflect.get(shelves, event.data.customer?.phone ?? '').pieces;
      return [];
    });
    const [record] = orders('a');
    expect(await receive(record === undefined ? [] : [record])).toEqual([]);
    expect(outside.deadLetters).toMatchObject([
      {
        errorType: 'TypeError',
        sourceLines: expect.arrayContaining([expect.stringMatching(/^lambdas\/runtime\/\w+\.ts:\d+:\d+$/)]),
      },
    ]);
    const line = log.lines.map((text) => JSON.parse(text)).find(({ message }) => message === 'dead-lettered');
    expect(line.stackTrace.join()).toContain('consume.test.ts:');
    expect(JSON.stringify([outside.deadLetters[0]?.sourceLines, line])).not.toMatch(/\+82\d/);
  });

  test.each([0, 1])('returns the messages without a result when it returns only %i results', async (count) => {
    const { receive } = consume(async () => Array(count).fill({ publish: [] }));
    expect(await receive(orders('a', 'b', 'c'))).toEqual(['a', 'b', 'c'].slice(count));
  });
});

describe('Publishing before the message is deleted', () => {
  test('returns only the message whose entry was refused', async () => {
    const outside = consumerDependencies({
      publish: async (events) =>
        events.map(({ subject }) => (subject === 'b' ? new UnavailableError('refused') : undefined)),
    });
    expect(await consume(handler(), outside).receive(orders('a', 'b', 'c'))).toEqual(['b']);
  });

  test('returns a message when one of its several events is refused', async () => {
    const outside = consumerDependencies({
      publish: async () => [new UnavailableError('refused'), undefined, undefined],
    });
    const twoEach: PublicationSource<Placed> = async (deliveries) =>
      deliveries.map(({ event }, index) => ({
        publish: Array(index === 0 ? 2 : 1).fill(captured({ orderId: event.data.orderId })),
      }));
    expect(await consume(twoEach, outside).receive(orders('a', 'b'))).toEqual(['a']);
  });

  test('publishes nothing for a message that failed', async () => {
    const { outside, receive } = consume(handler({ a: new UnavailableError('down'), b: new ConflictError('no') }));
    await receive(orders('a', 'b'));
    expect(outside.published).toEqual([]);
  });
});

describe('The list of batch item failures', () => {
  test('names every message that is neither done nor dead-lettered', async () => {
    const all = consume(handler({ a: undefined, b: 'text', c: new Error('x') }));
    expect(await all.receive(orders('a', 'b', 'c'))).toEqual(['a', 'b', 'c']);
  });

  test('names each message of an order once when both fail', async () => {
    const { receive } = consume(handler({ a: new UnavailableError('down') }));
    const twice = [
      sqsRecord(placed({ orderId: 'a' }), { messageId: 'm-1' }),
      sqsRecord(placed({ orderId: 'a' }), { messageId: 'm-2' }),
    ];
    expect(await receive(twice)).toEqual(['m-1', 'm-2']);
  });

  test('names a message once when SQS delivers it twice in one batch and it fails', async () => {
    const { receive } = consume(handler({ a: new UnavailableError('down') }));
    expect(await receive([...orders('a'), ...orders('a')])).toEqual(['a']);
  });
});

describe('An invocation that is about to time out', () => {
  test('keeps completed messages done and returns unfinished ones before the deadline', async () => {
    vi.useFakeTimers();
    const hanging: PublicationSource<Placed> = (deliveries) =>
      deliveries.some(({ attempt }) => attempt > 1) ? new Promise(() => {}) : handler()(deliveries);
    const receive: (event: SQSEvent, context: Pick<Context, 'getRemainingTimeInMillis'>) => Promise<SQSBatchResponse> =
      consumer('payment', [orderPlaced], publishing(hanging), consumerDependencies());
    const deadline = Date.now() + 30_000;
    const again = sqsRecord(placed({ orderId: 'a' }), { messageId: 'again', attempt: 2 });
    let answer: SQSBatchResponse | undefined;
    receive({ Records: [...orders('a', 'b'), again] }, { getRemainingTimeInMillis: () => deadline - Date.now() }).then(
      (given) => {
        answer = given;
      },
    );
    await vi.advanceTimersByTimeAsync(29_900);
    vi.useRealTimers();
    expect(answer, 'the invocation is killed with its whole batch').toEqual({
      batchItemFailures: [{ itemIdentifier: 'again' }],
    });
  });
});

describe('A message that must be retried', () => {
  const sequence = (...names: string[]) =>
    names.map((name) => sqsRecord(placed({ orderId: name.charAt(0) }), { messageId: name }));

  /** Fails the given messages and records which ones were handled. */
  function failing(failures: Record<string, unknown>) {
    const handled: string[] = [];
    const handle: PublicationSource<Placed> = async (deliveries) =>
      deliveries.map(({ messageId, event }) => {
        handled.push(messageId);
        return messageId in failures
          ? { failure: failures[messageId] }
          : { publish: [captured({ orderId: event.data.orderId })] };
      });
    return { handled, handle };
  }

  test('holds back the later messages of its order in the batch and lets other orders continue', async () => {
    const { handled, handle } = failing({ a1: new UnavailableError('down') });
    const { outside, receive } = consume(handle);
    expect(await receive(sequence('a1', 'b1', 'a2', 'b2', 'a3'))).toEqual(['a1', 'a2', 'a3']);
    expect(handled).toEqual(['a1', 'b1', 'b2']);
    expect(outside.published.map(({ subject }) => subject)).toEqual(['b', 'b']);
    expect(outside.deadLetters).toEqual([]);
  });

  test('leaves the earlier messages of its order done', async () => {
    const { handled, handle } = failing({ a2: new UnavailableError('down') });
    const { receive } = consume(handle);
    expect(await receive(sequence('a1', 'a2', 'a3', 'a4'))).toEqual(['a2', 'a3', 'a4']);
    expect(handled).toEqual(['a1', 'a2']);
  });

  test('lets through what it waits for, where that follows in the same batch', async () => {
    const { handled, handle } = failing({ a1: new WaitingError('The order has not come') });
    expect(await consume(handle).receive(sequence('a1', 'a2', 'a3'))).toEqual(['a1']);
    expect(handled).toEqual(['a1', 'a2', 'a3']);
  });

  test('holds back the later messages of its order when only publishing its event failed', async () => {
    const { handled, handle } = failing({});
    const outside = consumerDependencies({
      publish: async (events) =>
        events.map(({ subject }) => (subject === 'a' ? new UnavailableError('refused') : undefined)),
    });
    expect(await consume(handle, outside).receive(sequence('a1', 'b1', 'a2', 'b2'))).toEqual(['a1', 'a2']);
    expect(handled).toEqual(['a1', 'b1', 'b2']);
  });

  test('gives the messages held back behind it a short delay and logs the reason', async () => {
    const records = sequence('a1', 'a2').map((record) => ({
      ...record,
      attributes: { ...record.attributes, SentTimestamp: String(Date.now() - 86_400_000) },
    }));
    const { outside, receive } = consume(failing({ a1: new UnavailableError('down') }).handle);
    vi.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON);
    await receive(records);
    expect(outside.postponed.map(({ seconds }) => seconds)).toEqual([900, 30]);
    expect(log.lines.map((line) => JSON.parse(line)).at(-2)).toMatchObject({
      messageId: 'a2',
      orderId: 'a',
      errorType: 'BusyError',
      errorMessage: 'An earlier message of order a has to be retried first',
    });
  });

  test('holds back later messages even when it is given up', async () => {
    const old = sqsRecord(placed({ orderId: 'a' }), {
      messageId: 'a1',
      attempt: 700,
      sentSecondsAgo: GIVE_UP_HOURS * 3_600,
    });
    const { outside, receive } = consume(failing({ a1: new UnavailableError('down') }).handle);
    expect(await receive([old, ...sequence('a2')])).toEqual(['a2']);
    expect(outside.deadLetters.map(({ record }) => record.messageId)).toEqual(['a1']);
  });

  test('is unlike a dead-lettered message, which lets the later messages of its order through', async () => {
    const { handled, handle } = failing({ a1: new ConflictError('no') });
    const { outside, receive } = consume(handle);
    expect(await receive(sequence('a1', 'a2', 'b1'))).toEqual([]);
    expect(handled).toEqual(['a1', 'b1', 'a2']);
    expect(outside.deadLetters).toHaveLength(1);
  });

  test('does not hold back anything when the failed body is unreadable', async () => {
    const { handled, handle } = failing({});
    const [one, two] = sequence('a1', 'a2');
    if (one === undefined || two === undefined) throw new Error('two messages');
    expect(await consume(handle).receive([one, sqsRecord('{"orderId":"a"'), two])).toEqual([]);
    expect(handled).toEqual(['a1', 'a2']);
  });
});

describe('A message that was tried for three days', () => {
  const triedFor = (hours: number, attempt = 700) => [
    sqsRecord(placed({ orderId: 'a' }), { messageId: 'a', attempt, sentSecondsAgo: hours * 3_600 }),
  ];

  test('is dead-lettered with its age and the reason of its last attempt', async () => {
    const { outside, receive } = consume(handler({ a: new UnavailableError('The gateway is down') }));
    expect(await receive(triedFor(GIVE_UP_HOURS))).toEqual([]);
    expect(outside.deadLetters).toMatchObject([
      { errorType: 'UnavailableError', errorMessage: 'given up after 3 days: The gateway is down' },
    ]);
    expect(outside.postponed).toEqual([]);
  });

  test('is still retried a minute earlier, however often it was attempted', async () => {
    const { outside, receive } = consume(handler({ a: new UnavailableError('down') }));
    expect(await receive(triedFor(GIVE_UP_HOURS - 1 / 60, 999))).toEqual(['a']);
    expect(outside.deadLetters).toEqual([]);
  });

  test('keeps its own reason when it cannot be processed anyway', async () => {
    const { outside, receive } = consume(handler({ a: new ConflictError('no') }));
    await receive(triedFor(GIVE_UP_HOURS + 1));
    expect(outside.deadLetters).toMatchObject([{ errorMessage: 'no' }]);
  });

  test('is done when the last attempt succeeds', async () => {
    expect(await consume().receive(triedFor(GIVE_UP_HOURS + 1))).toEqual([]);
  });
});

describe("A consumer's own failure policy", () => {
  const policy: FailurePolicy = {
    ...defaultPolicy,
    UnavailableError: { action: 'dead-letter' },
    ConflictError: { action: 'retry', firstSeconds: 7, maxSeconds: 7 },
  };

  test('decides what is retried, how long it waits and what is dead-lettered', async () => {
    const outside = consumerDependencies({ policy });
    vi.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON);
    const { receive } = consume(handler({ a: new UnavailableError('x'), b: new ConflictError('x') }), outside);
    expect(await receive([...orders('a', 'b'), sqsRecord(placed({ orderId: 'b' }), { messageId: 'b2' })])).toEqual([
      'b',
      'b2',
    ]);
    expect(outside.deadLetters.map(({ record }) => record.messageId)).toEqual(['a']);
    expect(outside.postponed[0]?.seconds).toBe(7);
  });
});

describe('A batch handler that throws', () => {
  test('is not called again for each message when every message can be retried', async () => {
    let calls = 0;
    const { receive } = consume(() => {
      calls += 1;
      return Promise.reject(new UnavailableError('down'));
    });
    expect(await receive(orders('a', 'b', 'c'))).toEqual(['a', 'b', 'c']);
    expect(calls).toBe(1);
  });

  test('is called for each message alone after a bug: messages are done, dead-lettered or retried one by one', async () => {
    const failures: Record<string, unknown> = { b: new TypeError('x'), c: new UnavailableError('down') };
    const { outside, receive } = consume(async (deliveries) => {
      const [first, ...others] = deliveries;
      if (others.length > 0) throw new RangeError('Too many');
      const { orderId = '' } = first?.event.data ?? {};
      if (orderId in failures) throw failures[orderId];
      return handler()(deliveries);
    });
    expect(await receive(orders('a', 'b', 'c', 'd'))).toEqual(['c']);
    expect(outside.deadLetters.map(({ record }) => record.messageId)).toEqual(['b']);
    expect(outside.published.map(({ subject }) => subject)).toEqual(['a', 'd']);
  });
});

describe('The deadline', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Receives with the given seconds until the timeout and collects the response. */
  function within(seconds: number, handle: PublicationSource<Placed>, outside = consumerDependencies()) {
    vi.useFakeTimers();
    const end = Date.now() + seconds * 1000;
    const receive = consumer('payment', [orderPlaced], publishing(handle), outside);
    const one: { answer?: string[]; letGo(ms: number): Promise<void> } = {
      letGo: async (ms) => void (await vi.advanceTimersByTimeAsync(ms)),
    };
    return {
      one,
      outside,
      receive(records: SQSEvent['Records']) {
        receive({ Records: records }, { getRemainingTimeInMillis: () => end - Date.now() }).then(
          ({ batchItemFailures }) => {
            one.answer = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
          },
        );
      },
    };
  }

  test('returns all messages three seconds before the timeout, and the ones held back with a short delay', async () => {
    const { one, outside, receive } = within(30, () => new Promise(() => {}));
    receive([...orders('a', 'b'), sqsRecord(placed({ orderId: 'a' }), { messageId: 'a2' })]);
    await one.letGo(26_900);
    expect(one.answer).toBeUndefined();
    await one.letGo(200);
    expect(one.answer).toEqual(['a', 'b', 'a2']);
    expect(outside.postponed.map(({ record }) => record.messageId)).toEqual(['a', 'b', 'a2']);
    expect(outside.postponed[2]?.seconds).toBeLessThanOrEqual(30);
    expect(outside.deadLetters).toEqual([]);
    expect(log.lines.slice(0, -1).map((line) => JSON.parse(line).errorType)).toEqual([
      'DeadlineExceededError',
      'DeadlineExceededError',
      'BusyError',
    ]);
  });

  test('still dead-letters an invalid message', async () => {
    const { one, outside, receive } = within(30, () => new Promise(() => {}));
    receive([...orders('a'), sqsRecord('{', { messageId: 'bad' })]);
    await one.letGo(29_000);
    expect(one.answer).toEqual(['a']);
    expect(outside.deadLetters.map(({ record }) => record.messageId)).toEqual(['bad']);
  });

  test('publishes nothing for a handler that finishes too late', async () => {
    const { one, outside, receive } = within(30, async (deliveries) => {
      await new Promise((resolve) => setTimeout(resolve, 28_000));
      return handler()(deliveries);
    });
    receive(orders('a'));
    await one.letGo(29_900);
    expect(one.answer).toEqual(['a']);
    expect(outside.published).toEqual([]);
  });

  test('leaves no timer behind when it is not reached', async () => {
    const { one, receive } = within(30, handler());
    receive(orders('a', 'b'));
    await one.letGo(1);
    expect(one.answer).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('starts no further round once it is reached', async () => {
    const begun: string[] = [];
    const outside = consumerDependencies({
      publish: async (events) => {
        await new Promise((resolve) => setTimeout(resolve, 27_500));
        return events.map(() => undefined);
      },
    });
    const { one, receive } = within(
      30,
      async (deliveries) => {
        begun.push(...deliveries.map(({ messageId }) => messageId));
        return handler()(deliveries);
      },
      outside,
    );
    receive([...orders('a'), sqsRecord(placed({ orderId: 'a' }), { messageId: 'a2' })]);
    await one.letGo(29_900);
    // A publication in progress is repeated, as its outcome is unknown.
    expect(one.answer).toEqual(['a', 'a2']);
    expect(begun).toEqual(['a']);
  });

  test('stops handling messages one by one after a bug once it is reached', async () => {
    const begun: string[] = [];
    const { one, receive } = within(30, async (deliveries) => {
      if (deliveries.length > 1) throw new TypeError('a bug');
      begun.push(...deliveries.map(({ messageId }) => messageId));
      await new Promise((resolve) => setTimeout(resolve, 15_000));
      return handler()(deliveries);
    });
    receive(orders('a', 'b', 'c', 'd'));
    await one.letGo(60_000);
    expect(one.answer).toEqual(['a', 'b', 'c', 'd']);
    expect(begun).toEqual(['a', 'b']);
  });

  test('also ends a publish call that hangs', async () => {
    const { one, receive } = within(30, handler(), consumerDependencies({ publish: () => new Promise(() => {}) }));
    receive(orders('a', 'b'));
    await one.letGo(29_900);
    expect(one.answer).toEqual(['a', 'b']);
  });
});

describe('The log', () => {
  test("names each failure's message and reason and quotes no message content", async () => {
    const { receive } = consume(handler({ a: new UnavailableError('down'), b: new ConflictError('no') }));
    await receive([...orders('a', 'b'), sqsRecord('{"phone":"+821012345678"', { messageId: 'bad' })]);
    expect(
      log.lines
        .map((line) => JSON.parse(line))
        .map(({ message, consumer: name, messageId, errorType }) => [message, name, messageId, errorType]),
    ).toEqual(
      expect.arrayContaining([
        ['will be tried again', 'payment', 'a', 'UnavailableError'],
        ['dead-lettered', 'payment', 'b', 'ConflictError'],
        ['dead-lettered', 'payment', 'bad', 'ContractError'],
      ]),
    );
    expect(log.lines.join()).not.toContain('8210');
    expect(log.lines.join()).not.toContain('tok_visa');
  });

  test('has one line for each message with outcome and duration, in one write', async () => {
    const { receive } = consume(handler({ b: new UnavailableError('down') }));
    await receive([
      sqsRecord(placed({ orderId: 'a' }), { messageId: 'a', attempt: 3, sentSecondsAgo: 60 }),
      ...orders('b', 'c'),
      sqsRecord('{"data":{"orderId":"d"}}', { messageId: 'bad' }),
    ]);
    expect(log.writes).toBe(1);
    const lines = log.lines.map((line) => JSON.parse(line)).filter(({ messageId }) => messageId !== undefined);
    expect(lines.map(({ orderId, message }) => [orderId, message])).toEqual([
      ['d', 'dead-lettered'],
      ['a', 'done'],
      ['b', 'will be tried again'],
      ['c', 'done'],
    ]);
    expect(lines[1]).toEqual({
      level: 'INFO',
      time: expect.any(String),
      message: 'done',
      consumer: 'payment',
      orderId: 'a',
      messageId: 'a',
      eventType: 'shop.order.placed.v1',
      traceId: traceIdOf(undefined, 'a'),
      attempt: 3,
      waitedMs: expect.any(Number),
      tookMs: expect.any(Number),
      published: ['shop.payment.captured.v1'],
    });
    expect(lines[1].waitedMs).toBeGreaterThanOrEqual(60_000);
    expect(lines[1].waitedMs).toBeLessThan(70_000);
    expect(lines[2]).toMatchObject({ level: 'WARN', errorType: 'UnavailableError', errorMessage: 'down' });
    expect(lines[2]).not.toHaveProperty('published');
  });

  test('does not report a message as dead-lettered when the dead-letter queue refused it', async () => {
    const refusing = consumerDependencies({ queue: { deadLetter: async () => new Set() } });
    await consume(handler({ a: new ConflictError('no') }), refusing).receive(orders('a'));
    expect(log.lines.map((line) => JSON.parse(line).message)).toContain('will be tried again');
    expect(log.lines.join()).not.toContain('dead-lettered');
  });

  test('stays short however long an error message is', async () => {
    const failures = Object.fromEntries(Array.from('abcdefghij', (name) => [name, new Error('x'.repeat(100_000))]));
    await consume(handler(failures)).receive(orders(...'abcdefghij'));
    expect(log.lines.join('').length).toBeLessThan(65_536);
  });

  test('has no message lines for an empty batch', async () => {
    await consume().receive([]);
    expect(log.lines.filter((line) => line.includes('messageId'))).toEqual([]);
  });
});

describe('The trace', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
  const following: PublicationSource<Placed> = async (deliveries) =>
    deliveries.map(({ event }) => ({
      publish: [{ ...captured({ orderId: event.data.orderId }), traceparent: event.traceparent }],
    }));

  test('of the publisher continues in published events and in the log, with a new span for each event', async () => {
    const { outside, receive } = consume(following);
    await receive([sqsRecord({ ...placed({ orderId: 'a' }), traceparent })]);
    expect(outside.published[0]?.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad)[\da-f]{16}-00$/);
    expect(JSON.parse(log.lines[0] ?? '').traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  });

  test('is derived from the order when the publisher sent none, for every message and in every consumer', async () => {
    const { outside, receive } = consume(following);
    await receive([
      sqsRecord(placed({ orderId: 'a', id: 'one' })),
      sqsRecord(placed({ orderId: 'a', id: 'another' })),
      sqsRecord('{"data":{"orderId":"a"}}'),
    ]);
    const inLog = log.lines.map((line) => JSON.parse(line)).flatMap(({ traceId }) => traceId ?? []);
    expect(inLog).toEqual(Array(3).fill(traceIdOf(undefined, 'a')));
    expect(outside.published.map((event) => event.traceparent?.slice(3, 35))).toEqual(inLog.slice(1));
  });

  test('is the same in an event that is published again, byte for byte', async () => {
    const { outside, receive } = consume(following);
    for (const record of [...orders('a'), ...orders('a')]) await receive([record]);
    const [once, again] = outside.published.map((event) => JSON.stringify(event));
    expect(again).toBe(once);
  });
});
