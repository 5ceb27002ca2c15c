import { expect } from 'vitest';
import { observeShop, type ShopState } from './shop-state.ts';
import { type Allowances, type Observed, violations } from './violations.ts';

/** Looks at the shop from outside and fails with every broken promise. */
export async function checkInvariants(observed: Observed, allowances: Allowances = {}): Promise<ShopState> {
  const world = await observeShop(observed.ledger, observed.idle);
  expect(violations(observed, world, allowances)).toEqual([]);
  return world;
}
