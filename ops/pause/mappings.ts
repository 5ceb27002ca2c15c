import {
  type LambdaClient,
  paginateListEventSourceMappings,
  ResourceInUseException,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { pollUntil } from '../poll.ts';

/** An event source mapping of a queue; `concurrency` is how many batches it hands out at once, at most. */
export type QueueMapping = { uuid: string; state: string; concurrency: number | undefined };

export type SwitchOptions = { consumer: string; queueArn: string; enabled: boolean; local: boolean };

// Lambda needs up to a minute until none of its pollers takes a message any more.
const TIMEOUT_MS = 180_000;
const POLL_MS = { local: 200, aws: 2_000 };
/** Otherwise the mapping is changing, and Lambda refuses another change. */
const SETTLED = ['Enabled', 'Disabled'];

export const isDisabled = (mappings: readonly QueueMapping[]): boolean =>
  mappings.length > 0 && mappings.every(({ state }) => state === 'Disabled');

/** Reads the event source mappings of a queue. */
export async function readMappings(client: LambdaClient, EventSourceArn: string): Promise<QueueMapping[]> {
  const found: QueueMapping[] = [];
  for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client }, { EventSourceArn })) {
    for (const { UUID: uuid = '', State: state = 'unknown', ScalingConfig } of EventSourceMappings)
      found.push({ uuid, state, concurrency: ScalingConfig?.MaximumConcurrency });
  }
  return found;
}

/** Asks Lambda to enable or disable the mappings of a queue that are settled otherwise. Throws a sentence where the queue has none. */
export async function requestSwitch(
  client: LambdaClient,
  { consumer, queueArn, enabled }: SwitchOptions,
): Promise<QueueMapping[]> {
  const mappings = await readMappings(client, queueArn);
  if (mappings.length === 0) {
    throw new Error(
      `The queue of ${consumer} has no event source mapping, so nothing takes its messages: put it back as the template has it.`,
    );
  }
  for (const { uuid, state } of mappings) {
    if (!SETTLED.includes(state) || state === stateOf(enabled)) continue;
    await client.send(new UpdateEventSourceMappingCommand({ UUID: uuid, Enabled: enabled })).catch((error: unknown) => {
      if (!(error instanceof ResourceInUseException)) throw error;
    });
  }
  return mappings;
}

/**
 * Enables or disables the mappings of a queue and waits until they are. Only a mapping that is `Disabled` takes no more messages; one that is
 * `Disabling` still may. Throws a sentence where that takes longer than three minutes, and when the signal is aborted.
 */
export async function switchMappings(
  client: LambdaClient,
  options: SwitchOptions,
  signal?: AbortSignal,
): Promise<void> {
  const { consumer, enabled, local } = options;
  const wanted = stateOf(enabled);
  const last = await pollUntil(
    () => requestSwitch(client, options),
    (mappings) => mappings.every(({ state }) => state === wanted),
    { deadline: Date.now() + TIMEOUT_MS, intervalMs: local ? POLL_MS.local : POLL_MS.aws, signal },
  );
  const late = last.find(({ state }) => state !== wanted);
  if (late === undefined) return;
  throw new Error(
    `The event source mapping of ${consumer} is still ${late.state} after ${TIMEOUT_MS / 60_000} minutes: run this again, it goes on waiting.`,
  );
}

const stateOf = (enabled: boolean) => (enabled ? 'Enabled' : 'Disabled');
