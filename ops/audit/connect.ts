import type { DeployedShop } from '../stack.ts';
import { type PacedClient, pacedClient } from './paced-client.ts';
import { type AuditTables, auditTables } from './tables.ts';

/** The tables of a deployed shop; `consumed`: read units so far. Throws a sentence where the deployment is too old to have one of them. */
export function connectTables(
  shop: DeployedShop,
  unitsPerSecond: number,
): { tables: AuditTables; consumed: PacedClient['consumed'] } {
  const names = {
    orders: shop.output('OrdersTableName'),
    payments: shop.output('PaymentsTableName'),
    reservations: shop.output('ReservationsTableName'),
    notifications: shop.output('NotificationsTableName'),
    shipments: shop.output('ShipmentsTableName'),
    shelves: shop.output('StockTableName'),
  };
  const { client, consumed } = pacedClient(shop.config, unitsPerSecond);
  return { tables: auditTables(names, client), consumed };
}
