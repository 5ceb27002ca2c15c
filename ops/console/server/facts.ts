import { findQueues } from '../../consumers.ts';
import { hasSandbox } from '../../sandbox/gateway.ts';
import { readingCost } from '../../status/reading-cost.ts';
import { describePlace } from '../../where.ts';
import type { Facts } from '../api/live.ts';
import type { Console } from './console.ts';
import { refreshSeconds } from './live.ts';

/** Tells a page what it is shown by, and what looking costs. */
export function factsOf({ shop, actionsAllowed, revealAllowed, bodiesShown }: Console): Facts {
  return {
    stack: shop.stackName,
    where: describePlace(shop),
    local: shop.local,
    sandbox: hasSandbox(shop),
    actionsAllowed,
    revealAllowed,
    bodiesShown,
    refreshSeconds: refreshSeconds(shop.local),
    hourlyCost: shop.local ? 0 : hourlyCost(findQueues(shop.outputs).length, refreshSeconds(shop.local)),
  };
}

/** Returns what an hour of looking costs in US dollars, but for the tables, which are read by the page. */
const hourlyCost = (consumers: number, seconds: number): number =>
  (3_600 / seconds) * readingCost(consumers, { cloudWatch: true });
