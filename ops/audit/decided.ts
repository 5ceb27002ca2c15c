import { sameMoney } from '../../contracts/money.ts';
import { orderCancelled, orderConfirmed, sameGoods } from '../../contracts/order.ts';
import { decidedShards, isDue } from '../../lambdas/order/open-orders.ts';
import { isDecision, type Order } from '../../lambdas/order/record.ts';
import { findingOf, type OwedPart, owedParts } from '../../lambdas/sweep/rules.ts';
import { shellArgument } from '../command.ts';
import { formatMoney } from '../format.ts';
import { MIN_RECONCILIATIONS } from '../status/waiting.ts';
import { contradictionProblems } from './contradiction.ts';
import { type AuditContext, type AuditRecords, byPerson, type Problem } from './problem.ts';
import { refundProblems } from './refunds.ts';
import { shipmentProblems } from './shipment.ts';
import { owedWords } from './words.ts';

/** Finds what of a decided order is not as it was decided. */
export function decidedProblems(order: Order, records: AuditRecords, context: AuditContext): Problem[] {
  return [
    ...owedProblems(order, records, context),
    ...timelineProblems(order),
    ...contentProblems(order, records),
    ...refundProblems({ ...records, order }),
    ...contradictionProblems(order, records),
    // What is not published yet cannot have reached shipping.
    ...(order.published < order.timeline.length ? [] : shipmentProblems(order, records.shipment)),
  ];
}

function owedProblems(order: Order, records: AuditRecords, context: AuditContext): Problem[] {
  const finding = findingOf(order, records, context.now);
  if (finding.kind !== 'owing') return [];
  const { message } = finding;
  const parts = owedParts(order, records, context.now);
  const repair = repairOf(order, parts, records, context);
  return parts.map((part) => ({ problem: owedWords(part, order, records), repair, message }));
}

function repairOf(order: Order, parts: readonly OwedPart[], records: AuditRecords, context: AuditContext): string {
  const does = whatRepairs(order, parts);
  const { orderId, reconciliations = 0 } = order;
  const when = whenSwept(order, parts, records, context);
  const automatic =
    when === undefined
      ? `No run of the sweep finds it any more: npm run ops -- audit --repair ${does}.`
      : `The sweep ${does} ${when}; npm run ops -- audit --repair does it at once.`;
  const id = shellArgument(orderId);
  return reconciliations < MIN_RECONCILIATIONS
    ? automatic
    : `The sweep had it published again ${reconciliations} times in vain, so a consumer refuses it or is down: npm run ops -- trace ${id} and npm run ops -- dlq list say why. ${automatic}`;
}

function whatRepairs({ dispatched }: Order, parts: readonly OwedPart[]): string {
  if (parts.includes('dispatch') || (parts.includes('decision') && dispatched)) return 'has order take that over';
  return parts.includes('decision') ? 'cancels it' : 'has its decision published again';
}

/** Returns when the sweep looks at a decided order again; `undefined` where it does not. */
function whenSwept(
  { open, openSince = '', status }: Order,
  parts: readonly OwedPart[],
  { payment, reservation }: AuditRecords,
  { now, progress }: AuditContext,
): string | undefined {
  const next = 'with its next run, within 5 minutes';
  if (isDue(open)) return openSince > now.toISOString() ? `at ${openSince}` : next;
  const isAhead = open !== undefined && decidedShards.includes(open) && openSince > (progress[open] ?? '');
  if (isAhead) return next;
  // Once a day it goes by the payments and reservations that there are.
  if (parts.includes('dispatch')) return 'within a day';
  const paymentIsChecked = parts.includes('payment') && payment !== undefined;
  const isSold = reservation !== undefined || (status === 'CONFIRMED' && payment !== undefined);
  return paymentIsChecked || (parts.includes('stock') && isSold) ? 'within a day' : undefined;
}

function timelineProblems({ orderId, status, timeline }: Order): Problem[] {
  const decision = timeline.findLast(isDecision)?.type;
  if (decision === (status === 'CONFIRMED' ? orderConfirmed.type : orderCancelled.type)) return [];
  const says = decision === undefined ? 'has no decision' : `ends with ${decision}`;
  return [{ problem: `its timeline ${says}`, repair: byPerson(orderId, 'which of the two is true') }];
}

/** Compares what a confirmed order costs and has in it with what was taken and sold for it; of a cancelled one nothing is kept. */
function contentProblems(order: Order, { payment, reservation }: AuditRecords): Problem[] {
  const { orderId, status, total, items } = order;
  if (status !== 'CONFIRMED') return [];
  const found: string[] = [];
  if (total !== undefined && payment?.money !== undefined && !sameMoney(total, payment.money))
    found.push(`it costs ${formatMoney(total)}, and its payment is of ${formatMoney(payment.money)}`);
  if (items !== undefined && reservation !== undefined && !sameGoods(items, reservation.lines))
    found.push('stock has other goods on record than were ordered');
  return found.map((problem) => ({ problem, repair: byPerson(orderId, 'which of the two is true') }));
}
