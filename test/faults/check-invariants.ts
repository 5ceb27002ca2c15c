import { expect } from 'vitest';
import { type Allowances, findViolations, type Observations } from '../harness/invariants.ts';
import type { ShopState } from '../harness/shop-state.ts';
import { observeShop } from './observe-shop.ts';

/** Looks at the shop from outside and fails with every broken promise. */
export async function checkInvariants(observed: Observations, allowances: Allowances = {}): Promise<ShopState> {
  const world = await observeShop(observed.ledger, observed.idle);
  expect(findViolations(observed, world, allowances)).toEqual([]);
  return world;
}
