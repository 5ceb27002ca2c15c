import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { CloudEvent, EventContract, EventOf } from '../../contracts/cloud-event.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { backoffSeconds, MOST_TRIES } from './backoff.ts';
import { type Delivery, type Handle, type OrderEvent, type Result, waves } from './delivery.ts';
import { BusyError, defaultPolicy, describeError, type FailurePolicy, OutOfTimeError, treatmentOf } from './failure.ts';
import { type LogFields, log } from './log.ts';
import { busPublisher, type Publish } from './publish.ts';
import { type DeadLetter, type Queue, sqsQueue } from './queue.ts';
import { setting } from './settings.ts';

type Failure = { record: SQSRecord; orderId?: string; error: unknown };

/** What a consumer needs from outside; the handlers of this stack take it from their environment. */
export type Surroundings = {
  publish: Publish;
  queue: Queue;
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
 * back, later ones of the same order are handed back too, so that nothing overtakes it.
 */
export function consumer<C extends EventContract<string, { orderId: string }>>(
  name: string,
  contracts: readonly C[],
  handle: Handle<EventOf<C> & OrderEvent>,
  surroundings: Surroundings = fromEnvironment(name),
): (event: SQSEvent, context?: Pick<Context, 'getRemainingTimeInMillis'>) => Promise<SQSBatchResponse> {
  const { publish, queue, onPublished, policy = defaultPolicy } = surroundings;

  return async ({ Records }, context) => {
    const failures: Failure[] = [];
    const records = new Map<Delivery, SQSRecord>();
    const deliveries: Delivery<EventOf<C> & OrderEvent>[] = [];
    for (const record of Records) {
      try {
        const parsed = delivery(record, parseEvent(record.body, contracts) as EventOf<C> & OrderEvent);
        records.set(parsed, record);
        deliveries.push(parsed);
      } catch (error) {
        failures.push({ record, error });
      }
    }

    const timeIsUp = alarm(context);
    const held = new Set<string>();
    const batch = {};
    for (const wave of waves(deliveries)) {
      const free = wave.filter(({ event }) => !held.has(event.data.orderId));
      const results = await timeIsUp.before(() => settle(handle, free, policy, batch));
      const refused =
        (results && (await timeIsUp.before(() => publishAll(publish, results, onPublished)))) ??
        free.map(() => ({ reason: outOfTime() }));
      for (const one of wave) {
        const index = free.indexOf(one);
        const error = index < 0 ? { reason: overtaking(one.event.data.orderId) } : refused[index];
        const record = records.get(one);
        if (error === undefined || record === undefined) continue;
        const { orderId } = one.event.data;
        failures.push({ record, orderId, error: error.reason });
        if (treatmentOf(error.reason, policy).verdict === 'retry') held.add(orderId);
      }
    }
    timeIsUp.cancel();
    return { batchItemFailures: await resolve(name, queue, failures, policy) };
  };
}

const outOfTime = () => new OutOfTimeError('The invocation ran out of time');
const overtaking = (orderId: string) =>
  new BusyError(`An earlier message of order ${orderId} has to be tried again first`);

function fromEnvironment(consumerName: string): Surroundings {
  return {
    publish: busPublisher(setting('EVENT_BUS_NAME')),
    queue: queueFromEnvironment(consumerName),
  };
}

/** Takes a consumer's name and gives its queue, as the stack named it in the environment. */
export function queueFromEnvironment(consumerName: string): Queue {
  return sqsQueue({
    consumer: consumerName,
    queueUrl: setting('QUEUE_URL'),
    deadLetterQueueUrl: setting('DEAD_LETTER_QUEUE_URL'),
  });
}

/** Rings shortly before the invocation's time is up: `before` gives what work comes to, or `undefined` once it has rung. */
function alarm(context: Pick<Context, 'getRemainingTimeInMillis'> | undefined) {
  if (context === undefined)
    return { before: <T>(work: () => Promise<T>): Promise<T | undefined> => work(), cancel: () => {} };
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
  };
}

/**
 * A handler that throws as a whole has failed every delivery it was given. Where the error says that one of them can never
 * succeed, each is handled alone, so that only that one is dead-lettered.
 */
async function settle<E extends CloudEvent>(
  handle: Handle<E>,
  wave: readonly Delivery<E>[],
  policy: FailurePolicy,
  batch: object,
): Promise<readonly Result[]> {
  if (wave.length === 0) return [];
  try {
    const results = await handle(wave, batch);
    return wave.map((_, index) => results[index] ?? { failure: new Error('The handler gave no result') });
  } catch (error) {
    if (wave.length === 1 || treatmentOf(error, policy).verdict === 'retry')
      return wave.map(() => ({ failure: error }));
    const alone: Result[] = [];
    for (const delivery of wave) alone.push(...(await settle(handle, [delivery], policy, batch)));
    return alone;
  }
}

/** Publishes the events of all results in one go; gives per result why it failed, or `undefined`. */
async function publishAll(
  publish: Publish,
  results: readonly Result[],
  onPublished: Surroundings['onPublished'],
): Promise<({ reason: unknown } | undefined)[]> {
  const events = results.flatMap((result, index) =>
    'publish' in result ? result.publish.map((event) => ({ event, index })) : [],
  );
  const failed: ({ reason: unknown } | undefined)[] = results.map((result) =>
    'failure' in result ? { reason: result.failure } : undefined,
  );
  if (events.length === 0) return failed;
  const answers = await publish(events.map(({ event }) => event));
  answers.forEach((error, position) => {
    const index = events[position]?.index;
    if (error !== undefined && index !== undefined) failed[index] = { reason: error };
  });
  const taken = events.filter((_, position) => answers[position] === undefined).map(({ event }) => event);
  await onPublished?.(taken).catch((error: unknown) => {
    // What is not noted is published once more at the next occasion.
    log.warn('what was published could not be noted', describeError(error));
  });
  return failed;
}

/** Dead-letters what cannot succeed, postpones the rest, and gives the messages Lambda must not delete. */
async function resolve(consumerName: string, queue: Queue, failures: readonly Failure[], policy: FailurePolicy) {
  const retries: { record: SQSRecord; seconds: number }[] = [];
  const letters: DeadLetter[] = [];
  for (const { record, orderId, error } of failures) {
    const { errorType, errorMessage } = describeError(error);
    const attempt = Number(record.attributes.ApproximateReceiveCount);
    const { messageId } = record;
    const fields: LogFields = { consumer: consumerName, messageId, orderId, attempt, errorType, errorMessage };
    const treatment = treatmentOf(error, policy);
    if (treatment.verdict === 'retry' && attempt < MOST_TRIES) {
      const ageSeconds = (Date.now() - Number(record.attributes.SentTimestamp)) / 1000;
      const seconds = backoffSeconds(ageSeconds, treatment);
      retries.push({ record, seconds });
      log.warn('will be tried again', { ...fields, retryInSeconds: seconds });
    } else {
      const gaveUp = treatment.verdict === 'retry' ? `given up after ${attempt} tries: ` : '';
      letters.push({ record, errorType, errorMessage: `${gaveUp}${errorMessage}` });
      log.error('dead-lettered', fields);
    }
  }

  const kept = new Set(failures.map(({ record }) => record.messageId));
  if (letters.length > 0) {
    // What did not arrive, for whatever reason, stays in the queue.
    const arrived = await queue.deadLetter(letters).catch(() => new Set<string>());
    for (const messageId of arrived) kept.delete(messageId);
  }
  if (retries.length > 0) {
    // Without the postponement the messages still come back, after the queue's own visibility timeout.
    await queue.postpone(retries).catch((error: unknown) => {
      log.warn('the wait could not be set', { consumer: consumerName, ...describeError(error) });
    });
  }
  return [...kept].map((itemIdentifier) => ({ itemIdentifier }));
}
