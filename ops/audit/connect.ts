import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { SweepTimes } from '../../lambdas/sweep/review.ts';
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

/** Reads the times by which the deployed sweep judges orders. */
export async function readSweepTimes(shop: DeployedShop): Promise<SweepTimes> {
  const FunctionName = shop.output('SweepFunctionName');
  const { Environment } = await new LambdaClient(shop.config).send(
    new GetFunctionConfigurationCommand({ FunctionName }),
  );
  const milliseconds = (name: string) => {
    const seconds = Number(Environment?.Variables?.[name]);
    if (Number.isNaN(seconds)) throw new Error(`The sweep at ${shop.where} has no ${name}: deploy it again.`);
    return seconds * 1_000;
  };
  return {
    deadlineMs: milliseconds('ORDER_DEADLINE_SECONDS'),
    reminderMs: milliseconds('REMINDER_SECONDS'),
    settleMs: milliseconds('SETTLE_SECONDS'),
  };
}
