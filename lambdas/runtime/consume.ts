import type { SQSRecord } from 'aws-lambda';
import type { CloudEvent, EventContract, EventOf } from '../../contracts/cloud-event.ts';
import { ContractError, parseEvent, unwrapBody, validateEvent } from '../../contracts/parse.ts';
import { roundsByKey } from './chunk.ts';
import {
  type BatchHandler,
  type Delivery,
  describeSubject,
  type HandlerResult,
  recordKeyOf,
  type SubjectEvent,
} from './delivery.ts';
import { requireEnv } from './environment.ts';
import { BusyError, DeadlineExceededError, RefusalUnpublishedError, WaitingError } from './failure.ts';
import type { InvocationDeadline } from './invocation-deadline.ts';
import type { Attempt } from './outcome.ts';
import { busPublisher, type Publish, withTraceparent } from './publish.ts';
import type { ConsumerQueue } from './queue.ts';
import { type QueueFunction, queueFromEnvironment, queueFunction } from './queue-function.ts';
import type { InvocationCache } from './record-cache.ts';
import { type Replay, readReplayed } from './replay-envelope.ts';
import { defaultPolicy, type FailurePolicy, failureActionFor } from './retry-policy.ts';
import { type Seal, wrappedEvent } from './unwrapped.ts';

/** What a consumer needs from outside; the handlers of this stack take it from their environment (`onBus`, `withoutBus`). */
export type ConsumerDependencies = {
  publish: Publish;
  queue: ConsumerQueue;
  policy?: FailurePolicy;
  /** Builds the event that tells a publisher that its message was refused. It is published before the message is dead-lettered. */
  refusalOf?: RefusalOf;
  /**
   * Publishes the bare events of wrapped messages where they came from, because no filter on the body lets them through to the other
   * consumers. The bare copy is then handled instead. @default a wrapped message is handled as it is
   */
  forward?: Forwarder;
};

/** The events that a consumer takes where they are replayed; none where anybody may have written the message. @default those that it handles */
type ReplayOptions<C> = { replays?: readonly C[] };

/** Publishes bare events where they came from, sealed; returns, in the same order, `undefined` for each accepted one and the error for each refused one. */
export type Forwarder = { seal: Seal; publish(bodies: readonly string[]): Promise<(Error | undefined)[]> };

/** Builds the event about a message that is to be dead-lettered; `undefined` where nobody is told. */
export type RefusalOf = (record: SQSRecord, reason: unknown) => CloudEvent | undefined;

/** A message with the delivery that was read from it. */
type Received<E extends SubjectEvent> = { record: SQSRecord; delivery: Delivery<E> };

/** A message whose event travelled in an envelope or behind a byte-order mark, and the bare event as text. */
type WrappedMessage = { record: SQSRecord; event: SubjectEvent; bare: string };

/**
 * Builds the Lambda function of a consumer's queue (see `queueFunction`); the events of a message are published before it is done. Messages
 * do not affect each other, with one exception: when a message is retried, later ones of the same order are retried too, so that none
 * overtakes it (unless it waits for somebody else to act).
 */
export function consumer<C extends EventContract<string, SubjectEvent['data']>>(
  name: string,
  contracts: readonly C[],
  handlerOf: (publish: Publish) => BatchHandler<EventOf<C> & SubjectEvent>,
  dependencies: ConsumerDependencies & ReplayOptions<C> = withoutBus(name),
): QueueFunction {
  const { publish, queue, policy = defaultPolicy } = dependencies;
  const handle = handlerOf(publish);

  return queueFunction(name, { queue, policy }, async (messages, arrivedAt, deadline) => {
    const { received, wrapped, attempts } = readRecords(messages, { contracts, ...dependencies }, arrivedAt);
    attempts.push(...(await forwardAll(dependencies, wrapped, arrivedAt, deadline)));
    const cache: InvocationCache = new Map();
    const blocked = new Set<string>();
    for (const round of roundsByKey(received, ({ delivery }) => recordKeyOf(delivery.event))) {
      const startedAt = Date.now();
      const results = await handleRound(round, blocked, (deliveries) =>
        deadline.race(() => runHandler(handle, deliveries, policy, cache, deadline)),
      );
      const endedAt = Date.now();
      for (const { record, delivery, result } of results) {
        attempts.push({ record, event: delivery.event, ...result, startedAt, endedAt });
        if (result.error && blocksOthers(result.error.reason, policy)) blocked.add(recordKeyOf(delivery.event));
      }
    }
    await publishRefusals(dependencies, attempts, policy, deadline);
    return attempts;
  });
}

/** Reads the bus too: for a consumer whose route in `infra/routing.ts` says what it publishes. */
export const onBus = (consumerName: string): ConsumerDependencies => ({
  publish: busPublisher(requireEnv('EVENT_BUS_NAME')),
  queue: queueFromEnvironment(consumerName),
});

/** Reads the queues only: for a consumer that publishes nothing, which may not, and fails if it does. */
const withoutBus = (consumerName: string): ConsumerDependencies => ({
  publish: async (events) =>
    events.map(({ type }) => new Error(`${consumerName} published ${type}, but its handler was built without a bus`)),
  queue: queueFromEnvironment(consumerName),
});

/** Parses each message by itself; one that breaks its contract is a failed attempt. */
function readRecords<C extends EventContract<string, SubjectEvent['data']>>(
  records: readonly SQSRecord[],
  {
    contracts,
    replays = contracts,
    forward,
  }: Pick<ConsumerDependencies, 'forward'> & ReplayOptions<C> & { contracts: readonly C[] },
  arrivedAt: number,
) {
  const attempts: Attempt[] = [];
  const received: Received<EventOf<C> & SubjectEvent>[] = [];
  const wrapped: WrappedMessage[] = [];
  for (const record of records) {
    try {
      const replayed = readReplayed(record.body);
      if (replayed !== undefined) {
        if (replays.length === 0)
          throw new ContractError([{ path: 'body', problem: 'must be an event, not a replay' }]);
        received.push({ record, delivery: toDelivery(record, parseEvent(replayed.body, replays), replayed) });
        continue;
      }
      const body = unwrapBody(record.body);
      const event = validateEvent(body, contracts);
      const bare = forward && wrappedEvent(record, body, forward.seal);
      if (bare === undefined) received.push({ record, delivery: toDelivery(record, event) });
      else wrapped.push({ record, event, bare });
    } catch (reason) {
      attempts.push({ record, error: { reason }, published: [], startedAt: arrivedAt, endedAt: arrivedAt });
    }
  }
  return { attempts, received, wrapped };
}

function toDelivery<E extends CloudEvent>(record: SQSRecord, event: E, replay?: Replay): Delivery<E> {
  const { ApproximateReceiveCount, SentTimestamp } = record.attributes;
  return {
    event,
    messageId: record.messageId,
    attempt: Number(ApproximateReceiveCount),
    time: event.time ?? new Date(Number(SentTimestamp)).toISOString(),
    ...(replay?.withEffects === false ? { withoutEffects: true } : {}),
  };
}

/** Handles the deliveries of a round whose records are not blocked; `work` returns `undefined` when time runs out. */
async function handleRound<E extends SubjectEvent>(
  round: readonly Received<E>[],
  blocked: ReadonlySet<string>,
  work: (deliveries: readonly Delivery<E>[]) => Promise<readonly HandlerResult[] | undefined>,
): Promise<(Received<E> & { result: HandlerResult })[]> {
  const free = round.filter(({ delivery }) => !blocked.has(recordKeyOf(delivery.event)));
  const results = await work(free.map(({ delivery }) => delivery));
  return round.map((received) => {
    const index = free.indexOf(received);
    const reason =
      index === -1
        ? new BusyError(`An earlier message of ${describeSubject(received.delivery.event)} has to be retried first`)
        : new DeadlineExceededError('The invocation ran out of time');
    return { ...received, result: results?.[index] ?? { error: { reason }, published: [] } };
  });
}

/** What a message waits for may be right behind it: then held back, the two would come again and again in the same batch. */
const blocksOthers = (reason: unknown, policy: FailurePolicy) =>
  failureActionFor(reason, policy).action === 'retry' && !(reason instanceof WaitingError);

/**
 * Runs the handler. When it throws, every delivery of the round has failed; where the error is permanent, each is handled alone,
 * so that only the faulty one is dead-lettered.
 */
async function runHandler<E extends CloudEvent>(
  handle: BatchHandler<E>,
  round: readonly Delivery<E>[],
  policy: FailurePolicy,
  cache: InvocationCache,
  deadline: InvocationDeadline,
): Promise<readonly HandlerResult[]> {
  if (round.length === 0) return [];
  try {
    const results = await handle(round, cache, deadline.fence);
    const none = { published: [], error: { reason: new Error('The handler gave no result') } };
    return round.map((_, index) => results[index] ?? none);
  } catch (reason) {
    if (round.length === 1 || failureActionFor(reason, policy).action === 'retry')
      return round.map(() => ({ published: [], error: { reason } }));
    const results: HandlerResult[] = [];
    for (const delivery of round) {
      // The caller no longer waits: what has not begun is left to the next attempt.
      if (deadline.hasExpired()) break;
      results.push(...(await runHandler(handle, [delivery], policy, cache, deadline)));
    }
    return results;
  }
}

/** Forwards the bare events of wrapped messages, which are then done. */
async function forwardAll(
  { forward }: ConsumerDependencies,
  wrapped: readonly WrappedMessage[],
  startedAt: number,
  deadline: InvocationDeadline,
): Promise<Attempt[]> {
  if (forward === undefined || wrapped.length === 0) return [];
  const errors = await deadline.race(() => forward.publish(wrapped.map(({ bare }) => bare)));
  const outOfTime = new DeadlineExceededError('The invocation ran out of time');
  const endedAt = Date.now();
  return wrapped.map(({ record, event }, index) => {
    const reason = errors === undefined ? outOfTime : errors[index];
    const result = reason === undefined ? { published: [event] } : { published: [], error: { reason } };
    return { record, event, ...result, startedAt, endedAt };
  });
}

/** Tells the publishers of the messages that will be dead-lettered. A message whose publisher cannot be told is retried, its own reason kept. */
async function publishRefusals(
  { publish, refusalOf }: ConsumerDependencies,
  attempts: readonly Attempt[],
  policy: FailurePolicy,
  deadline: InvocationDeadline,
): Promise<void> {
  if (refusalOf === undefined) return;
  const refused = attempts.flatMap((attempt) => {
    const { record, error } = attempt;
    if (error === undefined || failureActionFor(error.reason, policy).action !== 'dead-letter') return [];
    const event = refusalOf(record, error.reason);
    return event === undefined ? [] : [{ attempt, event: withTraceparent(event) }];
  });
  if (refused.length === 0) return;
  const answers = await deadline.race(() => publish(refused.map(({ event }) => event)));
  const outOfTime = new DeadlineExceededError('The invocation ran out of time');
  refused.forEach(({ attempt, event }, index) => {
    const failure = answers === undefined ? outOfTime : answers[index];
    if (failure === undefined) attempt.published = [...attempt.published, event];
    else attempt.error = { reason: new RefusalUnpublishedError(failure, attempt.error?.reason) };
  });
}
