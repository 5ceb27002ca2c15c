import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';

const bus = new EventBridgeClient({});
const EventBusName = requireEnv('EVENT_BUS_NAME');

/** Publishes one event on the bus; throws if the bus rejects it. */
export async function publish(event: CloudEvent): Promise<void> {
  const { Entries = [] } = await bus.send(
    new PutEventsCommand({
      Entries: [{ EventBusName, Source: event.source, DetailType: event.type, Detail: JSON.stringify(event) }],
    }),
  );
  // PutEvents responds with status 200 and marks rejected entries.
  if (Entries[0]?.EventId === undefined) throw new Error(`The bus rejected ${event.type}: ${Entries[0]?.ErrorCode}`);
}
