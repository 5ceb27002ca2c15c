import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  type TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchExecuteStatementCommand,
  BatchGetCommand,
  type BatchGetCommandOutput,
  DynamoDBDocumentClient,
  PutCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { callLimits, DYNAMODB_ATTEMPTS } from './call-limits.ts';
import { chunk } from './chunk.ts';
import { UnavailableError } from './failure.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
export const MAX_ACTIONS_PER_TRANSACTION = 100;

const STATEMENTS_PER_CALL = 25;
const KEYS_PER_CALL = 100;
const READ_ROUNDS = 5;

/** What a consumer records of one order. `version` counts its writes; every write is conditional on the version it read. */
export type OrderRecord = { orderId: string; version: number };

/** A write to one record: the record it is based on (`undefined`: none yet) and the record to write. */
export type RecordChange<R extends OrderRecord> = { before: R | undefined; after: R };

/** The result of one write. `conflict`: another writer was first, so read and decide again; `found`: what that writer wrote. */
export type SaveResult<R extends OrderRecord> = 'saved' | 'conflict' | { found: R } | Error;

/** A table with one record per order. */
export type RecordStore<R extends OrderRecord> = {
  /** Reads the records that exist, consistently. */
  load(orderIds: readonly string[]): Promise<Map<string, R>>;
  /** Writes changes to different orders; returns each one's result: a refused write does not affect the others. */
  save(changes: readonly RecordChange<R>[]): Promise<SaveResult<R>[]>;
  /** Raises a number on existing records where it is lower, without a new version: for attributes no rule decides on. */
  advanceTo(attribute: keyof R & string, values: ReadonlyMap<string, number>): Promise<void>;
};

/** Creates the document client that every adapter uses; attributes that are `undefined` are left out. */
export const documentClient = (client = new DynamoDBClient(callLimits({ attempts: DYNAMODB_ATTEMPTS }))) =>
  DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

/**
 * Keeps records in a DynamoDB table. Up to 25 conditional writes are sent in one BatchExecuteStatement, each with its own
 * result, at the price of plain writes
 * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html). A single
 * new record is put instead, because a refused put returns the existing item: a duplicate costs one call.
 */
export function dynamoRecordStore<R extends OrderRecord>(table: string, client = documentClient()): RecordStore<R> {
  return {
    load: (orderIds) => loadRecords<R>(table, orderIds, client),

    async save(changes) {
      const [only, ...others] = changes;
      if (only !== undefined && only.before === undefined && others.length === 0)
        return [await put(client, table, only)];
      const results: SaveResult<R>[] = [];
      for (const group of chunk(changes, STATEMENTS_PER_CALL)) {
        const statements = group.map((change) => statement(table, change));
        const { Responses = [] } = await client.send(new BatchExecuteStatementCommand({ Statements: statements }));
        results.push(...statements.map((_, index) => toSaveResult(Responses[index])));
      }
      return results;
    },

    async advanceTo(attribute, values) {
      const statements = [...values].map(([orderId, value]) => ({
        Statement: `UPDATE "${table}" SET "${attribute}" = ? WHERE "orderId" = ? AND "${attribute}" < ?`,
        Parameters: [value, orderId, value],
      }));
      for (const Statements of chunk(statements, STATEMENTS_PER_CALL)) {
        const { Responses = [] } = await client.send(new BatchExecuteStatementCommand({ Statements }));
        const refused = Responses.map(toSaveResult).find((one) => one instanceof Error);
        if (refused !== undefined) throw refused;
      }
    },
  };
}

/** Reads those records of a table that exist; unless told otherwise consistently, which costs twice as much. */
export async function loadRecords<R extends { orderId: string }>(
  table: string,
  orderIds: readonly string[],
  client = documentClient(),
  ConsistentRead = true,
): Promise<Map<string, R>> {
  const found = new Map<string, R>();
  const keys: Record<string, unknown>[] = [...new Set(orderIds)].map((orderId) => ({ orderId }));
  for (const group of chunk(keys, KEYS_PER_CALL)) {
    let rest: Record<string, unknown>[] | undefined = group;
    for (let round = 1; rest !== undefined && rest.length > 0; round += 1) {
      if (round > READ_ROUNDS) throw new UnavailableError(`${table} did not give all records`);
      const { Responses, UnprocessedKeys }: BatchGetCommandOutput = await client.send(
        new BatchGetCommand({ RequestItems: { [table]: { Keys: rest, ConsistentRead } } }),
      );
      // The table is written by `save` only, so its items have the record's shape.
      for (const item of (Responses?.[table] ?? []) as R[]) found.set(item.orderId, item);
      rest = UnprocessedKeys?.[table]?.Keys;
    }
  }
  return found;
}

async function put<R extends OrderRecord>(
  client: DynamoDBDocumentClient,
  table: string,
  { after }: RecordChange<R>,
): Promise<SaveResult<R>> {
  const write = new PutCommand({
    TableName: table,
    Item: { ...after, version: 1 },
    ConditionExpression: 'attribute_not_exists(orderId)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    await client.send(write);
    return 'saved';
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) {
      return error.Item === undefined ? 'conflict' : { found: unmarshall(error.Item) as R };
    }
    return error instanceof Error ? error : new UnavailableError('The write failed');
  }
}

function statement<R extends OrderRecord>(table: string, change: RecordChange<R>) {
  const { before, after } = change;
  const { set, remove } = attributeChanges(change);
  const values = set.map(([, value]) => value);
  if (before === undefined) {
    const fields = set.map(([name]) => `'${name}': ?`).join(', ');
    return { Statement: `INSERT INTO "${table}" VALUE {${fields}}`, Parameters: values };
  }
  const clauses = [...set.map(([name]) => `SET "${name}" = ?`), ...remove.map((name) => `REMOVE "${name}"`)];
  return {
    Statement: `UPDATE "${table}" ${clauses.join(' ')} WHERE "orderId" = ? AND "version" = ?`,
    Parameters: [...values, after.orderId, before.version],
  };
}

/**
 * Returns the attributes that a change sets, the next version among them, and those that it removes. What is unchanged is in neither, so that
 * attributes of other writers stay as they are; the order id is among those that a new record sets.
 */
export function attributeChanges<R extends OrderRecord>({ before, after }: RecordChange<R>) {
  const was: Record<string, unknown> = { ...before };
  const is: Record<string, unknown> = { ...after, version: (before?.version ?? 0) + 1 };
  return {
    set: Object.entries(is).filter(([name, value]) => value !== undefined && value !== was[name]),
    remove: Object.keys(was).filter((name) => is[name] === undefined),
  };
}

/** Reads why a transaction was refused, from the first of its actions that was. */
export function toRefusal({ CancellationReasons = [] }: TransactionCanceledException): 'saved' | 'conflict' | Error {
  const reason = CancellationReasons.find(({ Code = 'None' }) => Code !== 'None');
  return toSaveResult(reason && { Error: reason });
}

/** Reads what the table answered to one of several writes: a statement's response, or a transaction's reason. */
export function toSaveResult(
  response: { Error?: { Code?: string | undefined; Message?: string | undefined } | undefined } | undefined,
): 'saved' | 'conflict' | Error {
  if (response === undefined) return new UnavailableError('The write was not answered');
  const error = response.Error;
  if (error === undefined) return 'saved';
  if (error.Code === 'DuplicateItem' || error.Code === 'ConditionalCheckFailed') return 'conflict';
  if (error.Code === 'TransactionConflict') return 'conflict';
  const failure = new UnavailableError(
    `The write was refused: ${error.Code ?? 'no code'} ${error.Message ?? ''}`.trim(),
  );
  if (error.Code === 'ValidationError') failure.name = 'ValidationException';
  return failure;
}
