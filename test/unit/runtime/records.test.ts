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

describe('Writing records', () => {
  test('a new one is inserted, which a record that is there refuses', async () => {
    const { calls, records } = table(allSaved);
    expect(await records.save(fresh(2))).toEqual(['saved', 'saved']);
    expect(statements(calls[0])).toEqual(
      ['o-0', 'o-1'].map((orderId) => ({
        Statement: `INSERT INTO "the-table" VALUE {'orderId': ?, 'version': ?, 'state': ?}`,
        Parameters: [orderId, 1, 'new'],
      })),
    );
  });

  test('a new one that comes alone is put, which a record that is there refuses and shows itself', async () => {
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

  test('one that comes alone and is refused without showing why is read again', async () => {
    const { records } = table(() => {
      throw new ConditionalCheckFailedException({ message: 'no', $metadata: {} });
    });
    expect(await records.save(fresh(1))).toEqual(['conflict']);
  });

  test('one that comes alone fails alone, and is treated as its error says', async () => {
    for (const [name, verdict] of [
      ['ProvisionedThroughputExceededException', 'retry'],
      ['ValidationException', 'dead-letter'],
    ] as const) {
      const { records } = table(() => {
        throw Object.assign(new Error(name), { name });
      });
      const [fate] = await records.save(fresh(1));
      expect(failureActionFor(fate).action).toBe(verdict);
    }
  });

  test('a known one is updated on condition that it still has the version that was read', async () => {
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

  test('only what changed is written, and what is gone is removed: the rest may belong to somebody else', async () => {
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

  test('what is undefined is left out', async () => {
    const { calls, records } = table(allSaved);
    await records.save([{ before: undefined, after: { ...kept('o-1', 0), note: undefined } }, ...fresh(1)]);
    expect(statements(calls[0])[0]?.Statement).not.toContain('note');
    expect(statements(calls[0])[0]?.Parameters).not.toContain(undefined);
  });

  test('no value ever becomes part of a statement', async () => {
    const { calls, records } = table(allSaved);
    await records.save([{ before: undefined, after: { ...kept('o-1', 0), note: `'} --` } }, ...fresh(1)]);
    expect(statements(calls[0])[0]?.Statement).not.toContain('--');
  });

  test('25 travel in one call, the 26th in another, and every fate keeps its place', async () => {
    const { calls, records } = table((input, call) => ({
      Responses: statements(input).map((_, index) =>
        call === 2 && index === 1 ? { Error: { Code: 'ConditionalCheckFailed' } } : {},
      ),
    }));
    const fates = await records.save(fresh(28));
    expect(calls.map((input) => statements(input).length)).toEqual([25, 3]);
    expect(fates).toEqual([...Array(26).fill('saved'), 'conflict', 'saved']);
  });

  test.each(['DuplicateItem', 'ConditionalCheckFailed', 'TransactionConflict'])('%s is a lost race', async (Code) => {
    const { records } = table(() => ({ Responses: [{}, { Error: { Code } }] }));
    expect(await records.save(fresh(2))).toEqual(['saved', 'conflict']);
  });

  test.each(['ThrottlingError', 'ProvisionedThroughputExceeded', 'RequestLimitExceeded', 'InternalServerError'])(
    '%s touches only the one it is about, which is tried again',
    async (Code) => {
      const { records } = table(() => ({ Responses: [{}, { Error: { Code, Message: 'slow down' } }, {}] }));
      const [one, two, three] = await records.save(fresh(3));
      expect([one, three]).toEqual(['saved', 'saved']);
      expect(failureActionFor(two).action).toBe('retry');
      expect(String(two)).toContain(Code);
    },
  );

  test('a write the table will never take is dead-lettered', async () => {
    const { records } = table(() => ({ Responses: [{ Error: { Code: 'ValidationError' } }, {}] }));
    const [fate] = await records.save(fresh(2));
    expect(fate).toBeInstanceOf(Error);
    expect(failureActionFor(fate).action).toBe('dead-letter');
  });

  test('an answer without an entry for a write is not taken for success', async () => {
    const { records } = table(() => ({}));
    expect(await records.save(fresh(2))).not.toContain('saved');
  });
});

describe('Raising a number', () => {
  test('asks the table to raise it where it is lower, and leaves the version alone', async () => {
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

  test('that is that high already is no failure', async () => {
    const { records } = table(() => ({ Responses: [{ Error: { Code: 'ConditionalCheckFailed' } }] }));
    await expect(records.advanceTo('version', new Map([['o-1', 3]]))).resolves.toBeUndefined();
  });

  test('25 a call, and nothing for nobody', async () => {
    const { calls, records } = table(allSaved);
    await records.advanceTo('version', new Map());
    expect(calls).toEqual([]);
    await records.advanceTo('version', new Map(ids(26).map((orderId) => [orderId, 1])));
    expect(calls.map((input) => statements(input).length)).toEqual([25, 1]);
  });
});

describe('Reading records', () => {
  test('is consistent, asks for each once, and leaves out those that are not there', async () => {
    const { calls, records } = table(() => ({ Responses: { 'the-table': [kept('o-1')] } }));
    expect(await records.load(['o-1', 'o-2', 'o-1'])).toEqual(new Map([['o-1', kept('o-1')]]));
    expect(calls).toEqual([
      { RequestItems: { 'the-table': { Keys: [{ orderId: 'o-1' }, { orderId: 'o-2' }], ConsistentRead: true } } },
    ]);
  });

  test('nothing to read is no call', async () => {
    const { calls, records } = table(found);
    expect(await records.load([])).toEqual(new Map());
    expect(calls).toEqual([]);
  });

  test('asks again for what the table left unread', async () => {
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

  test('gives up on a table that leaves everything unread, instead of asking for ever', async () => {
    const { calls, records } = table((input) => ({ UnprocessedKeys: { 'the-table': { Keys: keys(input) } } }));
    const thrown = await records.load(['o-1']).catch((error: unknown) => error);
    expect(failureActionFor(thrown).action).toBe('retry');
    expect(thrown).toBeInstanceOf(Error);
    expect(calls.length).toBeLessThan(10);
  });

  test.each([250, 650])('%i records are read 100 a call', async (count) => {
    const { calls, records } = table(found);
    expect((await records.load(ids(count))).size).toBe(count);
    expect(calls).toHaveLength(Math.ceil(count / 100));
  });
});
