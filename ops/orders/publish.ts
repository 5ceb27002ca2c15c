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

export type SendOptions = {
  /** Ends the sending after the calls under way. */
  signal?: AbortSignal | undefined;
  /** Called after each call with the positions of those that it took. */
  onAccepted?: (indexes: readonly number[]) => void;
  wait?: (milliseconds: number) => Promise<unknown>;
};

/**
 * Publishes bodies on the orders topic, as any service with the plain SDK would, and returns those that it rejected. Throws like
 * `sendInBatches`.
 */
export function publishOrders(
  shop: DeployedShop,
  bodies: readonly string[],
  { client = new SNSClient(shop.config), ...options }: SendOptions & { client?: SNSClient } = {},
): Promise<FailedEntry[]> {
  const TopicArn = shop.output('OrdersTopicArn');
  const send: SendBatch = async (batch) => {
    const entries = batch.map((Message, index) => ({ Id: String(index), Message }));
    const { Failed } = await client.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries }));
    return batchFailures(Failed);
  };
  return sendInBatches(bodies, send, options);
}

/** Converts the rejected entries of an SNS or SQS batch call whose entry ids are their positions. */
export const batchFailures = (failed: readonly Partial<BatchResultErrorEntry>[] = []): BatchFailure[] =>
  failed.map(({ Id, Code = 'unknown', Message = '', SenderFault }) => ({
    index: Number(Id),
    code: Code,
    message: Message,
    retryable: SenderFault !== true,
  }));

/**
 * Sends everything in as few calls as fit, several at a time, and retries what was rejected for a fault of the service. Throws what `send`
 * throws and when the signal is aborted, but not before the calls under way have ended: what was accepted is known in any case.
 */
export async function sendInBatches(
  bodies: readonly string[],
  send: SendBatch,
  { signal, onAccepted = () => {}, wait = pause }: SendOptions = {},
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
      signal?.throwIfAborted();
      const failures = await send(batch.map(({ body }) => body));
      for (const { index, retryable, ...reason } of failures) {
        const entry = batch[index];
        if (entry === undefined) continue;
        if (retryable && attempt < MAX_ATTEMPTS) retries.push(entry);
        else failed.push({ ...reason, index: entry.index });
      }
      const isRejected = (position: number) => failures.some(({ index }) => index === position);
      onAccepted(batch.filter((_, position) => !isRejected(position)).map(({ index }) => index));
    });
    pending = retries;
    if (pending.length > 0) await wait(Math.random() * 100 * 2 ** attempt);
  }
  return failed;
}

/** Begins nothing new after the first error, and throws it when what was begun has ended. */
async function forEachConcurrently<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      await work(item).catch((error: unknown) => {
        queue.length = 0;
        throw error;
      });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: CONCURRENT_CALLS }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
