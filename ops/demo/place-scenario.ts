import { ulid } from 'ulid';
import { assertTestOrdersAllowed } from '../orders/test-orders.ts';
import type { DeployedShop } from '../stack.ts';
import { publishAfterConfirmation, publishCancelledOrders, publishScenarios } from './publish.ts';
import { demoScenarios, type Scenario } from './scenarios.ts';
import { refillShelves } from './stock.ts';

// An outage in which it is tried out.
const FOLLOW_MS = 60 * 60_000;
const FOLLOW_INTERVAL_MS = 1_000;

/** A test order that was published. `follow` publishes, once it is time, what comes after that; absent where nothing does. */
export type PlacedScenario = Pick<Scenario, 'name' | 'story' | 'expected'> & {
  orderId: string;
  follow?: (signal: AbortSignal) => Promise<void>;
};

/**
 * Places one test order with an outcome of the demonstration, for which its goods are put on the shelf. Throws a sentence for a name that there
 * is not, and where orders must not be made up.
 */
export async function placeScenario(
  shop: DeployedShop,
  name: string,
  { phone }: { phone?: string | undefined } = {},
): Promise<PlacedScenario> {
  assertTestOrdersAllowed(shop, { what: 'a test order', phone });
  const all = demoScenarios(ulid().slice(-6).toLowerCase(), phone);
  const scenario = all.find((one) => one.name === name);
  if (scenario === undefined) {
    throw new Error(`There is no scenario ${name}, only ${all.map((one) => one.name).join(', ')}.`);
  }
  await refillShelves(shop);
  await publishScenarios(shop, [scenario]);
  const { story, expected, order, publish, afterConfirmation } = scenario;
  const placed = { name, story, expected, orderId: order.orderId };
  if (publish !== 'cancelled-first' && afterConfirmation === undefined) return placed;
  return {
    ...placed,
    async follow(signal) {
      const options = { deadline: Date.now() + FOLLOW_MS, intervalMs: FOLLOW_INTERVAL_MS, signal };
      await publishCancelledOrders(shop, [scenario], options);
      await publishAfterConfirmation(shop, [scenario], options);
    },
  };
}
