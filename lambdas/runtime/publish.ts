import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { orderProgressed } from '../../contracts/lifecycle.ts';
import { continueTrace } from '../../contracts/traceparent.ts';
import { callLimits } from './call-limits.ts';
import { chunkBySize } from './chunk.ts';
import { UnavailableError } from './failure.ts';

/** Publishes events; returns, in the same order, `undefined` for each accepted one and the error for each refused one. */
export type Publish = (events: readonly CloudEvent[]) => Promise<(Error | undefined)[]>;

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html, https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
const ENTRIES_PER_CALL = 10;
// Of PutEvents and of PublishBatch together: a confirmation of 99 SKUs may have 45 kB.
const BYTES_PER_CALL = 262_144;
// What a call adds to each event at most: its type and source, or its id and group.
const BYTES_AROUND = 1_000;

const bytesOf = (event: CloudEvent): number => Buffer.byteLength(JSON.stringify(event)) + BYTES_AROUND;

const CALL_LIMITS = { maxItems: ENTRIES_PER_CALL, maxBytes: BYTES_PER_CALL };

/** Publishes on a bus: the bare CloudEvent as `detail`, its type as `detail-type`. */
export function busPublisher(busName: string, client = new EventBridgeClient(callLimits())): Publish {
  const putBatch = async (events: readonly CloudEvent[]) => {
    const { Entries = [] } = await client.send(
      new PutEventsCommand({
        Entries: events.map((event) => ({
          EventBusName: busName,
          Source: event.source,
          DetailType: event.type,
          Detail: JSON.stringify(event),
        })),
      }),
    );
    // PutEvents answers 200 with the refused entries marked one by one.
    return events.map((event, index) => {
      const code = Entries[index]?.ErrorCode ?? (Entries[index]?.EventId ? undefined : 'NoAnswer');
      return code === undefined ? undefined : new UnavailableError(`The bus refused ${event.type}: ${code}`);
    });
  };

  return async (events) => {
    const calls = chunkBySize(events, { ...CALL_LIMITS, bytesOf }).map((batch) =>
      putBatch(batch).catch((error: unknown) =>
        batch.map((event) => new UnavailableError(`The bus did not take ${event.type}`, { cause: error })),
      ),
    );
    return (await Promise.all(calls)).flat();
  };
}

type PublishResults = (Error | undefined)[];
type IndexedEvent = { event: CloudEvent; index: number };

/**
 * Publishes to the lifecycle FIFO topic and keeps each order's events in sequence. The event's subject is the message group; an
 * event is sent only after its predecessor was accepted, and fails with the predecessor's error otherwise. The event's id is the
 * deduplication id, so the topic drops repetitions.
 */
export function lifecyclePublisher(
  topicArn: string,
  client: Pick<SNSClient, 'send'> = new SNSClient(callLimits()),
): Publish {
  const send = async (events: readonly CloudEvent[]): Promise<PublishResults> => {
    try {
      const { Successful = [] } = await client.send(
        new PublishBatchCommand({
          TopicArn: topicArn,
          PublishBatchRequestEntries: events.map((event, index) => ({
            Id: String(index),
            Message: JSON.stringify(event),
            MessageGroupId: event.subject ?? event.id,
            MessageDeduplicationId: event.id,
          })),
        }),
      );
      const acceptedIds = new Set(Successful.map(({ Id }) => Id));
      return events.map((_, index) =>
        acceptedIds.has(String(index)) ? undefined : new UnavailableError('The lifecycle topic refused a step'),
      );
    } catch (error) {
      return events.map(() => new UnavailableError('Publishing to the lifecycle topic failed', { cause: error }));
    }
  };

  return async (events) => {
    const results: PublishResults = events.map(() => undefined);
    let pending = events.map((event, index): IndexedEvent => ({ event, index }));
    while (pending.length > 0) {
      const [batch = []] = chunkBySize(firstOfEachOrder(pending), {
        ...CALL_LIMITS,
        bytesOf: ({ event }) => bytesOf(event),
      });
      const errors = await send(batch.map(({ event }) => event));
      const failedOrders = new Map<string | undefined, Error>();
      errors.forEach((error, position) => {
        if (error !== undefined) failedOrders.set(batch[position]?.event.subject, error);
      });
      for (const { event, index } of pending) results[index] ??= failedOrders.get(event.subject);
      const sent = new Set(batch.map(({ index }) => index));
      pending = pending.filter(({ event, index }) => !sent.has(index) && !failedOrders.has(event.subject));
    }
    return results;
  };
}

// One step of each order per call: a call may refuse one entry and accept the next.
function firstOfEachOrder(events: readonly IndexedEvent[]): IndexedEvent[] {
  const orders = new Set<string | undefined>();
  return events.filter(({ event }) => !orders.has(event.subject) && orders.add(event.subject));
}

/** Routes lifecycle steps to one publisher and all other events to another, and returns the results in the order of the events. */
export const channelPublisher =
  (lifecycle: Publish, bus: Publish): Publish =>
  async (events) => {
    const isStep = events.map(({ type }) => type === orderProgressed.type);
    const steps = events.filter((_, index) => isStep[index]);
    const others = events.filter((_, index) => !isStep[index]);
    const [stepResults, otherResults] = await Promise.all([
      steps.length === 0 ? [] : lifecycle(steps),
      others.length === 0 ? [] : bus(others),
    ]);
    let [nextStep, nextOther] = [0, 0];
    return isStep.map((step) => (step ? stepResults[nextStep++] : otherResults[nextOther++]));
  };

/** Replaces the `traceparent` of an event's cause, if there is one, by the event's own in the same trace. */
export function withTraceparent({ data, ...context }: CloudEvent): CloudEvent {
  const { id, subject = id } = context;
  return { ...context, traceparent: continueTrace(context.traceparent, subject, id), data };
}
