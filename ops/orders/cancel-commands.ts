import type { Command } from 'commander';
import { orderIdArgument, reasonArgument } from '../arguments.ts';
import { type ChangeOptions, changingCommand } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { interruptible } from '../interruption.ts';
import { print, printNothingTouched } from '../output.ts';
import { connectToShop } from '../stack.ts';
import { assertNotShipped, type Cancellation, cancelOrder, orderCancelRequestedEvent } from './cancel.ts';
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
  const { cancellation, order } = await interruptible(PUBLISHED, (signal) =>
    cancelOrder(shop, event, { waitSeconds: wait, signal }),
  );
  print(json, cancellation, () =>
    [cancelText(cancellation, order), `See what happened: ${traceHint(orderId)}`].join('\n'),
  );
  assertNotShipped(cancellation);
  if (cancellation.outcome === 'waiting' && wait > 0) {
    throw new Error(`What became of it is not known after ${wait} s: ${traceHint(orderId)}`);
  }
}

function cancelText({ orderId, outcome }: Cancellation, order: OrderRecords['order']): string {
  if (outcome === 'already-cancelled') {
    return `${orderId} was cancelled already (${order?.reason ?? 'customer'}): this changed nothing.`;
  }
  if (outcome !== 'cancelled') return `Asked to cancel ${orderId}.`;
  return order?.total === undefined
    ? `${orderId} is cancelled before it has come: nothing will be charged for it.`
    : `${orderId} is cancelled: its money and its goods go back, as far as there are any.`;
}
