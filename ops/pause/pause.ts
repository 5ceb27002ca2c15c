import { LambdaClient } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type ConsumerQueues, findQueues } from '../consumers.ts';
import { readQueueDepth, totalMessages } from '../queues.ts';
import type { DeployedShop } from '../stack.ts';
import { type OnProgress, reportStep } from '../steps.ts';
import { estimateDrain, readWork } from './drain.ts';
import { isDisabled, type QueueMapping, readMappings, requestSwitch, switchMappings } from './mappings.ts';
import { isSamePause, type Pause, readPause, removePause, writePause } from './record.ts';

/** A consumer as far as a pause concerns it: its record, if there is one, and the mappings of its queue. */
export type PauseState = ConsumerQueues & { queueArn: string; pause: Pause | undefined; mappings: QueueMapping[] };

export type SwitchWork = { signal?: AbortSignal | undefined; onProgress?: OnProgress };

/** Reads whether a consumer is paused, and whether it takes messages. Throws where there is no such consumer. */
export async function readPauseState(shop: DeployedShop, consumer: string): Promise<PauseState> {
  const [queues] = findQueues(shop.outputs, consumer);
  if (queues === undefined) throw new Error(`There is no consumer ${consumer}.`);
  if (queues.partner) {
    throw new Error(
      `${consumer} is a partner, whose own service reads its queue: ask its team to stop or start that; what comes meanwhile waits in it.`,
    );
  }
  const sqs = new SQSClient(shop.config);
  const [queueArn, pause] = await Promise.all([readQueueArn(sqs, queues.queueUrl), readPause(sqs, queues.queueUrl)]);
  return { ...queues, queueArn, pause, mappings: await readMappings(new LambdaClient(shop.config), queueArn) };
}

async function readQueueArn(sqs: SQSClient, QueueUrl: string): Promise<string> {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  return Attributes?.QueueArn ?? '';
}

/** Returns the pause of a consumer that takes no messages; `undefined` also where something enabled it all the same. */
export const pauseInForce = ({ pause, mappings }: Pick<PauseState, 'pause' | 'mappings'>): Pause | undefined =>
  isDisabled(mappings) ? pause : undefined;

/**
 * Returns the record that a pause for a reason makes. Of a consumer that is paused already, the reason and whoever gave it are new, and `since`
 * stays: its messages have waited since then. The record itself where the reason is the same.
 */
export function nextPause(state: PauseState, { by, reason }: Pick<Pause, 'by' | 'reason'>, now: Date): Pause {
  const current = pauseInForce(state);
  if (current?.reason === reason) return current;
  return { by, reason, since: current?.since ?? now.toISOString() };
}

/**
 * Records a pause and disables the consumer's event source mapping; returns when no more messages are taken. The record comes first, so that
 * nothing is disabled that nobody can explain, and goes again where AWS refuses to disable.
 */
export async function pauseConsumer(
  shop: DeployedShop,
  state: PauseState,
  pause: Pause,
  { signal, onProgress = () => {} }: SwitchWork = {},
): Promise<void> {
  const { consumer, queueArn, queueUrl, pause: before } = state;
  const sqs = new SQSClient(shop.config);
  const lambda = new LambdaClient(shop.config);
  const options = { consumer, queueArn, enabled: false, local: shop.local };
  if (!isSamePause(before, pause)) await writePause(sqs, queueUrl, pause);
  try {
    await requestSwitch(lambda, options);
  } catch (error) {
    await (before === undefined ? removePause(sqs, queueUrl) : writePause(sqs, queueUrl, before));
    throw error;
  }
  await reportStep(`${consumer} takes no more messages`, onProgress, () => switchMappings(lambda, options, signal));
}

/** A consumer that takes messages again: how many wait (`messages`: those in flight included), and for how long, `null` where unknown. */
export type Resumed = {
  consumer: string;
  changed: boolean;
  waiting: number;
  messages: number;
  estimatedSeconds: number | null;
};

/**
 * Enables the consumer's event source mapping, waits until it is, and then removes the record of its pause. Estimates how long the backlog takes
 * by what was measured before the pause.
 */
export async function resumeConsumer(
  shop: DeployedShop,
  { consumer, queueArn, queueUrl, pause, mappings }: PauseState,
  { signal, onProgress = () => {} }: SwitchWork = {},
): Promise<Resumed> {
  const sqs = new SQSClient(shop.config);
  const depth = await readQueueDepth(sqs, queueUrl);
  const messages = totalMessages(depth);
  const work = await readWork(shop, consumer, pause === undefined ? new Date() : new Date(pause.since));
  const estimatedSeconds = estimateDrain(messages, work, mappings[0]?.concurrency);
  const changed = pause !== undefined || !mappings.every(({ state }) => state === 'Enabled');
  const result = { consumer, changed, waiting: depth.waiting, messages, estimatedSeconds };
  if (!changed) return result;
  const options = { consumer, queueArn, enabled: true, local: shop.local };
  await reportStep(`${consumer} takes messages`, onProgress, () =>
    switchMappings(new LambdaClient(shop.config), options, signal),
  );
  if (pause !== undefined) await removePause(sqs, queueUrl);
  return result;
}
