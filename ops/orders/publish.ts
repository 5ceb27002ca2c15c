import { setTimeout as pause } from 'node:timers/promises';
import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { chunkBySize } from '../../lambdas/runtime/chunk.ts';
import type { DeployedShop } from '../stack.ts';

/** A message that the topic did not take: its place among those given, and why. */
export type FailedEntry = { index: number; code: string; message: string };

/** Sends up to ten bodies in one call and gives those that were refused. `again`: whether another try can help. */
export type SendBatch = (bodies: readonly string[]) => Promise<(FailedEntry & { retryable: boolean })[]>;

// https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html: ten messages and 256 KiB in one call.
const ENTRIES_PER_CALL = 10;
const BYTES_PER_CALL = 262_144;
const CALLS_AT_ONCE = 5;
const TRIES = 4;

/** Publishes bodies on the orders topic, as any service with the plain SDK would; gives those the topic did not take. */
export function publishOrders(shop: DeployedShop, bodies: readonly string[], client = new SNSClient(shop.config)) {
  const TopicArn = shop.output('OrdersTopicArn');
  return sendInBatches(bodies, async (ten) => {
    const { Failed = [] } = await client.send(
      new PublishBatchCommand({
        TopicArn,
        PublishBatchRequestEntries: ten.map((Message, index) => ({ Id: String(index), Message })),
      }),
    );
    return Failed.map(({ Id, Code = 'unknown', Message = '', SenderFault }) => ({
      index: Number(Id),
      code: Code,
      message: Message,
      retryable: SenderFault !== true,
    }));
  });
}

/** Sends everything in as few calls as fit, and again what was refused for no fault of ours. */
export async function sendInBatches(
  bodies: readonly string[],
  send: SendBatch,
  wait: (milliseconds: number) => Promise<unknown> = pause,
): Promise<FailedEntry[]> {
  const refused: FailedEntry[] = [];
  let waiting = bodies.map((_, index) => index);
  for (let attempt = 1; waiting.length > 0; attempt += 1) {
    const next: number[] = [];
    const queue = chunkBySize(waiting, {
      maxItems: ENTRIES_PER_CALL,
      maxBytes: BYTES_PER_CALL,
      bytesOf: (index) => Buffer.byteLength(bodies[index] ?? ''),
    });
    const work = async () => {
      for (let group = queue.shift(); group !== undefined; group = queue.shift()) {
        for (const { index: position, retryable, ...why } of await send(group.map((index) => bodies[index] ?? ''))) {
          const index = group[position];
          if (index === undefined) continue;
          if (retryable && attempt < TRIES) next.push(index);
          else refused.push({ ...why, index });
        }
      }
    };
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work));
    waiting = next;
    if (waiting.length > 0) await wait(Math.random() * 100 * 2 ** attempt);
  }
  return refused;
}
