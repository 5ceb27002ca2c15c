import type { Notification } from '../../lambdas/notification/rules.ts';
import type { Order } from '../../lambdas/order/record.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import type { Shipment } from '../../lambdas/shipping/rules.ts';
import type { EndedSales, Reservation } from '../../lambdas/stock/record.ts';
import type { AuditTables } from '../../ops/audit/tables.ts';
import type { CountedShelf } from '../../ops/stock/shelves.ts';

/** The tables of an audit in memory: records by order id, shelves by SKU. */
export type MemoryAuditTables = {
  orders: Map<string, Order>;
  payments: Map<string, Payment>;
  reservations: Map<string, Reservation>;
  notifications: Map<string, Notification>;
  shipments: Map<string, Shipment>;
  shelves: Map<string, CountedShelf>;
  /** Lie in the table of reservations. */
  endedSales?: readonly EndedSales[];
};

/** Reads tables in memory as an audit does; `onPage` runs before each page of orders or reservations, as orders go on meanwhile. */
export function memoryAuditTables(tables: MemoryAuditTables, onPage: (table: string) => void = () => {}): AuditTables {
  return {
    async *orders() {
      for (const order of [...tables.orders.values()]) {
        onPage('orders');
        yield [order];
      }
    },
    async *orderIds(table) {
      yield [...tables[table].keys()];
    },
    async *reservations() {
      if (tables.endedSales !== undefined) yield tables.endedSales;
      for (const orderId of [...tables.reservations.keys()]) {
        onPage('reservations');
        const reservation = tables.reservations.get(orderId);
        if (reservation !== undefined) yield [reservation];
      }
    },
    shelves: async () => structuredClone(tables.shelves),
    loadOthers: async (orderIds) =>
      new Map(
        orderIds.map((orderId) => [
          orderId,
          {
            payment: tables.payments.get(orderId),
            reservation: tables.reservations.get(orderId),
            notification: tables.notifications.get(orderId),
            shipment: tables.shipments.get(orderId),
          },
        ]),
      ),
    loadOrders: async (orderIds) => new Map([...tables.orders].filter(([orderId]) => orderIds.includes(orderId))),
    progress: async () => ({}),
  };
}
