import { ulid } from 'ulid';
import { buildEvent } from '../../contracts/cloud-event.ts';
import { type OrderCancelRequested, orderCancelRequested } from '../../contracts/order.ts';
import { ContractError, parseEvent } from '../../contracts/parse.ts';
import { shellArgument } from '../command.ts';
import { pollUntil } from '../poll.ts';
import type { DeployedShop } from '../stack.ts';
import { publishOrders } from './publish.ts';
import { loadOrderRecords, type OrderRecords } from './records.ts';

/** Builds the event that asks to cancel an order. Throws when the id or the reason breaks the contract. */
export function orderCancelRequestedEvent(orderId: string, reason: string, now = new Date()): OrderCancelRequested {
  const envelope = { id: ulid(), source: '/shop/checkout', time: now.toISOString(), subject: orderId };
  const event = buildEvent(orderCancelRequested, { ...envelope, data: { orderId, reason } });
  try {
    parseEvent(JSON.stringify(event), [orderCancelRequested]);
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    const problems = error.problems.filter(({ path }) => path.startsWith('data.'));
    throw new Error(
      `The cancellation is invalid: ${problems.map(({ path, problem }) => `${path.replace('data.', '')}: ${problem}`).join('; ')}`,
    );
  }
  return event;
}

/** Publishes a customer's request to cancel an order. */
export async function requestCancellation(shop: DeployedShop, event: OrderCancelRequested): Promise<void> {
  const [failed] = await publishOrders(shop, [JSON.stringify(event)]);
  if (failed !== undefined) throw new Error(`The topic refused the message: ${failed.code} ${failed.message}`);
}

/**
 * What became of a request to cancel: it cancelled the order, changed nothing because the order had shipped or was cancelled before, or was
 * not handled yet.
 */
export type CancelOutcome = 'cancelled' | 'shipped' | 'already-cancelled' | 'waiting';

/** Reads from an order's record what became of a request: who cancels an order leaves a step with the request's id. */
export function cancelOutcome(order: OrderRecords['order'], { source, id }: OrderCancelRequested): CancelOutcome {
  if (order?.status === 'CANCELLED') {
    const isOurs = order.timeline.some((step) => step.id === `${source} ${id}`);
    return isOurs ? 'cancelled' : 'already-cancelled';
  }
  return order?.status === 'CONFIRMED' && order.dispatched ? 'shipped' : 'waiting';
}

export type AwaitOptions = {
  /** How long to wait; 0 waits for nothing. */
  waitSeconds: number;
  signal?: AbortSignal | undefined;
};

/** Waits until an order's record tells what became of a request to cancel it. */
export async function awaitCancellation(
  shop: DeployedShop,
  event: OrderCancelRequested,
  { waitSeconds, signal }: AwaitOptions,
): Promise<{ outcome: CancelOutcome; order?: OrderRecords['order'] }> {
  if (waitSeconds === 0) return { outcome: 'waiting' };
  const { orderId } = event.data;
  return await pollUntil(
    async () => {
      const order = (await loadOrderRecords(shop, [orderId])).get(orderId)?.order;
      return { outcome: cancelOutcome(order, event), order };
    },
    ({ outcome }) => outcome !== 'waiting',
    { deadline: Date.now() + waitSeconds * 1_000, signal },
  );
}

/** What became of a request to cancel an order, as `cancel --json` prints it. */
export type Cancellation = {
  orderId: string;
  reason: string;
  eventId: string;
  outcome: CancelOutcome;
  status: NonNullable<OrderRecords['order']>['status'] | null;
};

/** Asks to cancel an order, and waits for what becomes of it. */
export async function cancelOrder(
  shop: DeployedShop,
  event: OrderCancelRequested,
  options: AwaitOptions,
): Promise<{ cancellation: Cancellation; order?: OrderRecords['order'] }> {
  await requestCancellation(shop, event);
  const { outcome, order } = await awaitCancellation(shop, event, options);
  const { orderId, reason = '' } = event.data;
  return { cancellation: { orderId, reason, eventId: event.id, outcome, status: order?.status ?? null }, order };
}

/** Throws a sentence, with what to do, where an order is not cancelled because it has shipped. */
export function assertNotShipped({ orderId, outcome }: Cancellation): void {
  if (outcome !== 'shipped') return;
  throw new Error(
    `Order ${orderId} has shipped, so it is not cancelled: refund it once its goods are back (npm run ops -- refund ${shellArgument(orderId)} <amount>).`,
  );
}
