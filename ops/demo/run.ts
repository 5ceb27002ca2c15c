import { ulid } from 'ulid';
import { orderCancelRequestedEvent } from '../orders/cancel.ts';
import { refundWithGoodsEvent } from '../orders/follow-up.ts';
import { orderPlacedEvent } from '../orders/generate.ts';
import { publishOrders } from '../orders/publish.ts';
import { loadOrderRecords, sentTexts } from '../orders/records.ts';
import { pollUntil } from '../poll.ts';
import { countQueuedMessages } from '../queues.ts';
import { isGatewayDown, listGatewayRecords } from '../sandbox/gateway.ts';
import type { DeployedShop } from '../stack.ts';
import { type OnProgress, reportStep } from '../steps.ts';
import { type DemoResult, type ScenarioResult, scenarioResult } from './result.ts';
import { type AfterConfirmation, demoScenarios, type Scenario } from './scenarios.ts';
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
  await reportStep(`published ${scenarios.length} orders`, onProgress, () => publishScenarios(shop, scenarios, signal));
  await reportStep('cancelled one that was confirmed, and refunded a part of another', onProgress, () =>
    publishAfterConfirmation(shop, scenarios, signal),
  );
  await reportStep('orders went through payment, stock and texts', onProgress, () =>
    pollUntil(
      () => scenarioResults(shop, scenarios),
      (results) => results.every(({ problems }) => problems.length === 0),
      { deadline: Date.now() + DECIDED_TIMEOUT_MS, signal },
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

async function publishScenarios(
  shop: DeployedShop,
  scenarios: readonly Scenario[],
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + DECIDED_TIMEOUT_MS;
  const cancelledFirst = scenarios.filter(({ publish }) => publish === 'cancelled-first');
  const others = scenarios.filter(({ publish }) => publish !== 'cancelled-first');
  const cancellations = cancelledFirst.map(({ order }) =>
    JSON.stringify(orderCancelRequestedEvent(order.orderId, 'changed my mind')),
  );
  await send(shop, [...cancellations, ...others.flatMap(messagesOf)]);
  // Standard queues keep no order: only an order published after everybody has its cancellation on record is certain to come second.
  const ids = cancelledFirst.map(({ order }) => order.orderId);
  await pollUntil(
    () => loadOrderRecords(shop, ids),
    (found) => ids.every((id) => found.get(id)?.payment?.state === 'voided'),
    { deadline, signal },
  );
  await send(shop, cancelledFirst.flatMap(messagesOf));
}

/** Publishes what follows confirmations, once the orders are confirmed, paid and texted about. */
async function publishAfterConfirmation(
  shop: DeployedShop,
  scenarios: readonly Scenario[],
  signal: AbortSignal,
): Promise<void> {
  const following = scenarios.filter(({ afterConfirmation }) => afterConfirmation !== undefined);
  const ids = following.map(({ order }) => order.orderId);
  await pollUntil(
    () => loadOrderRecords(shop, ids),
    (found) =>
      ids.every((id) => {
        const { order, payment, notification } = found.get(id) ?? {};
        return order?.status === 'CONFIRMED' && payment?.state === 'captured' && sentTexts(notification).length > 0;
      }),
    { deadline: Date.now() + DECIDED_TIMEOUT_MS, signal },
  );
  await send(
    shop,
    following.flatMap(({ order, afterConfirmation }) =>
      afterConfirmation === undefined
        ? []
        : [JSON.stringify(messageAfterConfirmation(order.orderId, afterConfirmation))],
    ),
  );
}

function messageAfterConfirmation(orderId: string, after: AfterConfirmation) {
  if (after.kind === 'cancel') return orderCancelRequestedEvent(orderId, 'changed my mind');
  const { refundId, amount, items } = after;
  return refundWithGoodsEvent({ orderId, refundId, amount, items });
}

/** Builds a scenario's messages: where it publishes repeatedly, two copies of one event and another event of the same order. */
function messagesOf({ order, publish }: Scenario): string[] {
  const body = JSON.stringify(orderPlacedEvent(order));
  return publish === 'repeatedly' ? [body, body, JSON.stringify(orderPlacedEvent(order))] : [body];
}

async function send(shop: DeployedShop, messages: readonly string[]): Promise<void> {
  const [rejected] = await publishOrders(shop, messages);
  if (rejected !== undefined) throw new Error(`The topic refused an order: ${rejected.code} ${rejected.message}`);
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
