import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type {
  BatchExecuteStatementCommand,
  BatchGetCommand,
  DynamoDBDocumentClient,
  PutCommand,
} from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, test } from 'vitest';
import { dynamoRecordStore, type OrderRecord } from '../../../lambdas/runtime/records.ts';
import { failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';

type Kept = OrderRecord & { state: string; note?: string | undefined };
type Command = BatchGetCommand | BatchExecuteStatementCommand | PutCommand;
type Input = Command['input'];

function table(answer: (input: Input, call: number) => object) {
  const calls: Input[] = [];
  const client = {
    async send({ input }: Command) {
      calls.push(input);
      return answer(input, calls.length);
    },
  };
  return { calls, records: dynamoRecordStore<Kept>('the-table', client as unknown as DynamoDBDocumentClient) };
}

const statements = (input: Input | undefined) =>
  input !== undefined && 'Statements' in input ? (input.Statements ?? []) : [];
const keys = (input: Input | undefined) =>
  input !== undefined && 'RequestItems' in input ? (input.RequestItems?.['the-table']?.Keys ?? []) : [];
const allSaved = (input: Input) => ({ Responses: statements(input).map(() => ({})) });
const ids = (count: number) => Array.from({ length: count }, (_, index) => `o-${index}`);
const kept = (orderId: string, version = 1): Kept => ({ orderId, version, state: 'new' });
const fresh = (count: number) => ids(count).map((orderId) => ({ before: undefined, after: kept(orderId, 0) }));
const found = (input: Input) => ({ Responses: { 'the-table': keys(input).map(({ orderId }) => kept(orderId)) } });

describe('Saving records', () => {
  test('inserts new ones and refuses existing ones', async () => {
    const { calls, records } = table(allSaved);
    expect(await records.save(fresh(2))).toEqual(['saved', 'saved']);
    expect(statements(calls[0])).toEqual(
      ['o-0', 'o-1'].map((orderId) => ({
        Statement: `INSERT INTO "the-table" VALUE {'orderId': ?, 'version': ?, 'state': ?}`,
        Parameters: [orderId, 1, 'new'],
      })),
    );
  });

  test('puts a single new one and returns the existing record when the table refuses it', async () => {
    const { calls, records } = table(() => ({}));
    expect(await records.save(fresh(1))).toEqual(['saved']);
    expect(calls).toEqual([
      {
        TableName: 'the-table',
        Item: { orderId: 'o-0', version: 1, state: 'new' },
        ConditionExpression: 'attribute_not_exists(orderId)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    ]);
    const there = { ...kept('o-0', 3), note: 'here first' };
    const refused = table(() => {
      throw new ConditionalCheckFailedException({ message: 'no', $metadata: {}, Item: marshall(there) });
    });
    expect(await refused.records.save(fresh(1))).toEqual([{ found: there }]);
  });

  test('reports a conflict when a single new one is refused without returning the existing record', async () => {
    const { records } = table(() => {
      throw new ConditionalCheckFailedException({ message: 'no', $metadata: {} });
    });
    expect(await records.save(fresh(1))).toEqual(['conflict']);
  });

  test('returns the error of a single write as its own result', async () => {
    for (const [name, action] of [
      ['ProvisionedThroughputExceededException', 'retry'],
      ['ValidationException', 'dead-letter'],
    ] as const) {
      const { records } = table(() => {
        throw Object.assign(new Error(name), { name });
      });
      const [result] = await records.save(fresh(1));
      expect(failureActionFor(result).action).toBe(action);
    }
  });

  test('updates an existing one on condition that it still has the version that was read', async () => {
    const { calls, records } = table(allSaved);
    const before = kept('o-1', 7);
    expect(await records.save([{ before, after: { ...before, state: 'done' } }])).toEqual(['saved']);
    expect(statements(calls[0])).toEqual([
      {
        Statement: `UPDATE "the-table" SET "version" = ? SET "state" = ? WHERE "orderId" = ? AND "version" = ?`,
        Parameters: [8, 'done', 'o-1', 7],
      },
    ]);
  });

  test('writes only changed attributes and removes missing ones', async () => {
    const { calls, records } = table(allSaved);
    const before = { ...kept('o-1', 7), note: 'old' };
    const { note: _, ...after } = { ...before, state: 'done' };
    await records.save([{ before, after }]);
    await records.save([{ before, after: { ...before, note: undefined } }]);
    await records.save([{ before, after: before }]);
    expect(calls.flatMap(statements)).toEqual([
      {
        Statement: `UPDATE "the-table" SET "version" = ? SET "state" = ? REMOVE "note" WHERE "orderId" = ? AND "version" = ?`,
        Parameters: [8, 'done', 'o-1', 7],
      },
      {
        Statement: `UPDATE "the-table" SET "version" = ? REMOVE "note" WHERE "orderId" = ? AND "version" = ?`,
        Parameters: [8, 'o-1', 7],
      },
      {
        Statement: `UPDATE "the-table" SET "version" = ? WHERE "orderId" = ? AND "version" = ?`,
        Parameters: [8, 'o-1', 7],
      },
    ]);
  });

  test('leaves out undefined attributes', async () => {
    const { calls, records } = table(allSaved);
    await records.save([{ before: undefined, after: { ...kept('o-1', 0), note: undefined } }, ...fresh(1)]);
    expect(statements(calls[0])[0]?.Statement).not.toContain('note');
    expect(statements(calls[0])[0]?.Parameters).not.toContain(undefined);
  });

  test('passes values as parameters and never inside a statement', async () => {
    const { calls, records } = table(allSaved);
    await records.save([{ before: undefined, after: { ...kept('o-1', 0), note: `'} --` } }, ...fresh(1)]);
    expect(statements(calls[0])[0]?.Statement).not.toContain('--');
  });

  test('writes 25 in one call and returns every result in its position', async () => {
    const { calls, records } = table((input, call) => ({
      Responses: statements(input).map((_, index) =>
        call === 2 && index === 1 ? { Error: { Code: 'ConditionalCheckFailed' } } : {},
      ),
    }));
    const results = await records.save(fresh(28));
    expect(calls.map((input) => statements(input).length)).toEqual([25, 3]);
    expect(results).toEqual([...Array(26).fill('saved'), 'conflict', 'saved']);
  });

  test.each(['DuplicateItem', 'ConditionalCheckFailed', 'TransactionConflict'])(
    'reports %s as a conflict',
    async (Code) => {
      const { records } = table(() => ({ Responses: [{}, { Error: { Code } }] }));
      expect(await records.save(fresh(2))).toEqual(['saved', 'conflict']);
    },
  );

  test.each(['ThrottlingError', 'ProvisionedThroughputExceeded', 'RequestLimitExceeded', 'InternalServerError'])(
    'reports %s for the record it concerns only, and that one is retried',
    async (Code) => {
      const { records } = table(() => ({ Responses: [{}, { Error: { Code, Message: 'slow down' } }, {}] }));
      const [one, two, three] = await records.save(fresh(3));
      expect([one, three]).toEqual(['saved', 'saved']);
      expect(failureActionFor(two).action).toBe('retry');
      expect(String(two)).toContain(Code);
    },
  );

  test('dead-letters a write that the table rejects permanently', async () => {
    const { records } = table(() => ({ Responses: [{ Error: { Code: 'ValidationError' } }, {}] }));
    const [result] = await records.save(fresh(2));
    expect(result).toBeInstanceOf(Error);
    expect(failureActionFor(result).action).toBe('dead-letter');
  });

  test('does not report a write without a response entry as saved', async () => {
    const { records } = table(() => ({}));
    expect(await records.save(fresh(2))).not.toContain('saved');
  });
});

describe('Advancing a number', () => {
  test('sets it where it is lower and leaves the version alone', async () => {
    const { calls, records } = table(allSaved);
    await records.advanceTo(
      'version',
      new Map([
        ['o-1', 3],
        ['o-2', 5],
      ]),
    );
    expect(calls.flatMap(statements)).toEqual([
      {
        Statement: 'UPDATE "the-table" SET "version" = ? WHERE "orderId" = ? AND "version" < ?',
        Parameters: [3, 'o-1', 3],
      },
      {
        Statement: 'UPDATE "the-table" SET "version" = ? WHERE "orderId" = ? AND "version" < ?',
        Parameters: [5, 'o-2', 5],
      },
    ]);
  });

  test('does not fail when the number is already as high', async () => {
    const { records } = table(() => ({ Responses: [{ Error: { Code: 'ConditionalCheckFailed' } }] }));
    await expect(records.advanceTo('version', new Map([['o-1', 3]]))).resolves.toBeUndefined();
  });

  test('writes 25 in one call and makes no call for an empty map', async () => {
    const { calls, records } = table(allSaved);
    await records.advanceTo('version', new Map());
    expect(calls).toEqual([]);
    await records.advanceTo('version', new Map(ids(26).map((orderId) => [orderId, 1])));
    expect(calls.map((input) => statements(input).length)).toEqual([25, 1]);
  });
});

describe('Loading records', () => {
  test('reads consistently, asks for each order once and leaves out missing records', async () => {
    const { calls, records } = table(() => ({ Responses: { 'the-table': [kept('o-1')] } }));
    expect(await records.load(['o-1', 'o-2', 'o-1'])).toEqual(new Map([['o-1', kept('o-1')]]));
    expect(calls).toEqual([
      { RequestItems: { 'the-table': { Keys: [{ orderId: 'o-1' }, { orderId: 'o-2' }], ConsistentRead: true } } },
    ]);
  });

  test('makes no call for an empty list', async () => {
    const { calls, records } = table(found);
    expect(await records.load([])).toEqual(new Map());
    expect(calls).toEqual([]);
  });

  test('requests unprocessed keys again', async () => {
    const { calls, records } = table((input, call) =>
      call === 1
        ? {
            Responses: { 'the-table': [kept('o-0')] },
            UnprocessedKeys: { 'the-table': { Keys: [{ orderId: 'o-1' }] } },
          }
        : found(input),
    );
    expect([...(await records.load(['o-0', 'o-1'])).keys()]).toEqual(['o-0', 'o-1']);
    expect(keys(calls[1])).toEqual([{ orderId: 'o-1' }]);
  });

  test('fails with a retryable error when the table keeps returning all keys unprocessed', async () => {
    const { calls, records } = table((input) => ({ UnprocessedKeys: { 'the-table': { Keys: keys(input) } } }));
    const thrown = await records.load(['o-1']).catch((error: unknown) => error);
    expect(failureActionFor(thrown).action).toBe('retry');
    expect(thrown).toBeInstanceOf(Error);
    expect(calls.length).toBeLessThan(10);
  });

  test.each([250, 650])('reads %i records in calls of 100', async (count) => {
    const { calls, records } = table(found);
    expect((await records.load(ids(count))).size).toBe(count);
    expect(calls).toHaveLength(Math.ceil(count / 100));
  });
});
