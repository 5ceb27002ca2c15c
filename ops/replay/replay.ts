import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { MAX_BATCH_ENTRIES } from '../../lambdas/runtime/message-size.ts';
import { wrapReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { batchFailures, sendInBatches } from '../orders/publish.ts';
import { pacer } from '../pacer.ts';
import type { DeployedShop } from '../stack.ts';
import { type Archive, archiveOf, cutSpan, readArchive, type Span } from './archive.ts';
import { createEventSelector, type ReplayCounts, type ReplaySelection, type SelectedEvent } from './select.ts';

/**
 * Where a replay goes; `name` identifies it, and `withEffects` lets the consumer do more than complete its own record. A partner gets the bare
 * event, as always, with the name as an attribute: what it does with that is its own business. An endpoint of webhooks gets what its rule would
 * bring it.
 */
export type ReplayDestination = {
  queueUrl: string;
  name: string;
  withEffects: boolean;
  partner?: true;
  endpoint?: string;
};

/** The attribute by which a partner tells what was replayed, with the replay's name as its value. */
export const REPLAYED_ATTRIBUTE = 'replayed';

export type ReplayOptions = Span & {
  selection: ReplaySelection;
  destination: ReplayDestination;
  /** Counts the events and sends nothing. */
  dryRun: boolean;
  /** Events per second. */
  rate: number;
  signal?: AbortSignal | undefined;
  onProgress?: (progress: ReplayProgress) => void;
};

/** How far a replay has come; one that failed is continued with `resumeFrom` as its `from`. */
export type ReplayProgress = { read: number; selected: number; sent: number; resumeFrom: string };

/** What a replay did, and in which part of the span that was asked for the archive has anything. */
export type ReplayResult = ReplayCounts & Span;

export type ReplayClients = { archive: Pick<Archive, 'client' | 'bucket'>; queue: Pick<SQSClient, 'send'> };

const connect = (shop: Pick<DeployedShop, 'config' | 'local' | 'output'>): ReplayClients => ({
  archive: archiveOf(shop),
  queue: new SQSClient(shop.config),
});

/**
 * Sends the selected events of the archive to one consumer, oldest first, or only counts them. The signal ends it wherever it is, except
 * while events are being sent: of those it waits for the answer.
 */
export async function replay(
  shop: Pick<DeployedShop, 'config' | 'local' | 'output'>,
  { selection, from, until, destination, dryRun, rate, signal, onProgress = () => {} }: ReplayOptions,
  { archive: { client, bucket }, queue }: ReplayClients = connect(shop),
): Promise<ReplayResult> {
  const { select, counts } = createEventSelector(selection);
  const pace = pacer(rate, Date.now, (milliseconds) => sleep(milliseconds, undefined, { signal }));
  let batch: SelectedEvent[] = [];
  let [read, sent, position] = [0, 0, from.toISOString()];
  const report = () => onProgress({ read, selected: counts.count, sent, resumeFrom: batch[0]?.time ?? position });
  const flush = async () => {
    await pace(batch.length);
    signal?.throwIfAborted();
    await sendReplayed(queue, destination, batch);
    sent += batch.length;
    batch = [];
    report();
  };
  const archive = { client, bucket, signal };
  const span = await cutSpan(archive, { from, until }, new Date());
  for await (const message of readArchive(archive, span)) {
    signal?.throwIfAborted();
    read += 1;
    position = message.time;
    const event = select(message);
    if (event !== undefined && !dryRun) batch.push(event);
    report();
    if (batch.length === MAX_BATCH_ENTRIES) await flush();
  }
  if (batch.length > 0) await flush();
  return { ...counts, ...span };
}

/** Sends at most ten events to one queue, in the envelope of a replay, to a partner bare, for an endpoint in its envelope; throws when the queue rejects one. */
export async function sendReplayed(
  client: Pick<SQSClient, 'send'>,
  { queueUrl, name, withEffects, partner, endpoint }: ReplayDestination,
  events: readonly SelectedEvent[],
): Promise<void> {
  // Grouped as by the lifecycle topic. The replay's name lets an event pass that the queue has seen within five minutes.
  const fifoFields = ({ identity, orderId }: SelectedEvent) => ({
    MessageGroupId: orderId,
    MessageDeduplicationId: createHash('sha256').update(`${name} ${identity}`).digest('hex'),
  });
  const bodyOf = ({ body }: SelectedEvent) => {
    // The event stays as it is written.
    if (endpoint !== undefined) return `{"endpoint":${JSON.stringify(endpoint)},"event":${body}}`;
    return partner ? body : wrapReplayed({ name, withEffects, body });
  };
  const marked = { MessageAttributes: { [REPLAYED_ATTRIBUTE]: { DataType: 'String', StringValue: name } } };
  const byBody = new Map(events.map((event) => [bodyOf(event), event]));
  const [rejected] = await sendInBatches([...byBody.keys()], async (bodies) => {
    const Entries = bodies.map((body, index) => {
      const event = byBody.get(body);
      const fifo = event !== undefined && queueUrl.endsWith('.fifo') ? fifoFields(event) : {};
      return { Id: String(index), MessageBody: body, ...fifo, ...(partner ? marked : {}) };
    });
    const { Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    return batchFailures(Failed);
  });
  if (rejected !== undefined) {
    throw new Error(`The queue refused an event: ${rejected.code} ${rejected.message}`.trim());
  }
}
