import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { continueTrace } from '../../contracts/traceparent.ts';
import { callLimits } from './call-limits.ts';
import { chunk } from './chunk.ts';
import { UnavailableError } from './failure.ts';

/** Publishes events; returns, in the same order, `undefined` for each accepted one and the error for each refused one. */
export type Publish = (events: readonly CloudEvent[]) => Promise<(Error | undefined)[]>;

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
const ENTRIES_PER_CALL = 10;

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
    const calls = chunk(events, ENTRIES_PER_CALL).map((batch) =>
      putBatch(batch).catch((error: unknown) =>
        batch.map((event) => new UnavailableError(`The bus did not take ${event.type}`, { cause: error })),
      ),
    );
    return (await Promise.all(calls)).flat();
  };
}

/** Replaces the `traceparent` of an event's cause, if there is one, by the event's own in the same trace. */
export function withTraceparent({ data, ...context }: CloudEvent): CloudEvent {
  const { id, subject = id } = context;
  return { ...context, traceparent: continueTrace(context.traceparent, subject, id), data };
}
