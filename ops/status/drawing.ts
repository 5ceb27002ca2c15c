import type { DeployedShop } from '../stack.ts';
import { collectStatus } from './collect.ts';
import type { OrderCounts } from './orders.ts';
import { report } from './report.ts';

/** So many orders are counted only so often, in milliseconds. */
const MANY_ORDERS = 2_000;
const RECOUNT_MS = 60_000;

/** Takes the shop and gives what draws its status, to be called again and again. */
export function drawing(shop: DeployedShop): () => Promise<string> {
  const look = collectStatus(shop);
  let orders: OrderCounts | undefined;
  let counted = 0;
  return async () => {
    const many = orders !== undefined && (orders.atLeast || orders.CONFIRMED + orders.CANCELLED > MANY_ORDERS);
    const remembered = many && Date.now() - counted < RECOUNT_MS ? orders : undefined;
    if (remembered === undefined) counted = Date.now();
    const seen = await look(remembered);
    orders = seen.orders;
    return report(seen);
  };
}
