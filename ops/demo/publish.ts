import { orderCancelRequestedEvent } from '../orders/cancel.ts';
import { refundWithGoodsEvent } from '../orders/follow-up.ts';
import { orderPlacedEvent } from '../orders/generate.ts';
import { publishOrders } from '../orders/publish.ts';
import { loadOrderRecords, type OrderRecords, sentTexts } from '../orders/records.ts';
import { type PollOptions, pollUntil } from '../poll.ts';
import type { DeployedShop } from '../stack.ts';
import type { AfterConfirmation, Scenario } from './scenarios.ts';

/** Publishes the orders, and of those that are cancelled before they come the cancellation. */
export async function publishScenarios(shop: DeployedShop, scenarios: readonly Scenario[]): Promise<void> {
  await send(
    shop,
    scenarios.flatMap((scenario) =>
      scenario.publish === 'cancelled-first'
        ? [JSON.stringify(orderCancelRequestedEvent(scenario.order.orderId, 'changed my mind'))]
        : messagesOf(scenario),
    ),
  );
}

/** Publishes the orders that were cancelled before they come, where payment knows of their cancellations in time. */
export async function publishCancelledOrders(
  shop: DeployedShop,
  scenarios: readonly Scenario[],
  options: PollOptions,
): Promise<void> {
  const cancelled = scenarios.filter(({ publish }) => publish === 'cancelled-first');
  // Standard queues keep no order: only an order published after everybody has its cancellation on record is certain to come second.
  const known = await waitFor(shop, cancelled, ({ payment }) => payment?.state === 'voided', options);
  await send(shop, known.flatMap(messagesOf));
}

/** Publishes what follows confirmations, where the orders are confirmed, paid and texted about in time. */
export async function publishAfterConfirmation(
  shop: DeployedShop,
  scenarios: readonly Scenario[],
  options: PollOptions,
): Promise<void> {
  const following = scenarios.filter(({ afterConfirmation }) => afterConfirmation !== undefined);
  const isConfirmed = ({ order, payment, notification }: OrderRecords) =>
    order?.status === 'CONFIRMED' && payment?.state === 'captured' && sentTexts(notification).length > 0;
  const confirmed = await waitFor(shop, following, isConfirmed, options);
  await send(
    shop,
    confirmed.flatMap(({ order, afterConfirmation }) =>
      afterConfirmation === undefined
        ? []
        : [JSON.stringify(messageAfterConfirmation(order.orderId, afterConfirmation))],
    ),
  );
}

/** Waits until all orders have come so far, and returns those that have. */
async function waitFor(
  shop: DeployedShop,
  scenarios: readonly Scenario[],
  isReached: (records: OrderRecords) => boolean,
  options: PollOptions,
): Promise<Scenario[]> {
  if (scenarios.length === 0) return [];
  const ids = scenarios.map(({ order }) => order.orderId);
  const reached = (found: ReadonlyMap<string, OrderRecords>, id: string) => isReached(found.get(id) ?? {});
  const found = await pollUntil(
    () => loadOrderRecords(shop, ids),
    (records) => ids.every((id) => reached(records, id)),
    options,
  );
  return scenarios.filter(({ order }) => reached(found, order.orderId));
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
