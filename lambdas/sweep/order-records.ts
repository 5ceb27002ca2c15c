import { BatchExecuteStatementCommand, type DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Notification } from '../notification/rules.ts';
import type { Order } from '../order/record.ts';
import type { Payment } from '../payment/record.ts';
import { chunk } from '../runtime/chunk.ts';
import { loadRecords, toSaveResult } from '../runtime/records.ts';
import { type EndedSales, isOfOrder, type Reservation } from '../stock/record.ts';
import { deleteOrder, type TableNames } from './deletion.ts';
import type { OrderRecords } from './rules.ts';

/** A payment's or a reservation's record, and when it reached its state (ISO 8601). */
export type RecordToCheck = { orderId: string; time: string; records: OrderRecords };

// Some thousand records: a table that is read with so few pages is read whole in each run.
const SMALL_TABLE_PAGES = 2;
const STATEMENTS_PER_CALL = 25;

/** Reads what the consumers have on record about orders, and ends what is kept of them. */
export function orderRecords(tables: TableNames, client: DynamoDBDocumentClient) {
  return {
    notificationsTable: tables.notifications,

    loadNotifications: (orderIds: readonly string[]) =>
      loadRecords<Notification>(tables.notifications, orderIds, client),

    /** Writes the contacts of records that have not changed since they were read; returns each one's result. */
    async saveContacts(notifications: readonly Notification[]): Promise<('saved' | 'conflict' | Error)[]> {
      const statements = notifications.map(({ orderId, version, contact }) => ({
        Statement: `UPDATE "${tables.notifications}" SET "contact" = ? SET "version" = ? WHERE "orderId" = ? AND "version" = ?`,
        Parameters: [contact, version + 1, orderId, version],
      }));
      const results: ('saved' | 'conflict' | Error)[] = [];
      for (const Statements of chunk(statements, STATEMENTS_PER_CALL)) {
        const { Responses = [] } = await client.send(new BatchExecuteStatementCommand({ Statements }));
        results.push(...Statements.map((_, place) => toSaveResult(Responses[place])));
      }
      return results;
    },

    loadOrders: (orderIds: readonly string[]) => loadRecords<Order>(tables.orders, orderIds, client),

    loadReservations: (orderIds: readonly string[]) => loadRecords<Reservation>(tables.reservations, orderIds, client),

    /** Reads all four records of each order. */
    async load(orderIds: readonly string[]): Promise<Map<string, OrderRecords>> {
      const [byOrder, byPayment, byReservation, byNotification] = await Promise.all([
        loadRecords<Order>(tables.orders, orderIds, client),
        loadRecords<Payment>(tables.payments, orderIds, client),
        loadRecords<Reservation>(tables.reservations, orderIds, client),
        loadRecords<Notification>(tables.notifications, orderIds, client),
      ]);
      return new Map(
        orderIds.map((orderId) => [
          orderId,
          {
            order: byOrder.get(orderId),
            payment: byPayment.get(orderId),
            reservation: byReservation.get(orderId),
            notification: byNotification.get(orderId),
          },
        ]),
      );
    },

    deleteAll: (orderId: string, records: OrderRecords, now: Date) =>
      deleteOrder(client, tables, { orderId, records, now }),

    /**
     * Pages through a small table of payments or reservations as a whole, or through one of `parts` parts of a larger one. Nothing is kept
     * between runs: the first pages of a larger table are read in vain.
     */
    async *recordsToCheck(
      table: 'payments' | 'reservations',
      part: number,
      parts: number,
    ): AsyncGenerator<RecordToCheck[]> {
      const toCheck = (items: readonly Record<string, unknown>[]) =>
        table === 'payments'
          ? (items as Payment[]).map((payment) => ({ ...keyOf(payment), records: { payment } }))
          : (items as (Reservation | EndedSales)[])
              .filter(isOfOrder)
              .map((reservation) => ({ ...keyOf(reservation), records: { reservation } }));
      const scan = { TableName: tables[table] };
      const first: RecordToCheck[][] = [];
      for await (const { Items = [], LastEvaluatedKey } of paginateScan({ client }, scan)) {
        first.push(toCheck(Items));
        if (LastEvaluatedKey === undefined) return yield* first;
        if (first.length === SMALL_TABLE_PAGES) break;
      }
      for await (const { Items = [] } of paginateScan({ client }, { ...scan, Segment: part, TotalSegments: parts }))
        yield toCheck(Items);
    },
  };
}

export type OrderRecordsReader = ReturnType<typeof orderRecords>;

const keyOf = ({ orderId, time }: { orderId: string; time: string }) => ({ orderId, time });
