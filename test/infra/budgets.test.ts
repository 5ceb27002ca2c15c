import { expect, test } from 'vitest';
import { exceeded, readBudgets } from '../../bench/sections/cold-start/budgets.ts';
import { ourBundles } from '../../bench/sections/cold-start/bundles.ts';

test('no function exceeds its bundle budget of bytes and modules', async () => {
  expect(exceeded(await readBudgets(), await ourBundles())).toEqual([]);
});

test('an exceeded bundle budget is reported with function, excess and how to raise it', () => {
  const bundles = new Map([
    ['payment', { bytes: 1_010_000, modules: 10 }],
    ['sweep', { bytes: 1, modules: 1 }],
  ]);
  expect(exceeded({ payment: { bytes: 1_000_000, modules: 10 }, order: { bytes: 1, modules: 1 } }, bundles)).toEqual([
    'payment has 1,010,000 bytes and may have 1,000,000, 10,000 too many. If that is worth it, write what it has into bench/budgets.json and say in the commit what it is for.',
    'sweep has no budget: write what it has into bench/budgets.json and say in the commit what it is for.',
    'bench/budgets.json has a budget for order, which is no function.',
  ]);
});
