import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { Notification } from '../../lambdas/notification/rules.ts';
import { decidedShards, openAttributes } from '../../lambdas/order/open-orders.ts';
import { isDecided, type Order } from '../../lambdas/order/record.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import type { Reservation } from '../../lambdas/stock/record.ts';
import type { OrderIndex } from '../../lambdas/sweep/order-index.ts';
import type { OrderRecordsReader } from '../../lambdas/sweep/order-records.ts';
import { NOW } from './clock.ts';
import type { Rules } from './rules.ts';

/** Everything on record about the order. */
export type Records = {
  order?: Order | undefined;
  payment?: Payment | undefined;
  reservation?: Reservation | undefined;
  notification?: Notification | undefined;
};

/** What a run of the sweep says, and the order's record with its new place in the index. */
export type SweepRun = { order: Order | undefined; events: readonly CloudEvent[] };

const DAY_MS = 86_400_000;
const daysAfter = (days: number) => new Date(NOW.getTime() + days * DAY_MS);

// A run is long after whatever is on record, so that all that has a deadline has passed it.
const RUN = daysAfter(30);
const TIMES = { deadlineMs: 2 * DAY_MS, reminderMs: 0, settleMs: 600_000, phoneMs: 60 * DAY_MS, recordMs: 0 };

// A decided order is looked at once: it is then behind the sweep's progress, which stays the same here.
const PROGRESS = daysAfter(-1).toISOString();
const LOOKED_AT = daysAfter(-2).toISOString();

/** Runs the product's sweep over one order. The next run is long after this one, so that what is postponed is due again by then. */
export async function runSweep(rules: Rules, records: Records): Promise<SweepRun> {
  let { order } = records;
  const events: CloudEvent[] = [];
  const run = rules.sweeper(
    {
      async *pages(shard, since, until) {
        const { orderId, open, openSince } = order ?? {};
        if (orderId === undefined || open !== shard || openSince === undefined) return;
        if (openSince >= since.toISOString() && openSince <= until.toISOString()) yield [{ orderId, openSince }];
      },
      async moveToDue() {
        if (order !== undefined) order = { ...outOfIndex(order), ...openAttributes('due', order.orderId, NOW) };
      },
      async returnToDecided() {
        if (order === undefined) return;
        order = { ...outOfIndex(order), ...openAttributes('decided', order.orderId, new Date(LOOKED_AT)) };
      },
      readProgress: async () => Object.fromEntries(decidedShards.map((shard) => [shard, PROGRESS])),
      async writeProgress(progress) {
        const isBehind = (progress[order?.open ?? ''] ?? '') >= (order?.openSince ?? '');
        if (order !== undefined && isBehind && isLookedAtOnce(order)) order = { ...order, openSince: LOOKED_AT };
      },
    } satisfies OrderIndex,
    recordsReader(records),
    async (published) => {
      events.push(...published);
      return published.map(() => undefined);
    },
    TIMES,
    () => RUN,
  );
  await run();
  return { order, events: events.map(({ traceparent: _, ...event }) => ({ ...event, time: NOW.toISOString() })) };
}

const isLookedAtOnce = (order: Order) => isDecided(order) && decidedShards.includes(order.open ?? '');

function outOfIndex(order: Order): Order {
  const { open: _, openSince: __, reconciliations: ___, ...rest } = order;
  return rest;
}

function recordsReader({ order, payment, reservation, notification }: Records): OrderRecordsReader {
  const loadAll = <T>(orderIds: readonly string[], found: T) => new Map(orderIds.map((orderId) => [orderId, found]));
  return {
    notificationsTable: 'notifications',
    // No phone and no record ends.
    loadNotifications: async () => new Map(),
    saveContacts: async () => [],
    deleteAll: async () => 'kept',
    loadOrders: async (orderIds) => (order === undefined ? new Map() : loadAll(orderIds, order)),
    loadReservations: async (orderIds) => (reservation === undefined ? new Map() : loadAll(orderIds, reservation)),
    load: async (orderIds) => loadAll(orderIds, { order, payment, reservation, notification }),
    async *recordsToCheck(table) {
      const record = table === 'payments' ? payment : reservation;
      if (record === undefined) return;
      const { orderId, time } = record;
      yield [{ orderId, time, records: table === 'payments' ? { payment } : { reservation } }];
    },
  };
}
