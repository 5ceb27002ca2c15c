import { expect, test } from 'vitest';
import { keptMessages } from './failure-list.ts';

const batch = ['a', 'b', 'c'];

test.each<[string, unknown, string[]]>([
  ['names two', { batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: 'c' }] }, ['a', 'c']],
  ['is empty', { batchItemFailures: [] }, []],
  ['is null', { batchItemFailures: null }, []],
  ['is missing', {}, []],
  ['is missing with all the rest', null, []],
  ['names an empty id', { batchItemFailures: [{ itemIdentifier: '' }] }, batch],
  ['names null', { batchItemFailures: [{ itemIdentifier: null }] }, batch],
  ['has another key', { batchItemFailures: [{ id: 'a' }] }, batch],
  ['names a stranger', { batchItemFailures: [{ itemIdentifier: 'z' }] }, batch],
  ['is no list', { batchItemFailures: 'a' }, batch],
])('a failure list that %s', (_, result, kept) => {
  expect([...keptMessages(result, batch)]).toEqual(kept);
});
