import type { Command } from 'commander';
import type { OrderCancelRequested } from '../../contracts/order.ts';
import { orderIdArgument, reasonArgument } from '../arguments.ts';
import { type ChangeOptions, changingCommand, shellArgument } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { interruptible } from '../interruption.ts';
import { print, printNothingTouched } from '../output.ts';
import { connectToShop } from '../stack.ts';
import { awaitCancellation, type CancelOutcome, orderCancelRequestedEvent, requestCancellation } from './cancel.ts';
import { ORDER_ID, PUBLISHED, traceHint, withWait } from './order-options.ts';
import type { OrderRecords } from './records.ts';

/** `ops cancel` */
export function cancelCommand(): Command {
  const command = changingCommand(
    'cancel',
    "Publish a customer's wish to cancel an order, and say what became of it: an order can be cancelled until it ships.",
    'cancel o-1001 --reason "wrong size"',
  )
    .argument('<orderId>', ORDER_ID, orderIdArgument)
    .option('--reason <text>', "the customer's reason", reasonArgument, 'changed my mind');
  return withWait(command).action(cancel);
}

type CancelOptions = ChangeOptions & { reason: string; wait: number };

async function cancel(orderId: string, { json, aws, yes, reason, wait }: CancelOptions): Promise<void> {
  const event = orderCancelRequestedEvent(orderId, reason);
  const shop = await connectToShop({ aws });
  if (!(await confirmChange(shop, `Cancel the order ${orderId}?`, { yes }))) return printNothingTouched(json);
  const { outcome, order } = await interruptible(PUBLISHED, async (signal) => {
    await requestCancellation(shop, event);
    return awaitCancellation(shop, event, { waitSeconds: wait, signal });
  });
  const document = { orderId, reason, eventId: event.id, outcome, status: order?.status ?? null };
  print(json, document, () =>
    [cancelText(event, outcome, order), `See what happened: ${traceHint(orderId)}`].join('\n'),
  );
  if (outcome === 'shipped') {
    throw new Error(
      `Order ${orderId} has shipped, so it is not cancelled: refund it once its goods are back (npm run ops -- refund ${shellArgument(orderId)} <amount>).`,
    );
  }
  if (outcome === 'waiting' && wait > 0) {
    throw new Error(`What became of it is not known after ${wait} s: ${traceHint(orderId)}`);
  }
}

function cancelText(
  { data: { orderId } }: OrderCancelRequested,
  outcome: CancelOutcome,
  order: OrderRecords['order'],
): string {
  if (outcome === 'already-cancelled') {
    return `${orderId} was cancelled already (${order?.reason ?? 'customer'}): this changed nothing.`;
  }
  if (outcome !== 'cancelled') return `Asked to cancel ${orderId}.`;
  return order?.total === undefined
    ? `${orderId} is cancelled before it has come: nothing will be charged for it.`
    : `${orderId} is cancelled: its money and its goods go back, as far as there are any.`;
}
