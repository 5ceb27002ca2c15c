import { type CancellationReason, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { UnavailableError } from '../runtime/failure.ts';
import { documentClient } from '../runtime/records.ts';
import type { Movement, Reservation, ReservationWrite, StockPlan } from './rules.ts';

/** Why a transaction was refused: what the table really holds where a condition failed, and whether others were in the way. */
export type CommitRefusal = {
  reservations: Map<string, Reservation | null>;
  available: Map<string, number>;
  conflict: boolean;
};

/** The shelves and reservations; a plan is carried out whole or not at all. */
export type StockTable = {
  /** Takes order ids and gives what they hold, read consistently; `null` for those not on record. */
  load(orderIds: readonly string[]): Promise<Map<string, Reservation | null>>;
  /** Carries out a plan; gives `undefined` when it is done, or why it was refused. */
  commit(plan: StockPlan): Promise<CommitRefusal | undefined>;
};

/** Takes the tables' names and gives the `StockTable` over DynamoDB transactions. */
export function stockTable(shelves: string, reservations: string, client = documentClient()): StockTable {
  return {
    async load(orderIds) {
      const found = new Map<string, Reservation | null>(orderIds.map((orderId) => [orderId, null]));
      if (orderIds.length === 0) return found;
      const Keys = orderIds.map((orderId) => ({ orderId }));
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({ RequestItems: { [reservations]: { Keys, ConsistentRead: true } } }),
      );
      if (UnprocessedKeys?.[reservations] !== undefined)
        throw new UnavailableError('Not all reservations could be read');
      for (const item of (Responses?.[reservations] ?? []) as Reservation[]) found.set(item.orderId, item);
      return found;
    },

    async commit({ planned, movements }) {
      const writes = planned.flatMap((one) => ('write' in one && one.write !== undefined ? [one.write] : []));
      const moved = [...movements];
      try {
        await client.send(
          new TransactWriteCommand({
            TransactItems: [
              ...writes.map((write) => reservationWrite(reservations, write)),
              ...moved.map(([sku, movement]) => ({
                Update: { TableName: shelves, Key: { sku }, ...shelfUpdate(movement) },
              })),
            ],
          }),
        );
        return undefined;
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        return toCommitRefusal(error.CancellationReasons ?? [], writes, moved);
      }
    },
  };
}

function reservationWrite(TableName: string, { before, after }: ReservationWrite) {
  const common = { TableName, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
  if (before === null) {
    return { Put: { ...common, Item: after, ConditionExpression: 'attribute_not_exists(orderId)' } };
  }
  const { orderId, state, time } = after;
  return {
    Update: {
      ...common,
      Key: { orderId },
      UpdateExpression: `SET #state = :state${time === undefined ? '' : ', #time = :time'}`,
      ConditionExpression: '#state = :before AND #lines = :lines',
      ExpressionAttributeNames: {
        '#state': 'state',
        '#lines': 'lines',
        ...(time === undefined ? {} : { '#time': 'time' }),
      },
      ExpressionAttributeValues: { ':state': state, ':before': before.state, ':lines': before.lines, ':time': time },
    },
  };
}

function shelfUpdate({ available, reserved, sold }: Movement) {
  return {
    UpdateExpression: 'ADD available :available, reserved :reserved, sold :sold',
    ConditionExpression: 'available >= :taken AND reserved >= :given',
    ExpressionAttributeValues: {
      ':available': available,
      ':reserved': reserved,
      ':sold': sold,
      ':taken': Math.max(0, -available),
      ':given': Math.max(0, -reserved),
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}

function toCommitRefusal(
  reasons: readonly CancellationReason[],
  writes: readonly ReservationWrite[],
  moved: readonly [string, Movement][],
): CommitRefusal {
  const learned: CommitRefusal = { reservations: new Map(), available: new Map(), conflict: false };
  reasons.forEach(({ Code, Item, Message }, index) => {
    if (Code === undefined || Code === 'None') return;
    if (Code !== 'ConditionalCheckFailed' && Code !== 'TransactionConflict') {
      throw new UnavailableError(`The transaction was refused: ${Code} ${Message ?? ''}`);
    }
    if (Code === 'TransactionConflict') learned.conflict = true;
    else if (index < writes.length) {
      const orderId = writes[index]?.after.orderId ?? '';
      learned.reservations.set(orderId, Item === undefined ? null : (unmarshall(Item) as Reservation));
    } else {
      const sku = moved[index - writes.length]?.[0] ?? '';
      learned.available.set(sku, Item === undefined ? 0 : Number(unmarshall(Item).available));
    }
  });
  return learned;
}
