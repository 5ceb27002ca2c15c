import { ulid } from 'ulid';
import { buildEvent } from '../../contracts/cloud-event.ts';
import { type OrderCancelRequested, orderCancelRequested } from '../../contracts/order.ts';
import { ContractError, parseEvent } from '../../contracts/parse.ts';
import type { DeployedShop } from '../stack.ts';
import { publishOrders } from './publish.ts';

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
