import { findQueues } from '../../consumers.ts';
import { hasSandbox } from '../../sandbox/gateway.ts';
import { describePlace } from '../../where.ts';
import type { Facts } from '../api/live.ts';
import type { Console } from './console.ts';
import { refreshSeconds } from './live.ts';

// https://aws.amazon.com/cloudwatch/pricing/ and https://aws.amazon.com/sqs/pricing/, us-east-1: a metric that GetMetricData reads, a call.
const METRIC_PRICE = 0.01 / 1_000;
const CALL_PRICE = 0.4 / 1_000_000;
const METRICS_PER_CONSUMER = 7;
const CALLS_PER_CONSUMER = 4;

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
export const hourlyCost = (consumers: number, seconds: number): number =>
  (3_600 / seconds) * consumers * (METRICS_PER_CONSUMER * METRIC_PRICE + CALLS_PER_CONSUMER * CALL_PRICE);
