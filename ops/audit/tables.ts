import { type DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Notification } from '../../lambdas/notification/rules.ts';
import type { Order } from '../../lambdas/order/record.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import { loadRecords } from '../../lambdas/runtime/records.ts';
import type { Shipment } from '../../lambdas/shipping/rules.ts';
import type { EndedSales, Reservation } from '../../lambdas/stock/record.ts';
import { orderIndex, type Progress } from '../../lambdas/sweep/order-index.ts';
import type { CountedShelf } from '../stock/shelves.ts';
import type { AuditRecords } from './problem.ts';

export type AuditTableNames = Record<
  'orders' | 'payments' | 'reservations' | 'notifications' | 'shipments' | 'shelves',
  string
>;

/** What an audit reads. */
export type AuditTables = {
  /** Pages through all orders. */
  orders(): AsyncIterable<readonly Order[]>;
  /** Pages through the ids of all orders that a consumer has on record. */
  orderIds(table: 'payments' | 'notifications' | 'shipments'): AsyncIterable<readonly string[]>;
  /** Pages through all reservations and receipts, and what ended orders sold. */
  reservations(): AsyncIterable<readonly (Reservation | EndedSales)[]>;
  shelves(): Promise<Map<string, CountedShelf>>;
  /** Reads what is on record about orders besides their own records; a first look may be some milliseconds old. */
  loadOthers(orderIds: readonly string[], consistent: boolean): Promise<Map<string, Omit<AuditRecords, 'order'>>>;
  /** Reads orders consistently. */
  loadOrders(orderIds: readonly string[]): Promise<Map<string, Order>>;
  /** Reads how far the sweep has come. */
  progress(): Promise<Progress>;
};

// A page of this many records takes about a tenth of what one partition gives in a second.
const PAGE_SIZE = 500;

/** Builds the tables of an audit on DynamoDB. */
export function auditTables(names: AuditTableNames, client: DynamoDBDocumentClient): AuditTables {
  const scan = async function* (TableName: string) {
    for await (const { Items = [] } of paginateScan({ client, pageSize: PAGE_SIZE }, { TableName })) yield Items;
  };
  return {
    async *orders() {
      // How far the sweep has come is kept among the orders.
      for await (const page of scan(names.orders)) yield (page as Order[]).filter(({ timeline }) => timeline);
    },
    async *orderIds(table) {
      // The texts of a number are counted among the notifications.
      for await (const page of scan(names[table]))
        yield page.flatMap(({ orderId, version }) => (version === undefined ? [] : [String(orderId)]));
    },
    async *reservations() {
      for await (const page of scan(names.reservations)) yield page as (Reservation | EndedSales)[];
    },
    async shelves() {
      const found = new Map<string, CountedShelf>();
      for await (const { Items = [] } of paginateScan({ client }, { TableName: names.shelves, ConsistentRead: true }))
        for (const shelf of Items as CountedShelf[]) found.set(shelf.sku, shelf);
      return found;
    },
    async loadOthers(orderIds, consistent) {
      const load = <R extends { orderId: string }>(table: string) =>
        loadRecords<R>(table, orderIds, client, consistent);
      const [payments, reservations, notifications, shipments] = await Promise.all([
        load<Payment>(names.payments),
        load<Reservation>(names.reservations),
        load<Notification>(names.notifications),
        load<Shipment>(names.shipments),
      ]);
      return new Map(
        orderIds.map((orderId) => [
          orderId,
          {
            payment: payments.get(orderId),
            reservation: reservations.get(orderId),
            notification: notifications.get(orderId),
            shipment: shipments.get(orderId),
          },
        ]),
      );
    },
    loadOrders: (orderIds) => loadRecords<Order>(names.orders, orderIds, client),
    progress: () => orderIndex(names.orders, client).readProgress(),
  };
}
