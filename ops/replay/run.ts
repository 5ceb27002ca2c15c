import { SQSClient } from '@aws-sdk/client-sqs';
import { pacer } from '../pacer.ts';
import { printNotice } from '../progress.ts';
import type { DeployedShop } from '../stack.ts';
import { readArchive } from './archive.ts';
import { createEventSelector, type ReplayCounts, type ReplaySelection, type SelectedEvent } from './choose.ts';
import { type Destination, sendReplayed } from './send.ts';

/** A replay: which events, from when (inclusive) until when (exclusive), and to whom; `rate` is events a second. */
export type Replay = {
  wanted: ReplaySelection;
  from: Date;
  until: Date;
  destination: Destination;
  dryRun: boolean;
  rate: number;
  signal?: AbortSignal | undefined;
};

const ENTRIES_PER_CALL = 10;

/** Sends the chosen events of the archive to one consumer, oldest first, or only counts them. */
export async function replay(
  shop: DeployedShop,
  { wanted, from, until, destination, dryRun, rate, signal }: Replay,
): Promise<ReplayCounts> {
  const { choose, tally } = createEventSelector(wanted);
  const client = new SQSClient(shop.config);
  const pace = pacer(rate);
  let waiting: SelectedEvent[] = [];
  let sent = 0;
  let reached = from.toISOString();
  const send = async () => {
    await pace(waiting.length);
    signal?.throwIfAborted();
    await sendReplayed(client, destination, waiting);
    sent += waiting.length;
    waiting = [];
  };
  try {
    for await (const kept of readArchive(shop.documents, shop.output('ArchiveTableName'), from, until)) {
      signal?.throwIfAborted();
      reached = kept.time;
      const chosen = choose(kept);
      if (chosen === undefined || dryRun) continue;
      waiting.push(chosen);
      if (waiting.length === ENTRIES_PER_CALL) await send();
    }
    if (waiting.length > 0) await send();
  } catch (error) {
    if (!dryRun) printNotice(`${sent} events were sent; the rest follows with --from ${waiting[0]?.time ?? reached}.`);
    throw error;
  }
  return tally;
}
