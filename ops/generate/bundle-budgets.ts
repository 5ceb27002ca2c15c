import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunction } from '../../bench/bundles.ts';

/** The limits of a function's bundle. */
export type Budget = { bytes: number; modules: number };

/** The limits by function, as `bench/budgets.json` and `infra/custom/budgets.json` have them. */
export type Budgets = Readonly<Record<string, Budget>>;

// A budget is a limit on growth, not a record: a rule more must not need a command.
const ROOM = 1.05;
const BYTES_STEP = 1_000;

/** Measures the bundle of a function, and returns a budget with little room above it. */
export async function measuredBudget(name: string): Promise<Budget> {
  const folder = mkdtempSync(join(tmpdir(), 'shop-budget-'));
  try {
    const { bytes, modules } = await bundleFunction('ours', name, folder);
    return { bytes: Math.ceil((bytes * ROOM) / BYTES_STEP) * BYTES_STEP, modules: Math.ceil(modules * ROOM) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
