import { GetCommand, paginateQuery, paginateScan, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import {
  SANDBOX_ENTRY_KINDS,
  SANDBOX_STATE_KEY,
  type SandboxEntry,
  type SandboxState,
} from '../../lambdas/payment/sandbox-book.ts';
import type { DeployedShop } from '../stack.ts';

/** An entry of the sandbox gateway's book; `reference` is that of a payment or an authorization which the checkout made. */
export type GatewayRecord = SandboxEntry & { orderId: string; reference?: string; time: string };

/** Tells whether the deployed shop charges through the sandbox: one that charges through a real gateway has no table of it. */
export const hasSandbox = ({ outputs }: Pick<DeployedShop, 'outputs'>): boolean =>
  outputs.SandboxGatewayTableName !== undefined;

/** Throws unless the deployed shop charges through the sandbox; `what` is what needs it, for commands that make orders up or work the sandbox. */
export function requireSandbox(shop: Pick<DeployedShop, 'outputs' | 'where'>, what: string): void {
  if (hasSandbox(shop)) return;
  throw new Error(
    `The shop at ${shop.where} charges through a real payment gateway, and ${what} is for the sandbox only: nothing was sent.`,
  );
}

function sandboxTable(shop: DeployedShop): string {
  requireSandbox(shop, 'this');
  return shop.output('SandboxGatewayTableName');
}

/** Switches the sandbox gateway off or on; while it is off, every call to it fails. */
export async function setGatewayDown(shop: DeployedShop, isGatewayDown: boolean): Promise<void> {
  await shop.documents.send(
    new UpdateCommand({
      TableName: sandboxTable(shop),
      Key: SANDBOX_STATE_KEY,
      UpdateExpression: 'SET down = :down',
      ExpressionAttributeValues: { ':down': isGatewayDown },
    }),
  );
}

/** Returns whether the sandbox gateway is down; `false` for a shop with a real gateway. */
export async function isGatewayDown(shop: DeployedShop): Promise<boolean> {
  if (!hasSandbox(shop)) return false;
  const { Item } = await shop.documents.send(
    new GetCommand({ TableName: sandboxTable(shop), Key: SANDBOX_STATE_KEY, ConsistentRead: true }),
  );
  const state: SandboxState = Item ?? {};
  return state.down === true;
}

/** Makes the gateway forget its idempotency keys, as a real one does after a day. Returns how often it has done so. */
export async function forgetIdempotencyKeys(shop: DeployedShop): Promise<number> {
  const { Attributes } = await shop.documents.send(
    new UpdateCommand({
      TableName: sandboxTable(shop),
      Key: SANDBOX_STATE_KEY,
      UpdateExpression: 'ADD keyGeneration :one',
      ExpressionAttributeValues: { ':one': 1 },
      ReturnValues: 'ALL_NEW',
    }),
  );
  return Number(Attributes?.keyGeneration);
}

/** Lists the authorizations, captures, voids and refunds of one order, or of all, oldest first. */
export async function listGatewayRecords(shop: DeployedShop, orderId?: string): Promise<GatewayRecord[]> {
  const common = { TableName: sandboxTable(shop), ConsistentRead: true };
  const config = { client: shop.documents };
  const pages =
    orderId === undefined
      ? paginateScan(config, common)
      : paginateQuery(config, {
          ...common,
          KeyConditionExpression: 'orderId = :orderId',
          ExpressionAttributeValues: { ':orderId': orderId },
        });
  const found: GatewayRecord[] = [];
  for await (const { Items = [] } of pages) {
    for (const { orderId: order, kind, amount, currency, refundId, reference, time } of Items) {
      // The gateway's own state and an order's key have no kind.
      if (!isEntryKind(kind)) continue;
      found.push({
        orderId: String(order),
        kind,
        amount: Number(amount),
        currency: String(currency),
        ...(typeof refundId === 'string' ? { refundId } : {}),
        ...(typeof reference === 'string' ? { reference } : {}),
        time: String(time),
      });
    }
  }
  return found.sort(byTime);
}

const isEntryKind = (kind: unknown): kind is SandboxEntry['kind'] =>
  SANDBOX_ENTRY_KINDS.some((known) => known === kind);

/** Compares records by time, and those of one millisecond by the sequence in which a payment may get them. */
function byTime(one: GatewayRecord, other: GatewayRecord): number {
  if (one.time !== other.time) return one.time < other.time ? -1 : 1;
  return SANDBOX_ENTRY_KINDS.indexOf(one.kind) - SANDBOX_ENTRY_KINDS.indexOf(other.kind);
}
