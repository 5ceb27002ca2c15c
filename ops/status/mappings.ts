import { type LambdaClient, paginateListEventSourceMappings } from '@aws-sdk/client-lambda';

/** Takes a queue's address or ARN and gives its name. */
export const queueName = (url: string): string => /[^/:]*$/.exec(url)?.[0] ?? '';

/** What hands a queue's messages to its function, and whether it does. */
export type EventSourceMapping = { uuid: string; on: boolean };

/** Gives, by queue name, whether the queue's messages are handed to a function at present. */
export async function eventSourceMappings(client: LambdaClient): Promise<Map<string, EventSourceMapping>> {
  const found = new Map<string, EventSourceMapping>();
  for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client }, {})) {
    for (const { UUID = '', State = '', EventSourceArn = '' } of EventSourceMappings) {
      found.set(queueName(EventSourceArn), { uuid: UUID, on: !['Disabled', 'Disabling'].includes(State) });
    }
  }
  return found;
}
