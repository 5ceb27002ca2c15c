import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { continueTrace } from '../../contracts/traceparent.ts';
import { chunk } from './chunk.ts';
import { UnavailableError } from './failure.ts';

/** Publishes events and gives, in the same order, `undefined` for each one accepted or the error for each one refused. */
export type Publish = (events: readonly CloudEvent[]) => Promise<(Error | undefined)[]>;

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
const ENTRIES_PER_CALL = 10;

/** Takes a bus's name and gives a `Publish` that puts the bare CloudEvent on it as `detail`, its type as `detail-type`. */
export function busPublisher(busName: string, client = new EventBridgeClient({})): Publish {
  const putTen = async (events: readonly CloudEvent[]) => {
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
    const calls = chunk(events, ENTRIES_PER_CALL).map((ten) =>
      putTen(ten).catch((error: unknown) =>
        ten.map((event) => new UnavailableError(`The bus did not take ${event.type}`, { cause: error })),
      ),
    );
    return (await Promise.all(calls)).flat();
  };
}

/** Takes an event with the `traceparent` of what led to it, if anything did, and gives it with its own. */
export function withTraceparent({ data, ...context }: CloudEvent): CloudEvent {
  const { id, subject = id } = context;
  return { ...context, traceparent: continueTrace(context.traceparent, subject, id), data };
}
