import type { Command } from 'commander';
import { type Line, sumBySku } from '../../contracts/order.ts';
import { amountArgument, itemArgument, orderIdArgument, reasonArgument, refundIdArgument } from '../arguments.ts';
import { type ChangeOptions, changingCommand, shellArgument } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { formatMoney } from '../format.ts';
import { interruptible } from '../interruption.ts';
import { print, printNothingTouched } from '../output.ts';
import { printNotice } from '../progress.ts';
import { connectToShop } from '../stack.ts';
import { ORDER_ID, PUBLISHED, traceHint, withWait } from './order-options.ts';
import type { OrderRecords } from './records.ts';
import {
  assertNotRefused,
  carryOutRefund,
  checkRefund,
  isSettled,
  newRefundId,
  orderRefundRequestedEvent,
  type RefundOutcome,
  refundDocument,
} from './refund.ts';
import { goodsText, type RefundRequest, refundSums, sumsText } from './refunds.ts';

/** `ops refund` */
export function refundCommand(): Command {
  const command = changingCommand(
    'refund',
    'Send money of a confirmed order back, count goods back that came with it, and say what became of it.',
    'refund o-1001 5000 --reason "arrived broken"',
    'refund o-1001 12000 --item KB-01=1 --restock',
  )
    .argument('<orderId>', ORDER_ID, orderIdArgument)
    .argument('<amount>', "in the currency's minor unit: 12000 is 12,000 KRW or 120.00 EUR", amountArgument)
    .option('--item <sku=quantity>', 'goods that came back; may be given several times', itemArgument)
    .option('--restock', 'what came back goes on the shelf again')
    .option(
      '--id <refundId>',
      "the refund's id; the same id sends the money once, and counts the goods once (default: a new one)",
      refundIdArgument,
    )
    .option('--reason <text>', 'why', reasonArgument);
  return withWait(command).action(refund);
}

type RefundOptions = ChangeOptions & {
  item?: Line[];
  restock?: boolean;
  id?: string;
  reason?: string;
  wait: number;
};

async function refund(orderId: string, amount: number, options: RefundOptions): Promise<void> {
  const { json, aws, yes, item = [], restock = false, id: refundId = newRefundId(), reason, wait } = options;
  if (restock && item.length === 0) throw new Error('--restock needs the goods that came back: --item sku=quantity.');
  const items = sumBySku(item).map((line) => ({ ...line, restock }));
  const request: RefundRequest = { orderId, refundId, amount, items };
  const event = orderRefundRequestedEvent(request, reason);
  const shop = await connectToShop({ aws });
  const { records, before } = await checkRefund(shop, request, event);
  if (isSettled(before)) return report(json, request, before, wait);
  if (!(await confirmChange(shop, refundQuestion(request, records, restock), { yes })))
    return printNothingTouched(json);
  const again = `a retry with --id ${shellArgument(refundId)} sends and counts nothing twice`;
  printNotice(`refund ${refundId} of ${orderId}: ${again}`);
  const outcome = await interruptible(PUBLISHED, (signal) =>
    carryOutRefund(shop, event, before, { waitSeconds: wait, signal }),
  );
  return report(json, request, outcome, wait);
}

function refundQuestion(
  { orderId, amount, items }: RefundRequest,
  { payment }: OrderRecords,
  restock: boolean,
): string {
  const sums = payment === undefined ? undefined : refundSums(payment);
  const currency = sums?.currency ?? '';
  const money = amount === 0 ? 'no money' : formatMoney({ amount, currency });
  const refunded = sums === undefined ? '' : ` (${sumsText(sums)} refunded so far)`;
  const goods = items.length === 0 ? '' : `, and count ${goodsText(items)} back${restock ? ' on the shelf' : ''}`;
  return `Refund ${money} of the order ${orderId}${refunded}${goods}?`;
}

/** Prints what became of a refund. Throws a sentence where it was refused, or is not known in time. */
function report(json: boolean | undefined, request: RefundRequest, outcome: RefundOutcome, wait: number): void {
  const { orderId, refundId } = request;
  print(json, refundDocument(request, outcome), () =>
    [
      `Refund ${refundId} of ${orderId}:`,
      ...refundLines(outcome, request),
      `See what happened: ${traceHint(orderId)}`,
    ].join('\n'),
  );
  assertNotRefused(request, outcome);
  if (!isSettled(outcome) && wait > 0) {
    throw new Error(
      `Refund ${refundId} of order ${orderId} is not done after ${wait} s, and goes on by itself: ${traceHint(orderId)}`,
    );
  }
}

function refundLines(
  { payment, stock, reasons, sums }: RefundOutcome,
  { amount, items }: Pick<RefundRequest, 'amount' | 'items'>,
): string[] {
  const money = formatMoney({ amount, currency: sums.currency });
  const ofMoney = {
    refunded: `${money} went back; ${sumsText(sums)} is refunded.`,
    'refund-due': `${money} has to be sent by a person (${reasons.join('; ')}): docs/runbook/refund-due.md`,
    refused: `${money} was refused: nothing of it is sent.`,
    waiting: `${money} was asked for.`,
  };
  const ofGoods = {
    returned: `${goodsText(items)} came back.`,
    refused: `${goodsText(items)} was refused: nothing of it is counted.`,
    waiting: `${goodsText(items)} was asked to be counted back.`,
  };
  return [...(payment ? [ofMoney[payment]] : []), ...(stock ? [ofGoods[stock]] : [])];
}
