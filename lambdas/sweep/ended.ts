import { decidedShards } from '../order/open-orders.ts';
import { log } from '../runtime/log.ts';
import type { Progress } from './order-index.ts';
import { isOver } from './retention.ts';
import { BEGINNING, before, type Sweep } from './review.ts';
import type { OrderRecords } from './rules.ts';

// What still has something to do when its time comes is looked at again so often.
const INTERVAL_MS = 86_400_000;

/**
 * Deletes the records of the orders that were decided `recordMs` ago and have nothing left to do. Goes through the index by the moment of decision,
 * from the beginning, as what has ended is no longer in it.
 */
export async function endRecords(sweep: Sweep, progress: Progress): Promise<void> {
  const { index, times, now } = sweep;
  if (times.recordMs === 0) return;
  const done: Progress = {};
  for (const shard of decidedShards) {
    const key = `records of ${shard}`;
    const isRecent = Date.parse(progress[key] ?? '') > now.getTime() - INTERVAL_MS;
    if (!isRecent && (await endShard(sweep, shard))) done[key] = now.toISOString();
  }
  if (Object.keys(done).length > 0) await index.writeProgress(Object.assign(progress, done));
}

/** Returns whether all of a shard was looked at, and what could end did. */
async function endShard(sweep: Sweep, shard: string): Promise<boolean> {
  let isComplete = true;
  for await (const page of sweep.index.pages(shard, BEGINNING, before(sweep, sweep.times.recordMs))) {
    if (!sweep.hasTime()) return false;
    const found = await sweep.records.load(page.map(({ orderId }) => orderId));
    isComplete = (await endOrders(sweep, found)) && isComplete;
  }
  return isComplete;
}

/** Deletes the records of those of the orders whose time is over; returns whether it came to all of them, and none failed or changed meanwhile. */
export async function endOrders(sweep: Sweep, found: ReadonlyMap<string, OrderRecords>): Promise<boolean> {
  const results: ('deleted' | 'kept' | 'conflict' | Error)[] = [];
  // One after the other: two orders of one SKU add to one sum.
  const over = [...found].filter(([, records]) => isOver(records, sweep.times.recordMs, sweep.now));
  for (const [orderId, records] of over)
    if (sweep.hasTime()) results.push(await sweep.records.deleteAll(orderId, records, sweep.now));
  const deleted = results.filter((result) => result === 'deleted').length;
  if (deleted > 0) log.info(`orders whose records ended with their time: ${deleted}`);
  sweep.failures.push(...results.filter((result) => result instanceof Error));
  return results.filter((result) => result === 'deleted' || result === 'kept').length === over.length;
}
