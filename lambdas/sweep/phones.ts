import { decidedShards } from '../order/open-orders.ts';
import { forgetContacts } from './contacts.ts';
import type { Progress } from './order-index.ts';
import { BEGINNING, before, type Sweep } from './review.ts';

// A run looks at a shard again when so much has come to its end, and at so many pages of it: not all shards in each run, nor a backlog at once.
const INTERVAL_MS = 3_600_000;
const PAGES_PER_RUN = 25;

/**
 * Removes the phones of the orders that were decided `phoneMs` ago from their records. Goes through the index by the moment of decision, for each
 * notifications table anew: one that was put back has phones again.
 */
export async function forgetPhones(sweep: Sweep, progress: Progress): Promise<void> {
  const { index, records, times } = sweep;
  const until = before(sweep, times.phoneMs);
  const reached: Progress = {};
  for (const shard of decidedShards) {
    const key = `phones in ${records.notificationsTable}: ${shard}`;
    const since = progress[key] === undefined ? BEGINNING : new Date(progress[key]);
    if (until.getTime() - since.getTime() < INTERVAL_MS) continue;
    const last = await forgetBetween(sweep, shard, since, until);
    if (last !== undefined) reached[key] = last;
  }
  if (Object.keys(reached).length > 0) await index.writeProgress(Object.assign(progress, reached));
}

/** Returns how far it came (ISO 8601); `undefined` where nothing was done. */
async function forgetBetween(sweep: Sweep, shard: string, since: Date, until: Date): Promise<string | undefined> {
  let reached: string | undefined;
  let pages = 0;
  for await (const page of sweep.index.pages(shard, since, until)) {
    if (pages === PAGES_PER_RUN || !sweep.hasTime()) return reached;
    const found = await sweep.records.loadNotifications(page.map(({ orderId }) => orderId));
    if (await forgetContacts(sweep, [...found.values()])) return reached;
    reached = page.at(-1)?.openSince ?? reached;
    pages += 1;
  }
  return until.toISOString();
}
