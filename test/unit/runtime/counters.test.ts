import { describe, expect, test } from 'vitest';
import { type Count, countingRecordStore } from '../../../lambdas/runtime/counters.ts';
import type { OrderRecord } from '../../../lambdas/runtime/records.ts';
import { failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';
import { DocumentTables } from '../../builders/document-tables.ts';

type Kept = OrderRecord & { of: string; pieces?: number | undefined; note?: string };

const countsOf = ({ of, pieces }: Kept): Count[] =>
  pieces === undefined ? [] : [{ key: of, add: { pieces, orders: 1 } }];

function tables() {
  const both = new DocumentTables({ records: 'orderId', sums: 'customer' });
  const counters = { table: 'sums', key: 'customer' };
  return { both, store: countingRecordStore<Kept>({ records: 'records', counters, countsOf }, both.client) };
}

const kept = (orderId: string, parts: Partial<Kept> = {}): Kept => ({ orderId, version: 0, of: 'c', ...parts });
const added = (...records: Kept[]) => records.map((after) => ({ before: undefined, after }));

describe('A write that changes what its record counts for', () => {
  test('adds to the counters in the same transaction, and creates them', async () => {
    const { both, store } = tables();
    expect(await store.save(added(kept('o-1', { pieces: 3 })))).toEqual(['saved']);
    expect(both.calls).toEqual(['TransactWriteCommand']);
    expect(both.items('records').get('o-1')).toEqual({ orderId: 'o-1', version: 1, of: 'c', pieces: 3 });
    expect(both.items('sums').get('c')).toEqual({ customer: 'c', pieces: 3, orders: 1 });
  });

  test('adds the difference to what it counted for before, and takes back what it no longer counts for', async () => {
    const { both, store } = tables();
    const first = kept('o-1', { version: 1, pieces: 3, note: 'n' });
    await store.save(added(first));
    const { note: _, ...second } = { ...first, pieces: 5 };
    expect(await store.save([{ before: first, after: second }])).toEqual(['saved']);
    expect(both.items('records').get('o-1')).toEqual({ orderId: 'o-1', version: 2, of: 'c', pieces: 5 });
    expect(both.items('sums').get('c')).toEqual({ customer: 'c', pieces: 5, orders: 1 });
    await store.save([{ before: { ...second, version: 2 }, after: { ...second, pieces: undefined } }]);
    expect(both.items('records').get('o-1')).toEqual({ orderId: 'o-1', version: 3, of: 'c' });
    expect(both.items('sums').get('c')).toEqual({ customer: 'c', pieces: 0, orders: 0 });
  });

  test('moves what it counts for where it counts for another', async () => {
    const { both, store } = tables();
    const first = kept('o-1', { version: 1, pieces: 3 });
    await store.save(added(first));
    await store.save([{ before: first, after: { ...first, of: 'd' } }]);
    expect([...both.items('sums').values()]).toEqual([
      { customer: 'c', pieces: 0, orders: 0 },
      { customer: 'd', pieces: 3, orders: 1 },
    ]);
  });

  test('is in one transaction with the others of its round, and a counter of several is written once', async () => {
    const { both, store } = tables();
    const [one, two, three] = ['o-1', 'o-2', 'o-3'].map((orderId) => kept(orderId, { pieces: 2 }));
    if (!one || !two || !three) throw new Error('There are three');
    expect(await store.save(added(one, two, { ...three, of: 'd' }))).toEqual(['saved', 'saved', 'saved']);
    expect(both.calls).toEqual(['TransactWriteCommand']);
    expect(both.items('sums').get('c')).toEqual({ customer: 'c', pieces: 4, orders: 2 });
  });

  test('is in another transaction where one would have more than 100 actions', async () => {
    const { both, store } = tables();
    const many = Array.from({ length: 51 }, (_, index) => kept(`o-${index}`, { of: `c-${index}`, pieces: 1 }));
    expect(await store.save(added(...many))).toEqual(many.map(() => 'saved'));
    expect(both.calls).toEqual(['TransactWriteCommand', 'TransactWriteCommand']);
    expect(both.items('sums').size).toBe(51);
  });
});

describe('A write that changes no count', () => {
  test('is made as without counters', async () => {
    const { both, store } = tables();
    await store.save(added(kept('o-1')));
    await store.save(added(kept('o-2'), kept('o-3')));
    const counted = kept('o-4', { version: 1, pieces: 1 });
    await store.save(added(counted));
    both.calls.length = 0;
    expect(await store.save([{ before: counted, after: { ...counted, note: 'n' } }])).toEqual(['saved']);
    expect(both.calls).toEqual(['BatchExecuteStatementCommand']);
    expect(both.items('sums').get('c')).toEqual({ customer: 'c', pieces: 1, orders: 1 });
  });

  test('keeps its position among those that do', async () => {
    const { both, store } = tables();
    await store.save(added(kept('o-2')));
    both.calls.length = 0;
    const changes = added(kept('o-1', { pieces: 1 }), kept('o-2'), kept('o-3'), kept('o-4', { pieces: 1 }));
    expect(await store.save(changes)).toEqual(['saved', 'conflict', 'saved', 'saved']);
    expect(both.calls).toEqual(['BatchExecuteStatementCommand', 'TransactWriteCommand']);
  });
});

describe('A refused transaction', () => {
  test('of one record returns the record that was there first, and counts nothing', async () => {
    const { both, store } = tables();
    const there = kept('o-1', { version: 1, pieces: 3 });
    await store.save(added(there));
    expect(await store.save(added(there))).toEqual([{ found: there }]);
    expect(await store.save([{ before: { ...there, version: 7 }, after: { ...there, pieces: 9 } }])).toEqual([
      { found: there },
    ]);
    expect(both.items('sums').get('c')).toEqual({ customer: 'c', pieces: 3, orders: 1 });
  });

  test('of several is repeated for each alone, and only the one that is refused is not written', async () => {
    const { both, store } = tables();
    const there = kept('o-2', { version: 1, pieces: 3 });
    await store.save(added(there));
    both.calls.length = 0;
    const all = added(kept('o-1', { pieces: 1 }), there, kept('o-3', { pieces: 1 }));
    expect(await store.save(all)).toEqual(['saved', { found: there }, 'saved']);
    expect(both.calls).toHaveLength(4);
    expect(both.items('sums').get('c')).toEqual({ customer: 'c', pieces: 5, orders: 3 });
  });

  test.each(['records', 'sums'])('because another transaction writes the item of %s is a conflict', async (table) => {
    const { both, store } = tables();
    both.fault = () => ({
      reasons: ({ Put, Update }) => ((Put ?? Update)?.TableName === table ? 'TransactionConflict' : 'None'),
    });
    expect(await store.save(added(kept('o-1', { pieces: 1 })))).toEqual(['conflict']);
  });

  test.each([
    ['ThrottlingError', 'retry'],
    ['ProvisionedThroughputExceeded', 'retry'],
    ['ValidationError', 'dead-letter'],
  ] as const)('because of %s of a counter is a failure, not a conflict: %s', async (Code, action) => {
    const { both, store } = tables();
    both.fault = () => ({ reasons: ({ Update }) => (Update === undefined ? 'None' : Code) });
    const [result] = await store.save(added(kept('o-1', { pieces: 1 })));
    expect(result).toBeInstanceOf(Error);
    expect(String(result)).toContain(Code);
    expect(failureActionFor(result).action).toBe(action);
  });

  test('that says no reason is retried', async () => {
    const { both, store } = tables();
    both.fault = () => ({ reasons: () => 'None' });
    both.client.send = async () => {
      const { TransactionCanceledException } = await import('@aws-sdk/client-dynamodb');
      throw new TransactionCanceledException({ message: 'cancelled', $metadata: {} });
    };
    const [result] = await store.save(added(kept('o-1', { pieces: 1 })));
    expect(failureActionFor(result).action).toBe('retry');
    expect(result).toBeInstanceOf(Error);
  });

  test('of no known kind is thrown, as of an outage', async () => {
    const { both, store } = tables();
    both.fault = () => ({ before: new Error('no route') });
    await expect(store.save(added(kept('o-1', { pieces: 1 })))).rejects.toThrow('no route');
  });
});

test('what is read of the records is as without counters', async () => {
  const { both, store } = tables();
  await store.save(added(kept('o-1', { pieces: 1 })));
  expect(await store.load(['o-1', 'o-2'])).toEqual(new Map([['o-1', kept('o-1', { version: 1, pieces: 1 })]]));
  expect(both.calls.at(-1)).toBe('BatchGetCommand');
});
