import { setTimeout as pause } from 'node:timers/promises';
import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import { chunkBySize } from '../../lambdas/runtime/chunk.ts';
import { MAX_BATCH_ENTRIES } from '../../lambdas/runtime/message-size.ts';
import type { DeployedShop } from '../stack.ts';

/** A message that the service rejected; `index` is its position among those that were sent. */
export type FailedEntry = { index: number; code: string; message: string };

type BatchFailure = FailedEntry & { retryable: boolean };

/** Sends the bodies of one batch call and returns those that were rejected. */
export type SendBatch = (bodies: readonly string[]) => Promise<BatchFailure[]>;

// https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
const MAX_BATCH_BYTES = 262_144;
const CONCURRENT_CALLS = 5;
const MAX_ATTEMPTS = 4;

/** Publishes bodies on the orders topic, as any service with the plain SDK would, and returns those that it rejected. */
export function publishOrders(shop: DeployedShop, bodies: readonly string[], client = new SNSClient(shop.config)) {
  const TopicArn = shop.output('OrdersTopicArn');
  return sendInBatches(bodies, async (batch) => {
    const entries = batch.map((Message, index) => ({ Id: String(index), Message }));
    const { Failed } = await client.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries }));
    return batchFailures(Failed);
  });
}

/** Converts the rejected entries of an SNS or SQS batch call whose entry ids are their positions. */
export const batchFailures = (failed: readonly Partial<BatchResultErrorEntry>[] = []): BatchFailure[] =>
  failed.map(({ Id, Code = 'unknown', Message = '', SenderFault }) => ({
    index: Number(Id),
    code: Code,
    message: Message,
    retryable: SenderFault !== true,
  }));

/** Sends everything in as few calls as fit, several at a time, and retries what was rejected for a fault of the service. */
export async function sendInBatches(
  bodies: readonly string[],
  send: SendBatch,
  wait: (milliseconds: number) => Promise<unknown> = pause,
): Promise<FailedEntry[]> {
  const failed: FailedEntry[] = [];
  let pending = bodies.map((body, index) => ({ body, index }));
  for (let attempt = 1; pending.length > 0; attempt += 1) {
    const retries: typeof pending = [];
    const batches = chunkBySize(pending, {
      maxItems: MAX_BATCH_ENTRIES,
      maxBytes: MAX_BATCH_BYTES,
      bytesOf: ({ body }) => Buffer.byteLength(body),
    });
    await forEachConcurrently(batches, async (batch) => {
      for (const { index, retryable, ...reason } of await send(batch.map(({ body }) => body))) {
        const entry = batch[index];
        if (entry === undefined) continue;
        if (retryable && attempt < MAX_ATTEMPTS) retries.push(entry);
        else failed.push({ ...reason, index: entry.index });
      }
    });
    pending = retries;
    if (pending.length > 0) await wait(Math.random() * 100 * 2 ** attempt);
  }
  return failed;
}

async function forEachConcurrently<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENT_CALLS }, worker));
}
