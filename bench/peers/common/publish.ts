import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';

const bus = new EventBridgeClient({});
const EventBusName = requireEnv('EVENT_BUS_NAME');

/** The parts of an event that its publisher chooses. */
type Parts<E extends CloudEvent> = Pick<E, 'type' | 'source' | 'id' | 'data'> & { subject: string; time: string };

/** Takes an event's own parts and gives the bare CloudEvent. */
export const cloudEvent = <E extends CloudEvent>({ type, source, id, subject, time, data }: Parts<E>) =>
  ({ specversion: '1.0', id, source, type, time, subject, datacontenttype: 'application/json', data }) as E;

/** Puts one event on the shop bus; throws when the bus did not take it. */
export async function publish(event: CloudEvent): Promise<void> {
  const { Entries = [] } = await bus.send(
    new PutEventsCommand({
      Entries: [{ EventBusName, Source: event.source, DetailType: event.type, Detail: JSON.stringify(event) }],
    }),
  );
  // PutEvents answers 200 with the refused entries marked one by one.
  if (Entries[0]?.EventId === undefined)
    throw new Error(`The bus did not take ${event.type}: ${Entries[0]?.ErrorCode}`);
}
