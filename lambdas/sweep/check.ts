import { isDue } from '../order/open-orders.ts';
import { decidedAt, isDecided, type Order } from '../order/record.ts';
import { chunk } from '../runtime/chunk.ts';
import { forgetContacts } from './contacts.ts';
import { endOrders } from './ended.ts';
import type { RecordToCheck } from './order-records.ts';
import { isOver } from './retention.ts';
import { before, publishFor, reconcile, type Sweep } from './review.ts';
import { disagrees, isHeld, messageForUnknown } from './rules.ts';
import { changedAt, toldAt } from './settled.ts';

/** All records are checked once a day, a part in each run. */
const PARTS_PER_DAY = 288;
const PART_MS = 86_400_000 / PARTS_PER_DAY;
const ORDERS_PER_CHECK = 100;

/** Checks a part of all payments and reservations against the orders: a table may have been put back, and `order` may never have heard of some. */
export async function checkRecords(sweep: Sweep): Promise<number> {
  const part = Math.floor(sweep.now.getTime() / PART_MS) % PARTS_PER_DAY;
  let count = 0;
  for (const table of ['payments', 'reservations'] as const) {
    for await (const page of sweep.records.recordsToCheck(table, part, PARTS_PER_DAY)) {
      for (const group of chunk(page, ORDERS_PER_CHECK)) {
        if (!sweep.hasTime()) return count;
        count += await check(sweep, group);
      }
    }
  }
  return count;
}

async function check(sweep: Sweep, page: readonly RecordToCheck[]): Promise<number> {
  const { times } = sweep;
  const isOld = (time: string | undefined, ageMs: number) =>
    time !== undefined && new Date(time) < before(sweep, ageMs);
  const old = page.filter(({ records: { payment, reservation } }) =>
    [payment, reservation].every((one) => one === undefined || isOld(changedAt(one), times.settleMs)),
  );
  const orders = await sweep.records.loadOrders(old.map(({ orderId }) => orderId));
  const unsold = await withoutReservation(sweep, old, orders);
  const known = old.filter(({ orderId, records }) => {
    const order = orders.get(orderId);
    if (order === undefined || isDue(order.open) || !isOld(toldAt(order), times.settleMs)) return false;
    return disagrees(order, records) || unsold.has(orderId);
  });
  const { owing } = await reconcile(sweep, known);
  await index(sweep, [...orders.values()].filter(isUnindexed));
  const unknown = await withoutEnded(
    sweep,
    old.filter(({ orderId }) => !orders.has(orderId)),
  );
  const messages = [...(await sweep.records.load(unknown.map(({ orderId }) => orderId)))].flatMap(
    ([orderId, records]) => {
      if (records.order !== undefined) return [];
      const { payment, reservation } = records;
      const isOverdue = [payment, reservation].every((one) => one === undefined || isOld(one.time, times.deadlineMs));
      const message = messageForUnknown(orderId, records, isOverdue, sweep.now);
      return message === undefined ? [] : [{ orderId, message }];
    },
  );
  await publishFor(sweep, messages);
  return owing + messages.length;
}

/** Ends what is left of orders that have ended, as a table that was put back has it again; returns the others for which money or goods are held. */
async function withoutEnded(sweep: Sweep, unknown: readonly RecordToCheck[]): Promise<readonly RecordToCheck[]> {
  const { records, times, now } = sweep;
  const over = new Set(
    unknown.flatMap(({ orderId, records: found }) => (isOver(found, times.recordMs, now) ? [orderId] : [])),
  );
  if (over.size > 0) await endOrders(sweep, await records.load([...over]));
  return unknown.filter(({ orderId, records: found }) => !over.has(orderId) && isHeld(found));
}

// Versions before 0.3.0 took an order out of the index with its decision.
const isUnindexed = (order: Order): boolean =>
  order.open === undefined && isDecided(order) && decidedAt(order) !== undefined;

/** Puts decided orders where those of their moment are, and ends the phones of those that nothing will come by any more. */
async function index(sweep: Sweep, orders: readonly Order[]): Promise<void> {
  const until = before(sweep, sweep.times.phoneMs).toISOString();
  const old = orders.filter((order) => (decidedAt(order) ?? until) < until).map(({ orderId }) => orderId);
  const notifications = old.length === 0 ? new Map() : await sweep.records.loadNotifications(old);
  if (await forgetContacts(sweep, [...notifications.values()])) return;
  await Promise.all(orders.map((order) => sweep.index.returnToDecided(order)));
}

/** Returns the confirmed orders of these payments that stock knows nothing of: its table was put back to before them. */
async function withoutReservation(
  { records }: Sweep,
  page: readonly RecordToCheck[],
  orders: ReadonlyMap<string, Order>,
): Promise<Set<string>> {
  const confirmed = page.flatMap(({ orderId, records: { payment } }) =>
    payment !== undefined && orders.get(orderId)?.status === 'CONFIRMED' ? [orderId] : [],
  );
  const reservations = await records.loadReservations(confirmed);
  return new Set(confirmed.filter((orderId) => !reservations.has(orderId)));
}
