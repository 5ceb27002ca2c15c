import type { Notification } from '../../lambdas/notification/rules.ts';
import { openAttributes } from '../../lambdas/order/open-orders.ts';
import { isDecision, type Order } from '../../lambdas/order/record.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import type { Publish } from '../../lambdas/runtime/publish.ts';
import type { Reservation } from '../../lambdas/stock/record.ts';
import type { OrderIndex, Progress } from '../../lambdas/sweep/order-index.ts';
import type { OrderRecordsReader, RecordToCheck } from '../../lambdas/sweep/order-records.ts';
import type { RetentionTimes, SweepTimes } from '../../lambdas/sweep/review.ts';
import { sweeper } from '../../lambdas/sweep/sweep.ts';

/** The consumers' tables in memory, by order id. */
export type MemoryTables = {
  orders: Map<string, Order>;
  payments: Map<string, Payment>;
  reservations: Map<string, Reservation>;
  notifications: Map<string, Notification>;
};

const HOUR_MS = 3_600_000;
export const SWEEP_TIMES: SweepTimes & RetentionTimes = {
  deadlineMs: 48 * HOUR_MS,
  reminderMs: 0,
  settleMs: 300_000,
  phoneMs: 30 * 24 * HOUR_MS,
  recordMs: 0,
};

/** The sweep over tables in memory; `progress` is how far it has come, and `looks` the orders that it read the records of. */
export function memorySweep(
  tables: MemoryTables,
  publish: Publish,
  now: () => Date,
  times: Partial<typeof SWEEP_TIMES> = {},
) {
  const looks: string[] = [];
  const state: { progress: Progress } = { progress: {} };
  const place = (
    { orderId, open, openSince }: Pick<Order, 'orderId' | 'open' | 'openSince'>,
    change: Partial<Order>,
  ) => {
    const order = tables.orders.get(orderId);
    if (order === undefined || order.open !== open || order.openSince !== openSince) return;
    const { open: _, openSince: __, reconciliations: ___, ...kept } = order;
    tables.orders.set(orderId, { ...kept, ...change });
  };
  const index: OrderIndex = {
    async *pages(shard, since, until) {
      const isWithin = ({ open, openSince = '' }: Order) =>
        open === shard && openSince >= since.toISOString() && openSince <= until.toISOString();
      const found = [...tables.orders.values()].filter(isWithin);
      if (found.length > 0) yield found.map(({ orderId, openSince = '' }) => ({ orderId, openSince }));
    },
    moveToDue: async (order, at, reconciliations) =>
      place(order, { ...openAttributes('due', order.orderId, at), reconciliations }),
    returnToDecided: async (order) =>
      place(order, openAttributes('decided', order.orderId, new Date(order.timeline.findLast(isDecision)?.time ?? ''))),
    readProgress: async () => ({ ...state.progress }),
    writeProgress: async (shards) => {
      state.progress = shards;
    },
  };
  const records: OrderRecordsReader = {
    notificationsTable: 'notifications',
    loadNotifications: async (orderIds) => found(tables.notifications, orderIds),
    saveContacts: async (notifications) =>
      notifications.map((record) => {
        if (tables.notifications.get(record.orderId)?.version !== record.version) return 'conflict';
        tables.notifications.set(record.orderId, { ...record, version: record.version + 1 });
        return 'saved';
      }),
    // The goods of what ended are the real table's.
    deleteAll: async (orderId) => {
      const result = sweep.deletion(orderId);
      if (result === 'deleted') for (const table of Object.values(tables)) table.delete(orderId);
      return result;
    },
    loadOrders: async (orderIds) => found(tables.orders, orderIds),
    loadReservations: async (orderIds) => found(tables.reservations, orderIds),
    load: async (orderIds) => {
      looks.push(...orderIds);
      return new Map(
        orderIds.map((orderId) => [
          orderId,
          {
            order: tables.orders.get(orderId),
            payment: tables.payments.get(orderId),
            reservation: tables.reservations.get(orderId),
            notification: tables.notifications.get(orderId),
          },
        ]),
      );
    },
    async *recordsToCheck(table) {
      const all: RecordToCheck[] =
        table === 'payments'
          ? [...tables.payments.values()].map((payment) => ({ ...payment, records: { payment } }))
          : [...tables.reservations.values()].map((reservation) => ({ ...reservation, records: { reservation } }));
      yield all;
    },
  };
  const sweep = {
    run: sweeper(index, records, publish, { ...SWEEP_TIMES, ...times }, now),
    looks,
    state,
    /** What becomes of the deletion of an order's records. */
    deletion: (_orderId: string): 'deleted' | 'conflict' | Error => 'deleted',
  };
  return sweep;
}

const found = <R>(table: ReadonlyMap<string, R>, orderIds: readonly string[]) =>
  new Map([...table].filter(([orderId]) => orderIds.includes(orderId)));
