import { ulid } from 'ulid';
import { loadOrderRecords } from '../orders/records.ts';
import { pollUntil } from '../poll.ts';
import { countQueuedMessages } from '../queues.ts';
import { isGatewayDown, listGatewayRecords } from '../sandbox/gateway.ts';
import type { DeployedShop } from '../stack.ts';
import { type OnProgress, reportStep } from '../steps.ts';
import { publishAfterConfirmation, publishCancelledOrders, publishScenarios } from './publish.ts';
import { type DemoResult, type ScenarioResult, scenarioResult } from './result.ts';
import { demoScenarios, type Scenario } from './scenarios.ts';
import { checkStock, stockShelves } from './stock.ts';

// Long enough for cold functions on AWS and on a busy machine; usually it takes a second or two.
const DECIDED_TIMEOUT_MS = 90_000;
const QUEUES_EMPTY_TIMEOUT_MS = 15_000;

/**
 * Publishes one order for every end state and checks each of them, and the shelves, once the queues are empty. Throws where
 * the sandbox payment gateway is down; differences from the expected end states are problems in the result.
 */
export async function runDemo(
  shop: DeployedShop,
  options: { phone: string | undefined; signal: AbortSignal; onProgress: OnProgress },
): Promise<DemoResult> {
  const { phone, signal, onProgress } = options;
  if (await isGatewayDown(shop)) {
    throw new Error(
      'The sandbox payment gateway is down, so nothing would be decided: npm run ops -- sandbox payment up',
    );
  }
  const scenarios = demoScenarios(ulid().slice(-6).toLowerCase(), phone);
  const before = await reportStep('stocked the shelves', onProgress, () => stockShelves(shop, signal));
  const since = new Date();
  const patience = () => ({ deadline: Date.now() + DECIDED_TIMEOUT_MS, signal });
  await reportStep(`published ${scenarios.length} orders`, onProgress, async () => {
    await publishScenarios(shop, scenarios);
    await publishCancelledOrders(shop, scenarios, patience());
  });
  await reportStep('cancelled one that was confirmed, and refunded a part of another', onProgress, () =>
    publishAfterConfirmation(shop, scenarios, patience()),
  );
  await reportStep('orders went through payment, stock and texts', onProgress, () =>
    pollUntil(
      () => scenarioResults(shop, scenarios),
      (results) => results.every(({ problems }) => problems.length === 0),
      patience(),
    ),
  );
  // Duplicates may still be queued; the results are final only once they were handled.
  await reportStep('queues came to rest', onProgress, () =>
    pollUntil(
      () => countQueuedMessages(shop),
      (left) => left === 0,
      { deadline: Date.now() + QUEUES_EMPTY_TIMEOUT_MS, signal },
    ),
  );
  const results = await scenarioResults(shop, scenarios);
  return { results, ...(await checkStock(shop, scenarios, { before, since, signal })) };
}

async function scenarioResults(shop: DeployedShop, scenarios: readonly Scenario[]): Promise<ScenarioResult[]> {
  const ids = scenarios.map(({ order }) => order.orderId);
  const [found, money] = await Promise.all([
    loadOrderRecords(shop, ids),
    Promise.all(ids.map((id) => listGatewayRecords(shop, id))),
  ]);
  return scenarios.map((scenario, index) =>
    scenarioResult(scenario, found.get(scenario.order.orderId) ?? {}, money[index] ?? []),
  );
}
