import { expect } from 'vitest';
import { type Allowances, type Observed, violations } from './violations.ts';
import { look, type World } from './world.ts';

/** Looks at the shop from outside and fails with every broken promise. */
export async function checkInvariants(observed: Observed, allowances: Allowances = {}): Promise<World> {
  const world = await look(observed.ledger, observed.idle);
  expect(violations(observed, world, allowances)).toEqual([]);
  return world;
}
