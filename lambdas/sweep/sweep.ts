import type { Context } from 'aws-lambda';
import { orderReminderDue } from '../../contracts/order.ts';
import { deadlineShards, decidedShards, dueShards, unremindedShards, untilShards } from '../order/open-orders.ts';
import { isDecided } from '../order/record.ts';
import { log } from '../runtime/log.ts';
import type { Publish } from '../runtime/publish.ts';
import { checkRecords } from './check.ts';
import { endRecords } from './ended.ts';
import type { OrderIndex, Progress } from './order-index.ts';
import type { OrderRecordsReader } from './order-records.ts';
import { lookAfterParked, type Parking } from './parking.ts';
import { forgetPhones } from './phones.ts';
import {
  BEGINNING,
  before,
  publishAll,
  publishFor,
  type RetentionTimes,
  reconcile,
  type Sweep,
  type SweepTimes,
  sweepEvent,
} from './review.ts';
import { messageForUndecided } from './rules.ts';

/** How many orders a run found past their deadline, to be reminded of, and owing something. */
export type SweepResult = { found: number; reminded: number; owing: number };

// How far the clocks of two functions may be apart, so that no decision is noted behind where the sweep has been.
const CLOCK_TOLERANCE_MS = 600_000;
// What was not looked at is left to the next run, which begins where this one wrote that it ended.
const RESERVE_MS = 20_000;

/**
 * Builds the function that brings every order to its end: it has undecided ones cancelled at their deadline, has customers told of a delay, and
 * has a decision published again that payment, stock or notification has not heard. Every message goes through `order`. It ends what is kept of
 * an order no longer than `times` says, and looks after the parked letters once a day. Throws the first error after everything was attempted.
 */
export function sweeper(
  index: OrderIndex,
  records: OrderRecordsReader,
  publish: Publish,
  times: SweepTimes & RetentionTimes,
  now: () => Date = () => new Date(),
  parking?: Parking,
) {
  return async (_event?: unknown, context?: Pick<Context, 'getRemainingTimeInMillis'>): Promise<SweepResult> => {
    const hasTime = () => context === undefined || context.getRemainingTimeInMillis() > RESERVE_MS;
    const sweep: Sweep = { index, records, publish, times, now: now(), failures: [], hasTime };
    const found = await cancelOverdue(sweep);
    const reminded = await remind(sweep);
    const progress = await index.readProgress();
    const owing = (await reconcileDue(sweep)) + (await reconcileDecided(sweep, progress)) + (await checkRecords(sweep));
    await forgetPhones(sweep, progress);
    if (parking !== undefined) await lookAtParked(sweep, parking, progress);
    await endRecords(sweep, progress);
    log.info(`orders past their deadline: ${found}, to be reminded of: ${reminded}, that owe something: ${owing}`);
    // The next run finds what could not be published again.
    if (sweep.failures[0] !== undefined) throw sweep.failures[0];
    return { found, reminded, owing };
  };
}

/** Handles the undecided orders past their deadline, or past the `until` of their awaited payment. */
async function cancelOverdue(sweep: Sweep): Promise<number> {
  const { index, times, now } = sweep;
  const shards = [
    ...deadlineShards.map((shard) => ({ shard, until: before(sweep, times.deadlineMs) })),
    ...untilShards.map((shard) => ({ shard, until: now })),
  ];
  let count = 0;
  for (const { shard, until } of shards) {
    for await (const page of index.pages(shard, BEGINNING, until)) {
      if (!sweep.hasTime()) return count;
      const records = await sweep.records.load(page.map(({ orderId }) => orderId));
      const messages = [...records].flatMap(([orderId, found]) =>
        found.order === undefined || isDecided(found.order)
          ? []
          : [{ orderId, message: messageForUndecided(orderId, found, true, now) }],
      );
      count += messages.length;
      await publishFor(sweep, messages);
    }
  }
  return count;
}

/** Has the customers told whose orders take long. Those past the deadline are cancelled, and need no reminder. */
async function remind(sweep: Sweep): Promise<number> {
  const { index, times } = sweep;
  if (times.reminderMs === 0) return 0;
  let count = 0;
  for (const shard of unremindedShards) {
    for await (const page of index.pages(shard, before(sweep, times.deadlineMs), before(sweep, times.reminderMs))) {
      count += page.length;
      await publishAll(
        sweep,
        page.map(({ orderId }) => sweepEvent(sweep, orderReminderDue, { orderId })),
      );
    }
  }
  return count;
}

/** Looks again at the orders that owed something, and at those that were only learnt from a replay. */
async function reconcileDue(sweep: Sweep): Promise<number> {
  let count = 0;
  for (const shard of dueShards) {
    for await (const page of sweep.index.pages(shard, BEGINNING, sweep.now)) {
      if (!sweep.hasTime()) return count;
      count += (await reconcile(sweep, page)).owing;
    }
  }
  return count;
}

/** Looks at every decided order once (and again within the tolerance of the clocks), when all should have heard of the decision. */
async function reconcileDecided(sweep: Sweep, progress: Progress): Promise<number> {
  const { index, times } = sweep;
  const until = before(sweep, times.settleMs);
  let count = 0;
  for (const shard of decidedShards) {
    let isComplete = true;
    const last = progress[shard];
    const since = last === undefined ? BEGINNING : new Date(Date.parse(last) - CLOCK_TOLERANCE_MS);
    for await (const page of index.pages(shard, since, until)) {
      isComplete = sweep.hasTime();
      if (!isComplete) break;
      const { owing, failed } = await reconcile(sweep, page);
      count += owing;
      isComplete = !failed;
      if (failed) break;
      progress[shard] = page.at(-1)?.openSince ?? progress[shard] ?? until.toISOString();
    }
    if (isComplete) progress[shard] = until.toISOString();
  }
  await index.writeProgress(progress);
  return count;
}

// No shard has such a name.
const PARKED = 'parked letters';

async function lookAtParked(sweep: Sweep, parking: Parking, progress: Progress): Promise<void> {
  const last = progress[PARKED];
  const looked = await lookAfterParked(parking, sweep, last);
  if (looked !== undefined && looked !== last)
    await sweep.index.writeProgress(Object.assign(progress, { [PARKED]: looked }));
}
