import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { SANDBOX_STATE_KEY } from '../../lambdas/payment/sandbox-book.ts';
import { output } from '../deployed/deployed-shop.ts';
import type { ApiCall } from '../harness/protocol.ts';
import { connection } from './deployed-functions.ts';

const tables = DynamoDBDocumentClient.from(new DynamoDBClient(connection()));

/** Makes the gateway forget all idempotency keys, as Stripe may after 24 hours: a call it had answered charges again. */
export async function forgetKeys(): Promise<void> {
  const Item = { ...SANDBOX_STATE_KEY, down: false, keyGeneration: Math.floor(Math.random() * 1e9) };
  await tables.send(new PutCommand({ TableName: output('SandboxGatewayTableName'), Item }));
}

type TransactItem = Record<string, { TableName?: string }>;

/** True for the calls by which the sandbox gateway moves money: it holds, takes, lets go of, or gives back. */
export const isMovement = ({ operation, body }: ApiCall): boolean => {
  const table = output('SandboxGatewayTableName');
  if (operation === 'PutItem') return body.TableName === table;
  const items = operation === 'TransactWriteItems' ? (body.TransactItems as TransactItem[]) : [];
  return items.some((item) => Object.values(item).some(({ TableName }) => TableName === table));
};
