import {
  type CancellationReason,
  DynamoDBServiceException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, type BatchGetCommandOutput, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { BusyError, UnavailableError } from '../runtime/failure.ts';
import { documentClient } from '../runtime/records.ts';
import { EXPIRY_ATTRIBUTE } from '../runtime/tombstone.ts';
import type { ReservationWrite, ShelfDelta, StockPlan } from './plan.ts';
import type { Reservation } from './record.ts';

/** Why a transaction was refused: what the table holds where a condition failed, and what else was in the way. */
export type CommitRefusal = {
  reservations: Map<string, Reservation | null>;
  /** `null` for a SKU without a shelf. */
  available: Map<string, number | null>;
  blocked: BlockedItems;
};

/**
 * Items that could not be written whatever they hold, each with the reason: `BusyError` while another transaction writes the item,
 * `UnavailableError` while it is throttled, `ValidationException` where it never can be. `all`: the call was refused as a whole, and
 * nothing says which item was the cause.
 */
export type BlockedItems = { reservations: Map<string, Error>; shelves: Map<string, Error>; all?: Error };

/** The tables of shelves and reservations. */
export type StockTable = {
  /** Reads reservations with strong consistency; `null` for an order without one. What is throttled is left out: no plan depends on it. */
  load(orderIds: readonly string[]): Promise<Map<string, Reservation | null>>;
  /**
   * Commits a plan as one transaction, entirely or not at all. Returns `undefined` on success, or why it was refused; throws where the table
   * did not answer.
   */
  commit(plan: StockPlan): Promise<CommitRefusal | undefined>;
};

/** Builds a `StockTable` on DynamoDB transactions. `shelves` and `reservations` are table names. */
export function stockTable(shelves: string, reservations: string, client = documentClient()): StockTable {
  return {
    async load(orderIds) {
      if (orderIds.length === 0) return new Map();
      const Keys = orderIds.map((orderId) => ({ orderId }));
      const { Responses, UnprocessedKeys } = await client
        .send(new BatchGetCommand({ RequestItems: { [reservations]: { Keys, ConsistentRead: true } } }))
        .catch((error: unknown): Pick<BatchGetCommandOutput, 'Responses' | 'UnprocessedKeys'> => {
          if (!isRefusal(error)) throw error;
          return { UnprocessedKeys: { [reservations]: { Keys } } };
        });
      const unread = new Set(UnprocessedKeys?.[reservations]?.Keys?.map(({ orderId }) => orderId));
      const read = orderIds.filter((orderId) => !unread.has(orderId));
      const loaded = new Map<string, Reservation | null>(read.map((orderId) => [orderId, null]));
      for (const item of (Responses?.[reservations] ?? []) as Reservation[]) loaded.set(item.orderId, item);
      return loaded;
    },

    async commit({ planned, shelfDeltas }) {
      const writes = planned.flatMap((entry) => ('write' in entry && entry.write !== undefined ? [entry.write] : []));
      const deltas = [...shelfDeltas];
      try {
        await client.send(
          new TransactWriteCommand({
            TransactItems: [
              ...writes.map((write) => reservationWrite(reservations, write)),
              ...deltas.map(([sku, delta]) => ({
                Update: { TableName: shelves, Key: { sku }, ...shelfUpdate(delta) },
              })),
            ],
          }),
        );
        return undefined;
      } catch (error) {
        if (error instanceof TransactionCanceledException && error.CancellationReasons !== undefined)
          return toCommitRefusal(error.CancellationReasons, writes, deltas);
        if (!isRefusal(error)) throw error;
        const blocked = { reservations: new Map(), shelves: new Map(), all: error };
        return { reservations: new Map(), available: new Map(), blocked };
      }
    },
  };
}

// What a change was decided from: of two writers that read the same, one plans again. Two returns at once both count.
const DECIDED_FROM = ['state', 'lines', 'returned', 'dispatched', EXPIRY_ATTRIBUTE] as const;

function reservationWrite(TableName: string, { before, after }: ReservationWrite) {
  const common = { TableName, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
  if (before === null) {
    return { Put: { ...common, Item: after, ConditionExpression: 'attribute_not_exists(orderId)' } };
  }
  const { orderId, ...changes } = after;
  const changed = Object.entries(changes).filter(([, value]) => value !== undefined);
  const condition = isUnchanged(before);
  return {
    Update: {
      ...common,
      Key: { orderId },
      UpdateExpression: `SET ${changed.map(([name]) => `#${name} = :${name}`).join(', ')}${before.expiresAt === undefined ? '' : ' REMOVE #expiresAt'}`,
      ConditionExpression: condition.ConditionExpression,
      ExpressionAttributeNames: {
        ...condition.ExpressionAttributeNames,
        ...Object.fromEntries(changed.map(([name]) => [`#${name}`, name])),
      },
      ExpressionAttributeValues: {
        ...condition.ExpressionAttributeValues,
        ...Object.fromEntries(changed.map(([name, value]) => [`:${name}`, value])),
      },
    },
  };
}

/** Builds the condition that a reservation is still as it was read. */
export function isUnchanged(before: Reservation) {
  const [same, absent] = [
    DECIDED_FROM.filter((name) => before[name] !== undefined),
    DECIDED_FROM.filter((name) => before[name] === undefined),
  ];
  return {
    ConditionExpression: [
      ...same.map((name) => `#${name} = :was_${name}`),
      ...absent.map((name) => `attribute_not_exists(#${name})`),
    ].join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(DECIDED_FROM.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(same.map((name) => [`:was_${name}`, before[name]])),
  };
}

function shelfUpdate(delta: ShelfDelta) {
  const deltas = Object.entries(delta);
  const taken = deltas.filter(([, pieces]) => pieces < 0);
  const values = (some: [string, number][], prefix: string, sign: 1 | -1) =>
    Object.fromEntries(some.map(([name, pieces]) => [`:${prefix}${name}`, sign * pieces]));
  const UpdateExpression = `ADD ${deltas.map(([name]) => `${name} :${name}`).join(', ')}`;
  // Without a condition, the update creates the shelf of goods that came in.
  if (taken.length === 0) return { UpdateExpression, ExpressionAttributeValues: values(deltas, '', 1) };
  return {
    UpdateExpression,
    ConditionExpression: taken.map(([name]) => `${name} >= :taken_${name}`).join(' AND '),
    ExpressionAttributeValues: { ...values(deltas, '', 1), ...values(taken, 'taken_', -1) },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}

/** Tells whether the table answered that it will not do the call, for now or for ever; an outage is no answer. */
const isRefusal = (error: unknown): error is DynamoDBServiceException =>
  error instanceof DynamoDBServiceException && error.$fault === 'client';

/**
 * Reads DynamoDB's cancellation reasons, one per action: first the writes, then the shelf updates
 * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
 */
function toCommitRefusal(
  reasons: readonly CancellationReason[],
  writes: readonly ReservationWrite[],
  deltas: readonly [string, ShelfDelta][],
): CommitRefusal {
  const refusal: CommitRefusal = {
    reservations: new Map(),
    available: new Map(),
    blocked: { reservations: new Map(), shelves: new Map() },
  };
  writes.forEach(({ after: { orderId } }, index) => {
    const reason = reasons[index];
    const block = blockOf(reason);
    if (block !== undefined) refusal.blocked.reservations.set(orderId, block);
    if (reason?.Code !== FAILED_CONDITION) return;
    refusal.reservations.set(orderId, reason.Item === undefined ? null : (unmarshall(reason.Item) as Reservation));
  });
  deltas.forEach(([sku], index) => {
    const reason = reasons[writes.length + index];
    const block = blockOf(reason);
    if (block !== undefined) refusal.blocked.shelves.set(sku, block);
    if (reason?.Code !== FAILED_CONDITION) return;
    refusal.available.set(sku, reason.Item === undefined ? null : Number(unmarshall(reason.Item).available ?? 0));
  });
  return refusal;
}

const FAILED_CONDITION = 'ConditionalCheckFailed';

/** Returns why an item could not be written, if it was not because of its condition. */
function blockOf({ Code = 'None', Message = '' }: CancellationReason = {}): Error | undefined {
  if (Code === 'None' || Code === FAILED_CONDITION) return undefined;
  if (Code === 'TransactionConflict') return new BusyError('Another transaction is writing the same stock');
  const failure = new UnavailableError(`The transaction was refused: ${Code} ${Message}`.trim());
  if (Code === 'ValidationError') failure.name = 'ValidationException';
  return failure;
}
