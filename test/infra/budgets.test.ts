import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Bundle } from '../../bench/bundles.ts';
import { functionNames, optionalFunctionNames, ourBundles } from '../../bench/sections/cold-start/bundles.ts';

/** The limits of a function's bundle, by the function's name. */
type Budgets = Readonly<Record<string, { bytes: number; modules: number }>>;

const raise = (name: string) =>
  `\`npm run generate -- --raise-budget ${name}\` writes what it has; say in the commit what it is for`;

const root = join(import.meta.dirname, '..', '..');

/** Reads the budgets of the shipped functions and of what a shop adds. */
async function readBudgets(): Promise<Budgets> {
  const files = ['bench/budgets.json', 'infra/custom/budgets.json'].map((name) => readFile(join(root, name), 'utf8'));
  const [shipped, own] = (await Promise.all(files)).map((text) => JSON.parse(text) as Budgets);
  return { ...shipped, ...own };
}

/** Returns a sentence for each budget that is exceeded or missing, or has no function. */
function budgetProblems(budgets: Budgets, bundles: ReadonlyMap<string, Pick<Bundle, 'bytes' | 'modules'>>): string[] {
  const unused = Object.keys(budgets).filter((name) => !bundles.has(name));
  const exceeded = [...bundles].flatMap(([name, bundle]) => {
    const budget = budgets[name];
    if (budget === undefined) return [`${name} has no budget: ${raise(name)}.`];
    return (['bytes', 'modules'] as const).flatMap((unit) => {
      const excess = bundle[unit] - budget[unit];
      if (excess <= 0) return [];
      const [has, may, by] = [bundle[unit], budget[unit], excess].map((value) => value.toLocaleString('en'));
      return [`${name} has ${has} ${unit} and may have ${may}, ${by} too many. If that is worth it, ${raise(name)}.`];
    });
  });
  return [...exceeded, ...unused.map((name) => `There is a budget for ${name}, which is no function.`)];
}

test('no function exceeds its bundle budget of bytes and modules', async () => {
  const bundles = await ourBundles([...functionNames, ...optionalFunctionNames]);
  expect(budgetProblems(await readBudgets(), bundles)).toEqual([]);
});

test('an exceeded bundle budget is reported with function, excess and how to raise it', () => {
  const bundles = new Map([
    ['payment', { bytes: 1_010_000, modules: 10 }],
    ['sweep', { bytes: 1, modules: 1 }],
  ]);
  expect(
    budgetProblems({ payment: { bytes: 1_000_000, modules: 10 }, order: { bytes: 1, modules: 1 } }, bundles),
  ).toEqual([
    'payment has 1,010,000 bytes and may have 1,000,000, 10,000 too many. If that is worth it, `npm run generate -- --raise-budget payment` writes what it has; say in the commit what it is for.',
    'sweep has no budget: `npm run generate -- --raise-budget sweep` writes what it has; say in the commit what it is for.',
    'There is a budget for order, which is no function.',
  ]);
});
