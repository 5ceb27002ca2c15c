import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { CloudEvent, EventContract, EventOf } from '../../contracts/cloud-event.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { MAX_ATTEMPTS } from './backoff.ts';
import { roundsByKey } from './chunk.ts';
import {
  type BatchHandler,
  type Delivery,
  type HandlerResult,
  isReplayWithoutEffects,
  type OrderEvent,
} from './delivery.ts';
import { requireEnv } from './environment.ts';
import {
  BusyError,
  DeadlineExceededError,
  defaultPolicy,
  describeError,
  type FailurePolicy,
  failureActionFor,
  OutOfSequenceError,
} from './failure.ts';
import { log, writeLines } from './log.ts';
import { metricLines } from './metrics.ts';
import { type Attempt, type Outcome, outcomeLogLines } from './outcome.ts';
import { busPublisher, type Publish, withTraceparent } from './publish.ts';
import { type ConsumerQueue, type DeadLetter, sqsConsumerQueue } from './queue.ts';
import { retryDelaySeconds } from './retry-at.ts';

/** What a consumer needs from outside; the handlers of this stack take it from their environment. */
export type ConsumerDependencies = {
  publish: Publish;
  queue: ConsumerQueue;
  /** Called with the events that were taken, once they were: for a publisher that keeps note. */
  onPublished?: ((events: readonly CloudEvent[]) => Promise<void>) | undefined;
  policy?: FailurePolicy;
};

/** How long before its end an invocation hands back what is unfinished: enough for two calls to AWS. */
const HAND_BACK_MS = 3000;

/**
 * Takes a consumer's contracts and its handler and gives the Lambda function for its queue. Each message ends in one of
 * three ways: done (deleted, after its events were published), handed back with growing waits, or in the dead-letter
 * queue with its reason. A message's fate never touches its neighbours', but for one thing: when a message is handed
 * back, later ones of the same order are handed back too, so that nothing overtakes it (unless it waits for an earlier one).
 */
export function consumer<C extends EventContract<string, { orderId: string }>>(
  name: string,
  contracts: readonly C[],
  handle: BatchHandler<EventOf<C> & OrderEvent>,
  surroundings: ConsumerDependencies = fromEnvironment(name),
): (event: SQSEvent, context?: Pick<Context, 'getRemainingTimeInMillis'>) => Promise<SQSBatchResponse> {
  const { publish, queue, onPublished, policy = defaultPolicy } = surroundings;

  return async ({ Records }, context) => {
    const attempts: Attempt[] = [];
    const records = new Map<Delivery, SQSRecord>();
    const deliveries: Delivery<EventOf<C> & OrderEvent>[] = [];
    const arrivedAt = Date.now();
    for (const record of Records) {
      try {
        const parsed = delivery(record, parseEvent(record.body, contracts) as EventOf<C> & OrderEvent);
        records.set(parsed, record);
        deliveries.push(parsed);
      } catch (reason) {
        attempts.push({ record, error: { reason }, published: [], startedAt: arrivedAt, endedAt: arrivedAt });
      }
    }

    const timeIsUp = invocationDeadline(context);
    const held = new Set<string>();
    const batch = {};
    for (const round of roundsByKey(deliveries, ({ event }) => event.data.orderId)) {
      const startedAt = Date.now();
      const free = round.filter(({ event }) => !held.has(event.data.orderId));
      const results = await timeIsUp.before(async () =>
        suppressReplayEvents(free, await runHandler(handle, free, policy, batch, timeIsUp.isOver)),
      );
      const ends =
        (results && (await timeIsUp.before(() => publishAll(publish, results, onPublished)))) ??
        free.map((): PublishResult => ({ error: { reason: deadlineError() }, published: [] }));
      const endedAt = Date.now();
      for (const one of round) {
        const { event } = one;
        const { orderId } = event.data;
        const end = ends[free.indexOf(one)] ?? { error: { reason: overtakingError(orderId) }, published: [] };
        const record = records.get(one);
        if (record === undefined) continue;
        attempts.push({ record, event, ...end, startedAt, endedAt });
        if (end.error && blocksOrder(end.error.reason, policy)) held.add(orderId);
      }
    }
    timeIsUp.cancel();
    const settled = await resolveOutcomes(name, queue, attempts, policy);
    writeLines([...outcomeLogLines(name, settled), ...metricLines(name, settled, arrivedAt)]);
    const kept = settled.filter(({ outcome }) => outcome.kind === 'will be tried again');
    const names = new Set(kept.map(({ record }) => record.messageId));
    return { batchItemFailures: [...names].map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** How one result ended: what was published of it, and why not all of it. */
type PublishResult = Pick<Attempt, 'error' | 'published' | 'repeated'>;

/** What is waited for may be right behind it: somebody put it back. */
const blocksOrder = (reason: unknown, policy: FailurePolicy) =>
  failureActionFor(reason, policy).action === 'retry' && !(reason instanceof OutOfSequenceError);
const deadlineError = () => new DeadlineExceededError('The invocation ran out of time');
const overtakingError = (orderId: string) =>
  new BusyError(`An earlier message of order ${orderId} has to be tried again first`);

function fromEnvironment(consumerName: string): ConsumerDependencies {
  return {
    publish: busPublisher(requireEnv('EVENT_BUS_NAME')),
    queue: queueFromEnvironment(consumerName),
  };
}

/** Takes a consumer's name and gives its queue, as the stack named it in the environment. */
export function queueFromEnvironment(consumerName: string): ConsumerQueue {
  return sqsConsumerQueue({
    consumer: consumerName,
    queueUrl: requireEnv('QUEUE_URL'),
    deadLetterQueueUrl: requireEnv('DEAD_LETTER_QUEUE_URL'),
  });
}

/** Rings shortly before the invocation's time is up: `before` gives what work comes to, or `undefined` once it has rung. */
function invocationDeadline(context: Pick<Context, 'getRemainingTimeInMillis'> | undefined) {
  if (context === undefined)
    return {
      before: <T>(work: () => Promise<T>): Promise<T | undefined> => work(),
      isOver: () => false,
      cancel: () => {},
    };
  const { promise, resolve: ring } = Promise.withResolvers<undefined>();
  let rung = false;
  const timer = setTimeout(
    () => {
      rung = true;
      ring(undefined);
    },
    Math.max(0, context.getRemainingTimeInMillis() - HAND_BACK_MS),
  );
  return {
    before: async <T>(work: () => Promise<T>): Promise<T | undefined> =>
      rung ? undefined : Promise.race([work(), promise]),
    isOver: () => rung,
    cancel: () => clearTimeout(timer),
  };
}

function delivery<E extends CloudEvent>(record: SQSRecord, event: E): Delivery<E> {
  const { ApproximateReceiveCount, SentTimestamp } = record.attributes;
  return {
    event,
    messageId: record.messageId,
    attempt: Number(ApproximateReceiveCount),
    time: event.time ?? new Date(Number(SentTimestamp)).toISOString(),
    ...(isReplayWithoutEffects(record.messageAttributes) ? { withoutEffects: true } : {}),
  };
}

/**
 * A handler that throws as a whole has failed every delivery it was given. Where the error says that one of them can never
 * succeed, each is handled alone, so that only that one is dead-lettered.
 */
async function runHandler<E extends CloudEvent>(
  handle: BatchHandler<E>,
  round: readonly Delivery<E>[],
  policy: FailurePolicy,
  batch: object,
  isOver: () => boolean,
): Promise<readonly HandlerResult[]> {
  if (round.length === 0) return [];
  try {
    const results = await handle(round, batch);
    return round.map((_, index) => results[index] ?? { failure: new Error('The handler gave no result') });
  } catch (error) {
    if (round.length === 1 || failureActionFor(error, policy).action === 'retry')
      return round.map(() => ({ failure: error }));
    const alone: HandlerResult[] = [];
    for (const delivery of round) {
      // Nobody waits for the result any more: what is not begun is left to the next try.
      if (isOver()) break;
      alone.push(...(await runHandler(handle, [delivery], policy, batch, isOver)));
    }
    return alone;
  }
}

/** What is replayed without effects reaches one consumer only: nobody else is told. */
const suppressReplayEvents = (
  deliveries: readonly Delivery[],
  results: readonly HandlerResult[],
): readonly HandlerResult[] =>
  results.map((result, index) => (deliveries[index]?.withoutEffects && 'publish' in result ? { publish: [] } : result));

/** Publishes the events of all results in one go, each as part of its trace. */
async function publishAll(
  publish: Publish,
  results: readonly HandlerResult[],
  onPublished: ConsumerDependencies['onPublished'],
): Promise<PublishResult[]> {
  const events = results.flatMap((result, index) =>
    'publish' in result ? result.publish.map((event) => ({ event: withTraceparent(event), index })) : [],
  );
  if (events.length === 0) return results.map((result) => ({ ...toPublishResult(result), published: [] }));
  const answers = await publish(events.map(({ event }) => event));
  const ends = results.map((result) => ({ ...toPublishResult(result), published: [] as CloudEvent[] }));
  events.forEach(({ event, index }, position) => {
    const end = ends[index];
    const reason = answers[position];
    if (end === undefined) return;
    if (reason === undefined) end.published.push(event);
    else end.error = { reason };
  });
  await onPublished?.(ends.flatMap(({ published }) => published)).catch((error: unknown) => {
    // What is not noted is published once more at the next occasion.
    log.warn('what was published could not be noted', describeError(error));
  });
  return ends;
}

const toPublishResult = (result: HandlerResult): Pick<Attempt, 'error' | 'repeated'> =>
  'failure' in result ? { error: { reason: result.failure } } : { repeated: result.repeated };

/** Dead-letters what cannot succeed, postpones what may, and gives every message's fate. */
async function resolveOutcomes(
  consumerName: string,
  queue: ConsumerQueue,
  attempts: readonly Attempt[],
  policy: FailurePolicy,
): Promise<(Attempt & { outcome: Outcome })[]> {
  const retries: { record: SQSRecord; seconds: number }[] = [];
  const letters: DeadLetter[] = [];
  const settled = attempts.map((one): Attempt & { outcome: Outcome } => {
    const { record, error } = one;
    if (error === undefined) return { ...one, outcome: { kind: 'done' } };
    const { errorType, errorMessage } = describeError(error.reason);
    const attempt = Number(record.attributes.ApproximateReceiveCount);
    const treatment = failureActionFor(error.reason, policy);
    const mayRetry = treatment.action === 'retry' && attempt < MAX_ATTEMPTS;
    const seconds = mayRetry
      ? retryDelaySeconds(error.reason, Number(record.attributes.SentTimestamp), treatment)
      : undefined;
    if (seconds !== undefined) {
      retries.push({ record, seconds });
      return { ...one, outcome: { kind: 'will be tried again', errorType, errorMessage, retryInSeconds: seconds } };
    }
    const gaveUp = treatment.action === 'retry' ? `given up after ${attempt} tries: ` : '';
    const tooFar = mayRetry ? 'the queue does not keep it that long: ' : gaveUp;
    const why = { errorType, errorMessage: `${tooFar}${errorMessage}` };
    letters.push({ record, ...why });
    return { ...one, outcome: { kind: 'dead-lettered', ...why } };
  });

  if (letters.length > 0) {
    const arrived = await queue.deadLetter(letters).catch(() => new Set<string>());
    for (const one of settled) {
      if (one.outcome.kind !== 'dead-lettered' || arrived.has(one.record.messageId)) continue;
      // What did not arrive, for whatever reason, stays in the queue.
      one.outcome = { ...one.outcome, kind: 'will be tried again' };
    }
  }
  if (retries.length > 0) {
    // Without the postponement the messages still come back, after the queue's own visibility timeout.
    await queue.delayRetry(retries).catch((error: unknown) => {
      log.warn('the wait could not be set', { consumer: consumerName, ...describeError(error) });
    });
  }
  return settled;
}
