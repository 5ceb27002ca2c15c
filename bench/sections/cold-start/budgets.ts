import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bundle } from './bundles.ts';

/** How much a function's bundle may have, by the function's name. */
export type Budgets = Readonly<Record<string, { bytes: number; modules: number }>>;

/** Gives the budgets of `bench/budgets.json`. */
export async function readBudgets(): Promise<Budgets> {
  return JSON.parse(await readFile(join(import.meta.dirname, '..', '..', 'budgets.json'), 'utf8')) as Budgets;
}

/** Takes budgets and bundles and gives a sentence for each budget that is exceeded or missing, or has no function. */
export function exceeded(budgets: Budgets, bundles: ReadonlyMap<string, Pick<Bundle, 'bytes' | 'modules'>>): string[] {
  const gone = Object.keys(budgets).filter((name) => !bundles.has(name));
  const over = [...bundles].flatMap(([name, bundle]) => {
    const budget = budgets[name];
    if (budget === undefined) return [`${name} has no budget: ${RAISE}.`];
    return (['bytes', 'modules'] as const).flatMap((unit) => {
      const more = bundle[unit] - budget[unit];
      if (more <= 0) return [];
      const [has, may, by] = [bundle[unit], budget[unit], more].map((value) => value.toLocaleString('en'));
      return [`${name} has ${has} ${unit} and may have ${may}, ${by} too many. If that is worth it, ${RAISE}.`];
    });
  });
  return [...over, ...gone.map((name) => `bench/budgets.json has a budget for ${name}, which is no function.`)];
}

const RAISE = 'write what it has into bench/budgets.json and say in the commit what it is for';
