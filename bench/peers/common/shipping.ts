import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { type Guard, isRefusal, tables } from './table.ts';

const TableName = requireEnv('TABLE_NAME');

/** Follows an order's steps: how far it is, and what is to be shipped once it is confirmed. */
export async function follow({ data, time }: OrderProgressed, guard: Guard): Promise<void> {
  const { orderId, sequence, status, items } = data;
  const shipment = items === undefined ? undefined : { items, recordedAt: time };
  const parts = Object.entries({ sequence, status, shipment }).filter(([, value]) => value !== undefined);
  const update = new UpdateCommand({
    TableName,
    Key: { orderId },
    UpdateExpression: `SET ${parts.map(([name]) => `#${name} = :${name}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(parts.map(([name]) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(parts.map(([name, value]) => [`:${name}`, value])),
    ...(guard === 'once' ? { ConditionExpression: 'attribute_not_exists(orderId) OR #sequence < :sequence' } : {}),
  });
  await tables.send(update).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
  });
}
