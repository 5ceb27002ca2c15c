import { ulid } from 'ulid';
import { requireSandbox } from '../sandbox/gateway.ts';
import type { DeployedShop } from '../stack.ts';
import type { DrillResult } from './result.ts';
import { type DrillListeners, runDrill } from './run.ts';

/** What a drill is asked for: `repeated` in per cent, `outage` and `patience` in seconds. */
export type DrillRequest = { orders: number; repeated: number; outage: number; patience: number };

/** What a drill has where nothing else is asked for. */
export const DRILL_DEFAULTS = { orders: 1_000, repeated: 10, outage: 60, patience: 900 } as const;

/** Runs a drill under a name of its own, which its orders begin with; throws where it is not allowed. */
export async function startDrill(
  shop: DeployedShop,
  { orders, repeated, outage, patience }: DrillRequest,
  listeners: DrillListeners,
): Promise<DrillResult> {
  if (!shop.local) throw new Error('A drill texts made-up numbers, so it is for an engine on this machine only.');
  requireSandbox(shop, 'a drill');
  const run = `drill-${ulid().slice(-8).toLowerCase()}`;
  const options = { run, orders, repeatedShare: repeated / 100, outageSeconds: outage, timeoutSeconds: patience };
  return runDrill(shop, options, listeners);
}
