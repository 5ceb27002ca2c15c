import { expect, test } from 'vitest';
import type { JobView } from '../../../ops/console/api/live.ts';
import { mergeJobs } from '../../../ops/console/parts/merge-jobs.ts';

const job = (id: string, done = 0): JobView => ({
  id,
  kind: 'load',
  title: id,
  startedAt: '2026-11-27T09:00:00.000Z',
  state: 'running',
  done,
  total: null,
  text: '',
});

test('What changed takes its place, and what is new comes first', () => {
  const known = mergeJobs([], [job('b'), job('a')]);
  expect(mergeJobs(known, [job('d'), job('c'), job('b', 5)])).toEqual([job('d'), job('c'), job('b', 5), job('a')]);
  expect(mergeJobs(known, [])).toEqual(known);
});
