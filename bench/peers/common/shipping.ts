import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { isConditionFailure, tables, type WriteMode } from './table.ts';

const TableName = requireEnv('TABLE_NAME');

/** Records an order's step, and what to ship once it is confirmed. */
export async function handle({ data, time }: OrderProgressed, mode: WriteMode): Promise<void> {
  const { orderId, sequence, status, items } = data;
  const shipment = items === undefined ? undefined : { items, recordedAt: time };
  const parts = Object.entries({ sequence, status, shipment }).filter(([, value]) => value !== undefined);
  const update = new UpdateCommand({
    TableName,
    Key: { orderId },
    UpdateExpression: `SET ${parts.map(([name]) => `#${name} = :${name}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(parts.map(([name]) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(parts.map(([name, value]) => [`:${name}`, value])),
    ...(mode === 'conditional'
      ? { ConditionExpression: 'attribute_not_exists(orderId) OR #sequence < :sequence' }
      : {}),
  });
  await tables.send(update).catch((error: unknown) => {
    if (!isConditionFailure(error)) throw error;
  });
}
