import { BatchGetCommand, DeleteCommand } from '@aws-sdk/lib-dynamodb';
import type { EndpointRecord } from '../../lambdas/webhooks/endpoint-record.ts';
import type { DeployedShop } from '../stack.ts';

type Table = Pick<DeployedShop, 'documents' | 'output'>;

/** Reads what the function has noted of endpoints that do not answer as they should, by name; most have no record. */
export async function readRecords(
  shop: Table,
  endpoints: readonly string[],
): Promise<ReadonlyMap<string, EndpointRecord>> {
  const TableName = shop.output('WebhooksTableName');
  // There are at most 20, and one call reads 100.
  const Keys = endpoints.map((endpoint) => ({ endpoint }));
  const { Responses } = await shop.documents.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys } } }));
  const records = (Responses?.[TableName] ?? []) as EndpointRecord[];
  return new Map(records.map((record) => [record.endpoint, record]));
}

/** Forgets that an endpoint failed, so that it is called again. */
export async function forgetRecord(shop: Table, endpoint: string): Promise<void> {
  await shop.documents.send(new DeleteCommand({ TableName: shop.output('WebhooksTableName'), Key: { endpoint } }));
}
