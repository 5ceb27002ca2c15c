import type { Command } from 'commander';
import { ulid } from 'ulid';
import { buildEvent } from '../../contracts/cloud-event.ts';
import { type OrderCancelRequested, orderCancelRequested } from '../../contracts/order.ts';
import { ContractError, parseEvent } from '../../contracts/parse.ts';
import { type ShopOptions, shopCommand } from '../command.ts';
import { print } from '../output.ts';
import { connectToShop } from '../stack.ts';
import { publishOrders } from './publish.ts';

/** `ops cancel` */
export function cancelCommand(): Command {
  return shopCommand('cancel', "Publish a customer's wish to cancel an order.", 'cancel o-1001 --reason "wrong size"')
    .argument('<orderId>', 'the order')
    .option('--reason <text>', "the customer's reason", 'changed my mind')
    .action(async (orderId: string, { json, aws, reason }: ShopOptions & { reason: string }) => {
      const event = orderCancelRequestedEvent(orderId, reason);
      const body = checked(event);
      const shop = await connectToShop({ aws });
      const [refused] = await publishOrders(shop, [body]);
      if (refused !== undefined) throw new Error(`The topic refused the message: ${refused.code} ${refused.message}`);
      print(json, { orderId, reason, eventId: event.id }, () =>
        [
          `Asked to cancel ${orderId}; an order that is confirmed already stays so.`,
          `See what became of it: npm run ops -- trace ${orderId}`,
        ].join('\n'),
      );
    });
}

/** The event that says a customer wants out of an order. */
export function orderCancelRequestedEvent(orderId: string, reason: string, now = new Date()): OrderCancelRequested {
  const parts = { id: ulid(), source: '/shop/checkout', time: now.toISOString(), subject: orderId };
  return buildEvent(orderCancelRequested, { ...parts, data: { orderId, reason } });
}

function checked(event: OrderCancelRequested): string {
  const body = JSON.stringify(event);
  try {
    parseEvent(body, [orderCancelRequested]);
    return body;
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    const about = error.problems.filter((problem) => problem.startsWith('data.'));
    throw new Error(`This cannot be asked: ${about.map((problem) => problem.replace('data.', '')).join('; ')}`);
  }
}
