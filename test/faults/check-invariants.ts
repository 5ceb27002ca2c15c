import { expect } from 'vitest';
import { audit } from '../../ops/audit/audit.ts';
import { connectTables } from '../../ops/audit/connect.ts';
import type { Disagreement } from '../../ops/audit/problem.ts';
import { shop } from '../deployed/deployed-shop.ts';
import { type Allowances, findViolations, type Observations } from '../harness/invariants.ts';
import type { ShopState } from '../harness/shop-state.ts';
import { observeShop } from './observe-shop.ts';

/** What an audit may find in the end, because it is left to the sweep or to a person; anything else fails. */
export type AuditAllowances = { leaves?: ((found: Disagreement) => boolean) | undefined };

/**
 * Looks at the shop from outside and fails with every broken promise, and with all that an audit of its tables finds but the orders that are on record as
 * contradictory, which it has to find.
 */
export async function checkInvariants(
  observed: Observations & { now?: () => Date },
  { leaves, ...allowances }: Allowances & AuditAllowances = {},
): Promise<ShopState> {
  const state = await checkPromises(observed, allowances);
  const contradicted = [...state.orders.values()].filter(({ contradiction }) => contradiction !== undefined);
  const ids = new Set(contradicted.map(({ orderId }) => orderId));
  const found = await checkAudit(observed.now, { leaves: (one) => ids.has(one.orderId) || leaves?.(one) === true });
  expect(new Set(found.map(({ orderId }) => orderId).filter((orderId) => ids.has(orderId)))).toEqual(ids);
  return state;
}

/** Looks at the shop from outside and fails with every broken promise. */
export async function checkPromises(observed: Observations, allowances: Allowances = {}): Promise<ShopState> {
  const state = await observeShop(observed.ledger, observed.idle);
  expect(findViolations(observed, state, allowances)).toEqual([]);
  return state;
}

/** Where shipping does not run, no confirmed order has a shipment. */
export const isUnshipped = ({ problem }: Disagreement): boolean =>
  problem === 'CONFIRMED: shipping has no shipment of it';

/** What was published and could not be noted is left to the order's next event, or to the sweep. */
export const isUnnoted = ({ problem }: Disagreement): boolean =>
  /^[A-Z]+: \d+ of its \d+ steps (is|are) not known to be published \([^;]*\)$/.test(problem);

const { tables } = connectTables(shop, 1_000_000);
// The shop is quiet: nobody is at work on anything.
const TIMES = { deadlineMs: 48 * 3_600_000, reminderMs: 0, settleMs: 0, recordMs: 0 };

/** Audits the tables as they are. */
export const auditNow = (now?: () => Date) => audit(tables, { times: TIMES, recheckMs: 0, ...(now && { now }) });

/** Fails with all that an audit of the tables finds and is not left to others; returns all of it. */
export async function checkAudit(
  now?: () => Date,
  { leaves = () => false }: AuditAllowances = {},
): Promise<readonly Disagreement[]> {
  const { disagreeing, shelves } = await auditNow(now);
  expect(disagreeing.filter((found) => !leaves(found))).toEqual([]);
  expect(shelves).toMatchObject({ wrong: [], moving: 0 });
  return disagreeing;
}
