import { createHash } from 'node:crypto';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { MAX_BATCH_ENTRIES } from '../../lambdas/runtime/message-size.ts';
import { wrapReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { batchFailures, sendInBatches } from '../orders/publish.ts';
import { pacer } from '../pacer.ts';
import type { DeployedShop } from '../stack.ts';
import { readArchive } from './archive.ts';
import { createEventSelector, type ReplayCounts, type ReplaySelection, type SelectedEvent } from './select.ts';

/** Where a replay goes; `name` identifies it, and `withEffects` lets the consumer do more than complete its own record. */
export type ReplayDestination = { queueUrl: string; name: string; withEffects: boolean };

export type ReplayOptions = {
  selection: ReplaySelection;
  /** Inclusive. */
  from: Date;
  /** Exclusive. */
  until: Date;
  destination: ReplayDestination;
  /** Counts the events and sends nothing. */
  dryRun: boolean;
  /** Events per second. */
  rate: number;
  signal?: AbortSignal | undefined;
  onProgress?: (progress: ReplayProgress) => void;
};

/** How far a replay has come; one that failed is continued with `resumeFrom` as its `from`. */
export type ReplayProgress = { sent: number; resumeFrom: string };

/** Sends the selected events of the archive to one consumer, oldest first, or only counts them. */
export async function replay(
  shop: Pick<DeployedShop, 'config' | 'documents' | 'output'>,
  { selection, from, until, destination, dryRun, rate, signal, onProgress = () => {} }: ReplayOptions,
  client: Pick<SQSClient, 'send'> = new SQSClient(shop.config),
): Promise<ReplayCounts> {
  const { select, counts } = createEventSelector(selection);
  const pace = pacer(rate);
  let batch: SelectedEvent[] = [];
  let sent = 0;
  let position = from.toISOString();
  const report = () => onProgress({ sent, resumeFrom: batch[0]?.time ?? position });
  const flush = async () => {
    await pace(batch.length);
    signal?.throwIfAborted();
    await sendReplayed(client, destination, batch);
    sent += batch.length;
    batch = [];
    report();
  };
  for await (const message of readArchive(shop.documents, shop.output('ArchiveTableName'), from, until)) {
    signal?.throwIfAborted();
    position = message.time;
    const event = select(message);
    if (event !== undefined && !dryRun) batch.push(event);
    report();
    if (batch.length === MAX_BATCH_ENTRIES) await flush();
  }
  if (batch.length > 0) await flush();
  return counts;
}

/** Sends at most ten events to one queue, in the envelope of a replay; throws when the queue rejects one. */
export async function sendReplayed(
  client: Pick<SQSClient, 'send'>,
  { queueUrl, name, withEffects }: ReplayDestination,
  events: readonly SelectedEvent[],
): Promise<void> {
  // Grouped as by the lifecycle topic. The replay's name lets an event pass that the queue has seen within five minutes.
  const fifoFields = ({ id, orderId }: SelectedEvent) => ({
    MessageGroupId: orderId,
    MessageDeduplicationId: createHash('sha256').update(`${name} ${id}`).digest('hex'),
  });
  const byBody = new Map(events.map((event) => [wrapReplayed({ name, withEffects, body: event.body }), event]));
  const [rejected] = await sendInBatches([...byBody.keys()], async (bodies) => {
    const Entries = bodies.map((body, index) => {
      const event = byBody.get(body);
      const fifo = event !== undefined && queueUrl.endsWith('.fifo') ? fifoFields(event) : {};
      return { Id: String(index), MessageBody: body, ...fifo };
    });
    const { Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    return batchFailures(Failed);
  });
  if (rejected !== undefined) {
    throw new Error(`The queue refused an event: ${rejected.code} ${rejected.message}`.trim());
  }
}
