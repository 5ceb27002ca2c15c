import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { orderPlaced } from '../../../contracts/order.ts';
import { traceIdOf } from '../../../contracts/traceparent.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import type { BatchHandler } from '../../../lambdas/runtime/delivery.ts';
import { ConflictError, OutOfSequenceError, UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { defaultPolicy, type FailurePolicy, MAX_ATTEMPTS } from '../../../lambdas/runtime/retry-policy.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import { captured, placed } from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';

type Placed = ReturnType<typeof placed>;

const log = quietLog();

const orders = (...names: string[]) => names.map((name) => sqsRecord(placed({ orderId: name }), { messageId: name }));

/** Publishes one event per order; `failing` says which orders fail, and with what. */
const handler =
  (failing: Record<string, unknown> = {}): BatchHandler<Placed> =>
  async (deliveries) =>
    deliveries.map(
      ({
        event: {
          data: { orderId },
        },
      }) => (orderId in failing ? { failure: failing[orderId] } : { publish: [captured({ orderId })] }),
    );

function consume(handle: BatchHandler<Placed> = handler(), outside = consumerDependencies()) {
  const receive = consumer('payment', [orderPlaced], handle, outside);
  return {
    outside,
    /** Gives the ids of the messages Lambda is told to keep. */
    async receive(records: ReturnType<typeof orders>): Promise<string[]> {
      const { batchItemFailures } = await receive({ Records: records });
      return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    },
  };
}

describe('A batch in which all goes well', () => {
  test('is done: everything published in one call, nothing handed back', async () => {
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

  test('that publishes nothing makes no call', async () => {
    const outside = consumerDependencies({ publish: () => Promise.reject(new Error('Nobody should call')) });
    expect(
      await consume(async (deliveries) => deliveries.map(() => ({ publish: [] })), outside).receive(orders('a')),
    ).toEqual([]);
  });

  test('of no messages is done', async () => {
    expect(await consume().receive([])).toEqual([]);
  });

  test('tells the handler the message, the attempt and when it was published', async () => {
    const seen: unknown[] = [];
    const { time: _, ...timeless } = placed({ orderId: 'b' });
    await consume(async (deliveries) => {
      seen.push(...deliveries.map(({ messageId, attempt, time }) => ({ messageId, attempt, time })));
      return deliveries.map(() => ({ publish: [] }));
    }).receive([
      sqsRecord(placed({ orderId: 'a' }), { messageId: 'm-1', attempt: 4 }),
      sqsRecord(timeless, { messageId: 'm-2' }),
    ]);
    expect(seen).toEqual([
      { messageId: 'm-1', attempt: 4, time: '2026-11-21T09:00:00Z' },
      { messageId: 'm-2', attempt: 1, time: new Date(1795251600000).toISOString() },
    ]);
  });

  test('handles two messages of one order one after the other', async () => {
    const waves: number[] = [];
    await consume(async (deliveries) => {
      waves.push(deliveries.length);
      return deliveries.map(() => ({ publish: [] }));
    }).receive([...orders('a', 'b'), sqsRecord(placed({ orderId: 'a' }))]);
    expect(waves).toEqual([2, 1]);
  });
});

describe('A bad message', () => {
  test.each([
    '{"broken',
    'null',
    '[]',
    '7',
    '{"type":"shop.nobody.knows.v1"}',
    JSON.stringify({ ...placed(), data: {} }),
  ])('harms only itself: %s beside nine good ones', async (body) => {
    const good = orders('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i');
    const { outside, receive } = consume();
    expect(await receive([...good.slice(0, 4), sqsRecord(body, { messageId: 'bad' }), ...good.slice(4)])).toEqual([]);
    expect(outside.published).toHaveLength(9);
    expect(outside.letters.map(({ record, errorType }) => [record.messageId, errorType])).toEqual([
      ['bad', 'ContractError'],
    ]);
    expect(outside.postponed).toEqual([]);
  });

  test('goes to the dead-letter queue with its reason, its body unchanged', async () => {
    const { outside, receive } = consume(handler({ a: new ConflictError('Order a was placed otherwise') }));
    const [record] = orders('a');
    expect(await receive(record === undefined ? [] : [record])).toEqual([]);
    expect(outside.letters).toEqual([
      { record, errorType: 'ConflictError', errorMessage: 'Order a was placed otherwise' },
    ]);
  });

  test('that the dead-letter queue does not take is kept, whether refused alone or with the whole call', async () => {
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

describe('A message that fails for now', () => {
  test('is handed back alone, after a wait of its own', async () => {
    const { outside, receive } = consume(handler({ b: new UnavailableError('down') }));
    expect(await receive(orders('a', 'b', 'c'))).toEqual(['b']);
    expect(outside.published.map(({ subject }) => subject)).toEqual(['a', 'c']);
    expect(outside.postponed).toEqual([
      { record: expect.objectContaining({ messageId: 'b' }), seconds: expect.any(Number) },
    ]);
    expect(outside.letters).toEqual([]);
  });

  test('waits the longer the older it is, whatever the number of its tries', async () => {
    const { outside, receive } = consume(handler({ a: new UnavailableError('down'), b: new UnavailableError('down') }));
    vi.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON);
    await receive([
      sqsRecord(placed({ orderId: 'a' }), { attempt: 9, sentSecondsAgo: 1 }),
      sqsRecord(placed({ orderId: 'b' }), { attempt: 2, sentSecondsAgo: 1_000 }),
    ]);
    expect(outside.postponed[0]?.seconds).toBe(2);
    expect([125, 126]).toContain(outside.postponed[1]?.seconds);
  });

  test('is handed back even if its wait cannot be set', async () => {
    const outside = consumerDependencies({
      queue: { delayRetry: () => Promise.reject(new Error('ReceiptHandleIsInvalid')) },
    });
    expect(await consume(handler({ a: new UnavailableError('down') }), outside).receive(orders('a', 'b'))).toEqual([
      'a',
    ]);
  });

  test.each([undefined, null, 'a text', 0])('may throw anything, %s too', async (thrown) => {
    expect(await consume(handler({ b: thrown })).receive(orders('a', 'b'))).toEqual(['b']);
  });
});

describe('A handler that fails as a whole', () => {
  test.each([undefined, null, 'a text', new Error('down')])('by throwing %s hands everything back', async (thrown) => {
    const { outside, receive } = consume(() => Promise.reject(thrown));
    expect(await receive(orders('a', 'b', 'c'))).toEqual(['a', 'b', 'c']);
    expect(outside.letters).toEqual([]);
  });

  test('before its first await hands everything back', async () => {
    const { receive } = consume(() => {
      throw new UnavailableError('at once');
    });
    expect(await receive(orders('a', 'b'))).toEqual(['a', 'b']);
  });

  test('does not keep a bad message from its dead-letter queue', async () => {
    const { outside, receive } = consume(() => Promise.reject(undefined));
    expect(await receive([sqsRecord('{', { messageId: 'bad' }), ...orders('a')])).toEqual(['a']);
    expect(outside.letters).toHaveLength(1);
  });

  test('with a bug does not dead-letter good messages: each is handled alone to see which of them is at fault', async () => {
    const bug = new TypeError("Cannot read properties of null (reading 'x')");
    const { outside, receive } = consume(async (deliveries) => {
      if (deliveries.some(({ event }) => event.data.orderId === 'b')) throw bug;
      return handler()(deliveries);
    });
    expect(await receive(orders('a', 'b', 'c'))).toEqual([]);
    expect(outside.letters.map(({ record, errorType }) => [record.messageId, errorType])).toEqual([['b', 'TypeError']]);
    expect(outside.published.map(({ subject }) => subject)).toEqual(['a', 'c']);
    expect(outside.postponed).toEqual([]);
  });

  test.each([0, 1])('by giving only %i results hands back those without one', async (count) => {
    const { receive } = consume(async () => Array(count).fill({ publish: [] }));
    expect(await receive(orders('a', 'b', 'c'))).toEqual(['a', 'b', 'c'].slice(count));
  });
});

describe('Publishing before the message is deleted', () => {
  test('one refused entry hands back only its own message', async () => {
    const outside = consumerDependencies({
      publish: async (events) =>
        events.map(({ subject }) => (subject === 'b' ? new UnavailableError('refused') : undefined)),
    });
    expect(await consume(handler(), outside).receive(orders('a', 'b', 'c'))).toEqual(['b']);
  });

  test('one refused event of several hands its message back', async () => {
    const outside = consumerDependencies({
      publish: async () => [new UnavailableError('refused'), undefined, undefined],
    });
    const twoEach: BatchHandler<Placed> = async (deliveries) =>
      deliveries.map(({ event }, index) => ({
        publish: Array(index === 0 ? 2 : 1).fill(captured({ orderId: event.data.orderId })),
      }));
    expect(await consume(twoEach, outside).receive(orders('a', 'b'))).toEqual(['a']);
  });

  test('nothing is published for a message that failed', async () => {
    const { outside, receive } = consume(handler({ a: new UnavailableError('down'), b: new ConflictError('no') }));
    await receive(orders('a', 'b'));
    expect(outside.published).toEqual([]);
  });
});

describe('The list of failures', () => {
  test('is empty only when every message is done or in its dead-letter queue', async () => {
    const all = consume(handler({ a: undefined, b: 'text', c: new Error('x') }));
    expect(await all.receive(orders('a', 'b', 'c'))).toEqual(['a', 'b', 'c']);
  });

  test('names a message once, though its order failed in both waves', async () => {
    const { receive } = consume(handler({ a: new UnavailableError('down') }));
    const twice = [
      sqsRecord(placed({ orderId: 'a' }), { messageId: 'm-1' }),
      sqsRecord(placed({ orderId: 'a' }), { messageId: 'm-2' }),
    ];
    expect(await receive(twice)).toEqual(['m-1', 'm-2']);
  });

  test('holds one name when SQS delivers one message twice in a batch and it fails', async () => {
    const { receive } = consume(handler({ a: new UnavailableError('down') }));
    expect(await receive([...orders('a'), ...orders('a')])).toEqual(['a']);
  });
});

describe('When the function is about to run out of time', () => {
  test('what is done stays done, and what is unfinished is handed back before the deadline', async () => {
    vi.useFakeTimers();
    const hanging: BatchHandler<Placed> = (deliveries) =>
      deliveries.some(({ attempt }) => attempt > 1) ? new Promise(() => {}) : handler()(deliveries);
    const receive: (event: SQSEvent, context: Pick<Context, 'getRemainingTimeInMillis'>) => Promise<SQSBatchResponse> =
      consumer('payment', [orderPlaced], hanging, consumerDependencies());
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

describe('A message that has to be tried again', () => {
  const sequence = (...names: string[]) =>
    names.map((name) => sqsRecord(placed({ orderId: name.charAt(0) }), { messageId: name }));

  /** Fails the messages named, once each is reached; remembers which ones were. */
  function failing(failures: Record<string, unknown>) {
    const handled: string[] = [];
    const handle: BatchHandler<Placed> = async (deliveries) =>
      deliveries.map(({ messageId, event }) => {
        handled.push(messageId);
        return messageId in failures
          ? { failure: failures[messageId] }
          : { publish: [captured({ orderId: event.data.orderId })] };
      });
    return { handled, handle };
  }

  test('holds back the later ones of its order in the batch, which are not even begun; the others are done', async () => {
    const { handled, handle } = failing({ a1: new UnavailableError('down') });
    const { outside, receive } = consume(handle);
    expect(await receive(sequence('a1', 'b1', 'a2', 'b2', 'a3'))).toEqual(['a1', 'a2', 'a3']);
    expect(handled).toEqual(['a1', 'b1', 'b2']);
    expect(outside.published.map(({ subject }) => subject)).toEqual(['b', 'b']);
    expect(outside.letters).toEqual([]);
  });

  test('half-way leaves the earlier ones of its order done', async () => {
    const { handled, handle } = failing({ a2: new UnavailableError('down') });
    const { receive } = consume(handle);
    expect(await receive(sequence('a1', 'a2', 'a3', 'a4'))).toEqual(['a2', 'a3', 'a4']);
    expect(handled).toEqual(['a1', 'a2']);
  });

  test('because an earlier one has not come lets that one through, which somebody put back behind it', async () => {
    const done: string[] = [];
    const { receive } = consume(async (deliveries) =>
      deliveries.map(({ messageId }) => {
        if (messageId !== 'second') return { failure: new OutOfSequenceError('The second has not come') };
        done.push(messageId);
        return { publish: [] };
      }),
    );
    const step = (messageId: string) => sqsRecord(placed({ orderId: 'a' }), { messageId });
    expect(await receive([step('third'), step('fourth'), step('second')])).toEqual(['third', 'fourth']);
    expect(done).toEqual(['second']);
  });

  test('because of its event holds the later ones back too', async () => {
    const { handled, handle } = failing({});
    const outside = consumerDependencies({
      publish: async (events) =>
        events.map(({ subject }) => (subject === 'a' ? new UnavailableError('refused') : undefined)),
    });
    expect(await consume(handle, outside).receive(sequence('a1', 'b1', 'a2', 'b2'))).toEqual(['a1', 'a2']);
    expect(handled).toEqual(['a1', 'b1', 'b2']);
  });

  test('makes those behind it wait shortly only, and says why', async () => {
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

  test('does so even where it is given up: the next ones are judged by their own tries', async () => {
    const records = sequence('a1', 'a2').map((record, index) => ({
      ...record,
      attributes: { ...record.attributes, ApproximateReceiveCount: String(index === 0 ? MAX_ATTEMPTS : 3) },
    }));
    const { outside, receive } = consume(failing({ a1: new UnavailableError('down') }).handle);
    expect(await receive(records)).toEqual(['a2']);
    expect(outside.letters.map(({ record }) => record.messageId)).toEqual(['a1']);
  });

  test('is unlike a bad one, which lets the later ones of its order through', async () => {
    const { handled, handle } = failing({ a1: new ConflictError('no') });
    const { outside, receive } = consume(handle);
    expect(await receive(sequence('a1', 'a2', 'b1'))).toEqual([]);
    expect(handled).toEqual(['a1', 'b1', 'a2']);
    expect(outside.letters).toHaveLength(1);
  });

  test('holds back nobody it cannot name: a broken body between two good ones', async () => {
    const { handled, handle } = failing({});
    const [one, two] = sequence('a1', 'a2');
    if (one === undefined || two === undefined) throw new Error('two messages');
    expect(await consume(handle).receive([one, sqsRecord('{"orderId":"a"'), two])).toEqual([]);
    expect(handled).toEqual(['a1', 'a2']);
  });
});

describe('A message that has been tried as often as an outage takes', () => {
  const tried = (attempt: number) => [sqsRecord(placed({ orderId: 'a' }), { messageId: 'a', attempt })];

  test('is given up with the reason of its last try', async () => {
    const { outside, receive } = consume(handler({ a: new UnavailableError('The gateway is down') }));
    expect(await receive(tried(MAX_ATTEMPTS))).toEqual([]);
    expect(outside.letters).toMatchObject([
      {
        errorType: 'UnavailableError',
        errorMessage: `given up after ${MAX_ATTEMPTS} attempts: The gateway is down`,
      },
    ]);
    expect(outside.postponed).toEqual([]);
  });

  test('has one try less to go before that', async () => {
    const { outside, receive } = consume(handler({ a: new UnavailableError('down') }));
    expect(await receive(tried(MAX_ATTEMPTS - 1))).toEqual(['a']);
    expect(outside.letters).toEqual([]);
  });

  test('that is bad is not said to be given up', async () => {
    const { outside, receive } = consume(handler({ a: new ConflictError('no') }));
    await receive(tried(MAX_ATTEMPTS + 5));
    expect(outside.letters).toMatchObject([{ errorMessage: 'no' }]);
  });

  test('and succeeds is done', async () => {
    expect(await consume().receive(tried(MAX_ATTEMPTS + 9))).toEqual([]);
  });
});

describe("A consumer's own policy", () => {
  const policy: FailurePolicy = {
    ...defaultPolicy,
    UnavailableError: { action: 'dead-letter' },
    ConflictError: { action: 'retry', firstSeconds: 7, maxSeconds: 7 },
  };

  test('decides what is tried again, how long it waits, and what is held back', async () => {
    const outside = consumerDependencies({ policy });
    vi.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON);
    const { receive } = consume(handler({ a: new UnavailableError('x'), b: new ConflictError('x') }), outside);
    expect(await receive([...orders('a', 'b'), sqsRecord(placed({ orderId: 'b' }), { messageId: 'b2' })])).toEqual([
      'b',
      'b2',
    ]);
    expect(outside.letters.map(({ record }) => record.messageId)).toEqual(['a']);
    expect(outside.postponed[0]?.seconds).toBe(7);
  });
});

describe('What was published is noted', () => {
  test('after it was taken, the events that were, and only those', async () => {
    const noted: string[][] = [];
    const outside = consumerDependencies({
      publish: async (events) =>
        events.map(({ subject }) => (subject === 'b' ? new UnavailableError('refused') : undefined)),
      onPublished: async (events) => void noted.push(events.map(({ subject = '' }) => subject)),
    });
    expect(await consume(handler(), outside).receive(orders('a', 'b', 'c'))).toEqual(['b']);
    expect(noted).toEqual([['a', 'c']]);
  });

  test('and a note that fails hands nothing back: what it is about is out', async () => {
    const outside = consumerDependencies({ onPublished: () => Promise.reject(new Error('throttled')) });
    expect(await consume(handler(), outside).receive(orders('a', 'b'))).toEqual([]);
    expect(log.lines.map((line) => JSON.parse(line).message)).toContain('what was published could not be noted');
  });

  test('and where nothing was to be published there is nothing to note', async () => {
    const outside = consumerDependencies({ onPublished: () => Promise.reject(new Error('Nobody should call')) });
    await consume(async (deliveries) => deliveries.map(() => ({ publish: [] })), outside).receive(orders('a'));
    expect(log.lines.map((line) => JSON.parse(line).message)).toEqual(['done', 'batch']);
  });
});

describe('A handler that fails as a whole, once more', () => {
  test('is not asked about each one alone when all of them are worth another try', async () => {
    let calls = 0;
    const { receive } = consume(() => {
      calls += 1;
      return Promise.reject(new UnavailableError('down'));
    });
    expect(await receive(orders('a', 'b', 'c'))).toEqual(['a', 'b', 'c']);
    expect(calls).toBe(1);
  });

  test('is asked about each one alone otherwise: some are done, some bad, some tried again', async () => {
    const fate: Record<string, unknown> = { b: new TypeError('x'), c: new UnavailableError('down') };
    const { outside, receive } = consume(async (deliveries) => {
      const [first, ...others] = deliveries;
      if (others.length > 0) throw new RangeError('Too many');
      const { orderId = '' } = first?.event.data ?? {};
      if (orderId in fate) throw fate[orderId];
      return handler()(deliveries);
    });
    expect(await receive(orders('a', 'b', 'c', 'd'))).toEqual(['c']);
    expect(outside.letters.map(({ record }) => record.messageId)).toEqual(['b']);
    expect(outside.published.map(({ subject }) => subject)).toEqual(['a', 'd']);
  });
});

describe('The deadline', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Receives with so much time to live; gives the answer there is after some of it, and what became of the rest. */
  function within(seconds: number, handle: BatchHandler<Placed>, outside = consumerDependencies()) {
    vi.useFakeTimers();
    const end = Date.now() + seconds * 1000;
    const receive = consumer('payment', [orderPlaced], handle, outside);
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

  test('hands everything back three seconds before the end, and what waits behind it shortly after', async () => {
    const { one, outside, receive } = within(30, () => new Promise(() => {}));
    receive([...orders('a', 'b'), sqsRecord(placed({ orderId: 'a' }), { messageId: 'a2' })]);
    await one.letGo(26_900);
    expect(one.answer).toBeUndefined();
    await one.letGo(200);
    expect(one.answer).toEqual(['a', 'b', 'a2']);
    expect(outside.postponed.map(({ record }) => record.messageId)).toEqual(['a', 'b', 'a2']);
    expect(outside.postponed[2]?.seconds).toBeLessThanOrEqual(30);
    expect(outside.letters).toEqual([]);
    expect(log.lines.slice(0, -1).map((line) => JSON.parse(line).errorType)).toEqual([
      'DeadlineExceededError',
      'DeadlineExceededError',
      'BusyError',
    ]);
  });

  test('does not keep a bad message from its dead-letter queue', async () => {
    const { one, outside, receive } = within(30, () => new Promise(() => {}));
    receive([...orders('a'), sqsRecord('{', { messageId: 'bad' })]);
    await one.letGo(29_000);
    expect(one.answer).toEqual(['a']);
    expect(outside.letters.map(({ record }) => record.messageId)).toEqual(['bad']);
  });

  test('publishes nothing of what ended too late', async () => {
    const { one, outside, receive } = within(30, async (deliveries) => {
      await new Promise((resolve) => setTimeout(resolve, 28_000));
      return handler()(deliveries);
    });
    receive(orders('a'));
    await one.letGo(29_900);
    expect(one.answer).toEqual(['a']);
    expect(outside.published).toEqual([]);
  });

  test('that is not reached leaves no timer behind, which would hold up the next invocation', async () => {
    const { one, receive } = within(30, handler());
    receive(orders('a', 'b'));
    await one.letGo(1);
    expect(one.answer).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('once reached begins nothing new', async () => {
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
    // What the bus was being told comes again: nobody knows whether it took it.
    expect(one.answer).toEqual(['a', 'a2']);
    expect(begun).toEqual(['a']);
  });

  test('once reached begins none of those either that a bug made it handle one by one', async () => {
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

  test('is kept by a bus that does not answer, too', async () => {
    const { one, receive } = within(30, handler(), consumerDependencies({ publish: () => new Promise(() => {}) }));
    receive(orders('a', 'b'));
    await one.letGo(29_900);
    expect(one.answer).toEqual(['a', 'b']);
  });
});

describe('The log', () => {
  test('says of each failure whose and why, and never quotes the message', async () => {
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

  test('says of every message what became of it and how long that took, all in one write', async () => {
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

  test('does not call dead-lettered what the dead-letter queue did not take', async () => {
    const refusing = consumerDependencies({ queue: { deadLetter: async () => new Set() } });
    await consume(handler({ a: new ConflictError('no') }), refusing).receive(orders('a'));
    expect(log.lines.map((line) => JSON.parse(line).message)).toContain('will be tried again');
    expect(log.lines.join()).not.toContain('dead-lettered');
  });

  test('stays short, however long an error is', async () => {
    const failures = Object.fromEntries(Array.from('abcdefghij', (name) => [name, new Error('x'.repeat(100_000))]));
    await consume(handler(failures)).receive(orders(...'abcdefghij'));
    expect(log.lines.join('').length).toBeLessThan(65_536);
  });

  test('is not written for a batch of no messages', async () => {
    await consume().receive([]);
    expect(log.lines.filter((line) => line.includes('messageId'))).toEqual([]);
  });
});

describe('The trace', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
  const following: BatchHandler<Placed> = async (deliveries) =>
    deliveries.map(({ event }) => ({
      publish: [{ ...captured({ orderId: event.data.orderId }), traceparent: event.traceparent }],
    }));

  test('of the publisher goes on in what is published and in the log; each event has a span of its own', async () => {
    const { outside, receive } = consume(following);
    await receive([sqsRecord({ ...placed({ orderId: 'a' }), traceparent })]);
    expect(outside.published[0]?.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad)[\da-f]{16}-00$/);
    expect(JSON.parse(log.lines[0] ?? '').traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  });

  test("is the order's where the publisher sent none, in every message about it and in every consumer", async () => {
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

  test('leaves an event that is published again the same to the byte', async () => {
    const { outside, receive } = consume(following);
    for (const record of [...orders('a'), ...orders('a')]) await receive([record]);
    const [once, again] = outside.published.map((event) => JSON.stringify(event));
    expect(again).toBe(once);
  });
});
