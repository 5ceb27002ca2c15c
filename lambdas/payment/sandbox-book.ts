import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { GetCommand, QueryCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
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

/**
 * The item that serializes what is done for an order. It is no entry of the book. `refunded` is the sum of the refunds, absent before the
 * first; of a payment that the checkout captured it is all that the key has.
 */
export type KeyItem = { standing?: Standing; reference?: string; isDisputed?: boolean; refunded?: number };

const KEY_ENTRY = 'key';

/** An entry that has not been written yet. */
type NewEntry = { id: string; entry: SandboxEntry; reference?: string | undefined };

type Condition = { expression: string; values?: Record<string, unknown> };

function setting(facts: KeyItem, { expression, values }: Condition) {
  const known = Object.entries(facts).filter(([, value]) => value !== undefined);
  return {
    UpdateExpression: `SET ${known.map(([name]) => `#${name} = :${name}`).join(', ')}`,
    ConditionExpression: expression,
    ExpressionAttributeNames: Object.fromEntries(known.map(([name]) => [`#${name}`, name])),
    ExpressionAttributeValues: { ...Object.fromEntries(known.map(([name, value]) => [`:${name}`, value])), ...values },
  };
}

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

  /** Writes facts to an order's key on a condition, and an entry, both or neither; tells whether it did. */
  const write = async (
    orderId: string,
    facts: KeyItem,
    condition: Condition,
    entry: NewEntry | undefined,
    fence: Fence,
  ): Promise<boolean> => {
    fence.check();
    const command = new TransactWriteCommand({
      TransactItems: [
        { Update: { TableName: table, Key: { orderId, entry: KEY_ENTRY }, ...setting(facts, condition) } },
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

  /** Moves an order's key from one standing to another and writes the entry of it, both or neither; tells whether it did. */
  const move = (
    orderId: string,
    from: Standing | undefined,
    to: KeyItem,
    entry: NewEntry | undefined,
    fence: Fence,
  ): Promise<boolean> => {
    const condition =
      from === undefined
        ? { expression: 'attribute_not_exists(#standing)' }
        : { expression: '#standing = :from', values: { ':from': from } };
    return write(orderId, to, condition, entry, fence);
  };

  /** Writes a refund, on condition that `before` is still the sum of those before it; tells whether it did. */
  const refund = (orderId: string, before: number, entry: NewEntry, fence: Fence): Promise<boolean> => {
    const expression = 'attribute_not_exists(#refunded) OR #refunded = :before';
    const facts = { refunded: before + entry.entry.amount };
    return write(orderId, facts, { expression, values: { ':before': before } }, entry, fence);
  };

  return { readState, read, move, refund };
}

export type SandboxBook = ReturnType<typeof sandboxBook>;
