import { type CancellationReason, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { UnavailableError } from '../runtime/failure.ts';
import { documentClient } from '../runtime/records.ts';
import { EXPIRY_ATTRIBUTE } from '../runtime/tombstone.ts';
import type { Reservation, ReservationWrite, ShelfDelta, StockPlan } from './rules.ts';

/** Why a transaction was refused: what the table holds where a condition failed, and whether another transaction conflicted. */
export type CommitRefusal = {
  reservations: Map<string, Reservation | null>;
  /** `null` for a SKU without a shelf. */
  available: Map<string, number | null>;
  conflict: boolean;
};

/** The tables of shelves and reservations. */
export type StockTable = {
  /** Reads reservations with strong consistency; `null` for an order without one. Throws `UnavailableError` if not all could be read. */
  load(orderIds: readonly string[]): Promise<Map<string, Reservation | null>>;
  /** Commits a plan as one transaction, entirely or not at all. Returns `undefined` on success, or why it was refused. */
  commit(plan: StockPlan): Promise<CommitRefusal | undefined>;
};

/** Builds a `StockTable` on DynamoDB transactions. `shelves` and `reservations` are table names. */
export function stockTable(shelves: string, reservations: string, client = documentClient()): StockTable {
  return {
    async load(orderIds) {
      const loaded = new Map<string, Reservation | null>(orderIds.map((orderId) => [orderId, null]));
      if (orderIds.length === 0) return loaded;
      const Keys = orderIds.map((orderId) => ({ orderId }));
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({ RequestItems: { [reservations]: { Keys, ConsistentRead: true } } }),
      );
      if (UnprocessedKeys?.[reservations] !== undefined)
        throw new UnavailableError('Not all reservations could be read');
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
        if (!(error instanceof TransactionCanceledException)) throw error;
        return toCommitRefusal(error.CancellationReasons ?? [], writes, deltas);
      }
    },
  };
}

function reservationWrite(TableName: string, { before, after }: ReservationWrite) {
  const common = { TableName, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
  if (before === null) {
    return { Put: { ...common, Item: after, ConditionExpression: 'attribute_not_exists(orderId)' } };
  }
  const { orderId, ...changes } = after;
  const changed = Object.entries(changes).filter(([, value]) => value !== undefined);
  const isTombstone = before.expiresAt !== undefined;
  return {
    Update: {
      ...common,
      Key: { orderId },
      UpdateExpression: `SET ${changed.map(([name]) => `#${name} = :${name}`).join(', ')}${isTombstone ? ' REMOVE #expiry' : ''}`,
      ConditionExpression: `#state = :wasState AND #lines = :wasLines${isTombstone ? ' AND #expiry = :wasExpiry' : ''}`,
      ExpressionAttributeNames: {
        '#state': 'state',
        '#lines': 'lines',
        ...Object.fromEntries(changed.map(([name]) => [`#${name}`, name])),
        ...(isTombstone ? { '#expiry': EXPIRY_ATTRIBUTE } : {}),
      },
      ExpressionAttributeValues: {
        ...Object.fromEntries(changed.map(([name, value]) => [`:${name}`, value])),
        ':wasState': before.state,
        ':wasLines': before.lines,
        ...(isTombstone ? { ':wasExpiry': before.expiresAt } : {}),
      },
    },
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

/**
 * Reads DynamoDB's cancellation reasons, one per action: first the writes, then the shelf updates. Throws `UnavailableError` for any
 * reason other than a failed condition or a transaction conflict, such as throttling.
 */
function toCommitRefusal(
  reasons: readonly CancellationReason[],
  writes: readonly ReservationWrite[],
  deltas: readonly [string, ShelfDelta][],
): CommitRefusal {
  for (const { Code = 'None', Message = '' } of reasons) {
    if (!['None', 'ConditionalCheckFailed', 'TransactionConflict'].includes(Code))
      throw new UnavailableError(`The transaction was refused: ${Code} ${Message}`);
  }
  const hasFailedCondition = (index: number) => reasons[index]?.Code === 'ConditionalCheckFailed';
  const itemAt = (index: number) => {
    const Item = reasons[index]?.Item;
    return Item === undefined ? undefined : unmarshall(Item);
  };
  const reservations = new Map<string, Reservation | null>();
  writes.forEach(({ after }, index) => {
    if (hasFailedCondition(index)) reservations.set(after.orderId, (itemAt(index) as Reservation | undefined) ?? null);
  });
  const available: CommitRefusal['available'] = new Map();
  deltas.forEach(([sku], position) => {
    const index = writes.length + position;
    if (!hasFailedCondition(index)) return;
    const shelf = itemAt(index);
    available.set(sku, shelf === undefined ? null : Number(shelf.available ?? 0));
  });
  return { reservations, available, conflict: reasons.some(({ Code }) => Code === 'TransactionConflict') };
}
