import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, QueryCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { Money } from '../../contracts/money.ts';
import { UnavailableError } from '../runtime/failure.ts';
import type { Fence } from '../runtime/fence.ts';
import { documentClient } from '../runtime/records.ts';

/** The key of the item that holds the sandbox's state. No order's id has a space. */
export const SANDBOX_STATE_KEY = { orderId: 'sandbox state', entry: 'state' };

/**
 * The sandbox's state, set by operators and tests. `down`: every call fails. `keyGeneration`: a new number makes the sandbox
 * forget its idempotency keys.
 */
export type SandboxState = { down?: boolean; keyGeneration?: number };

/** The kinds of entries in the sandbox's book, in the sequence in which a payment may get them. */
export const SANDBOX_ENTRY_KINDS = ['authorization', 'capture', 'void', 'refund'] as const;

/** What the sandbox writes into its book: one entry for each movement of money. */
export type SandboxEntry = { kind: (typeof SANDBOX_ENTRY_KINDS)[number]; refundId?: string } & Money;

/** Where an order's payment stands; every movement is made on condition of it. A lapsed authorization can be neither captured nor voided. */
export type Standing = 'held' | 'lapsed' | 'captured' | 'closed';

/** The item that serializes what is done for an order. It is no entry of the book. */
export type KeyItem = { standing?: Standing; reference?: string; isDisputed?: boolean };

const KEY_ENTRY = 'key';

/** An entry that has not been written yet. */
type NewEntry = { id: string; entry: SandboxEntry; reference?: string | undefined };

/** The sandbox's table: its state, and for each order a key and the entries of what was done. */
export function sandboxBook(table: string, client = documentClient(), now = () => new Date()) {
  const readState = async ({ signal }: Fence): Promise<Required<SandboxState>> => {
    const command = new GetCommand({ TableName: table, Key: SANDBOX_STATE_KEY, ConsistentRead: true });
    const { Item } = await client.send(command, { abortSignal: signal });
    if (Item?.down === true) throw new UnavailableError('The payment gateway is down');
    return { down: false, keyGeneration: 0, ...Item };
  };

  const read = async (orderId: string, { signal }: Fence) => {
    const command = new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'orderId = :orderId',
      ExpressionAttributeValues: { ':orderId': orderId },
      ConsistentRead: true,
    });
    const { Items = [] } = await client.send(command, { abortSignal: signal });
    const key: KeyItem = Items.find(({ entry }) => entry === KEY_ENTRY) ?? {};
    // The table is written by this file only, so what has a kind is an entry.
    const entries = Items.filter(({ kind }) => kind !== undefined) as (SandboxEntry & {
      entry: string;
      reference?: string;
    })[];
    return { key, entries };
  };

  const put = (orderId: string, { id, entry, reference }: NewEntry) => ({
    TableName: table,
    Item: { orderId, entry: id, ...entry, reference, time: now().toISOString() },
    ConditionExpression: 'attribute_not_exists(orderId)',
  });

  /** Moves an order's key from one standing to another and writes the entry of it, both or neither; tells whether it did. */
  const move = async (
    orderId: string,
    from: Standing | undefined,
    { standing, ...facts }: KeyItem,
    entry: NewEntry | undefined,
    fence: Fence,
  ): Promise<boolean> => {
    fence.check();
    const values = Object.entries({ standing, ...facts }).filter(([, value]) => value !== undefined);
    const command = new TransactWriteCommand({
      TransactItems: [
        {
          Update: {
            TableName: table,
            Key: { orderId, entry: KEY_ENTRY },
            UpdateExpression: `SET ${values.map(([name]) => `#${name} = :${name}`).join(', ')}`,
            ConditionExpression: from === undefined ? 'attribute_not_exists(orderId)' : '#standing = :from',
            ExpressionAttributeNames: Object.fromEntries(values.map(([name]) => [`#${name}`, name])),
            ExpressionAttributeValues: {
              ...Object.fromEntries(values.map(([name, value]) => [`:${name}`, value])),
              ...(from === undefined ? {} : { ':from': from }),
            },
          },
        },
        ...(entry === undefined ? [] : [{ Put: put(orderId, entry) }]),
      ],
    });
    try {
      await client.send(command, { abortSignal: fence.signal });
      return true;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      return false;
    }
  };

  /** Writes an entry, unless it is there already. */
  const add = async (orderId: string, entry: NewEntry, fence: Fence): Promise<void> => {
    fence.check();
    try {
      await client.send(new PutCommand(put(orderId, entry)), { abortSignal: fence.signal });
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  };

  return { readState, read, move, add };
}

export type SandboxBook = ReturnType<typeof sandboxBook>;
