import { expect, test } from 'vitest';
import { failedMessageIds } from '../harness/sqs-event.ts';

const batch = ['a', 'b', 'c'];

test.each<[string, unknown, string[]]>([
  ['names two', { batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: 'c' }] }, ['a', 'c']],
  ['is empty', { batchItemFailures: [] }, []],
  ['is null', { batchItemFailures: null }, []],
  ['is missing', {}, []],
  ['is missing because the result is null', null, []],
  ['names an empty id', { batchItemFailures: [{ itemIdentifier: '' }] }, batch],
  ['names null', { batchItemFailures: [{ itemIdentifier: null }] }, batch],
  ['has an item with another key', { batchItemFailures: [{ id: 'a' }] }, batch],
  ['names an unknown id', { batchItemFailures: [{ itemIdentifier: 'z' }] }, batch],
  ['is not an array', { batchItemFailures: 'a' }, batch],
])('failedMessageIds follows Lambda when batchItemFailures %s', (_, result, kept) => {
  expect([...failedMessageIds(result, batch)]).toEqual(kept);
});
