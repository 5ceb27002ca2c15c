import { withDecision } from '../../lambdas/order/decision.ts';
import { isDue, untilShards } from '../../lambdas/order/open-orders.ts';
import type { Order } from '../../lambdas/order/record.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import { decisionOfOthers, isHeld, messageForUndecided } from '../../lambdas/sweep/rules.ts';
import { shellArgument } from '../command.ts';
import { plural } from '../format.ts';
import { type AuditContext, type AuditRecords, type Problem, SWEEP_INTERVAL_MS } from './problem.ts';
import { listenersOf, paymentWords, stockWords } from './words.ts';

/** Finds what of an undecided order does not agree with its being undecided. What merely waits is not named. */
export function undecidedProblems(order: Order, records: AuditRecords, context: AuditContext): Problem[] {
  const { orderId, open } = order;
  const { now, times } = context;
  const due = dueAt(order, context);
  // One that was learnt from a replay is looked at before its deadline begins.
  const isOverdue = !isDue(open) && due.getTime() + times.settleMs + SWEEP_INTERVAL_MS < now.getTime();
  const ending = endingProblem(order, records, context, isOverdue);
  const message = ending === undefined ? undefined : messageForUndecided(orderId, records, isOverdue, now);
  const isIndexed = open !== undefined;
  const found: Problem[] = [];
  if (ending !== undefined) found.push({ problem: ending, repair: whenEnded(due, now, isIndexed), message });
  else found.push(...unheardProblems(order, records, due));
  if (!isIndexed)
    found.push({
      problem: 'the index of open orders does not have it, so that the sweep never finds it',
      repair: `npm run ops -- cancel ${shellArgument(orderId)} ends it at once; npm run ops -- audit --repair does after its deadline, at ${due.toISOString()}.`,
    });
  return found;
}

function endingProblem(
  order: Order,
  records: AuditRecords,
  { now, times }: AuditContext,
  isOverdue: boolean,
): string | undefined {
  const heard = decisionOfOthers(records);
  if (heard !== undefined) return `undecided, but ${listenersOf(records, heard)} heard that it is ${heard}`;
  const { status } = records.shipment ?? {};
  if (status === 'CONFIRMED' || status === 'CANCELLED')
    return `undecided, but shipping heard that it is ${status.toLowerCase()}`;
  if (withDecision(order, now) !== order) return 'undecided, although all that decides it is known';
  return isOverdue ? `undecided past its deadline of ${plural(times.deadlineMs / 3_600_000, 'hour')}` : undefined;
}

/** Finds outcomes on record with payment or stock of which the order has not heard. */
function unheardProblems(order: Order, records: AuditRecords, due: Date): Problem[] {
  const { payment, reservation } = records;
  const unheard = [
    ...(payment !== undefined && order.payment === undefined && hasOutcome(payment) ? [paymentWords(payment)] : []),
    ...(reservation !== undefined && order.stock === undefined ? [stockWords(reservation)] : []),
  ];
  const id = shellArgument(order.orderId);
  const repair = `npm run ops -- trace ${id} says which message waits or is a dead letter; the sweep ends the order at ${due.toISOString()}.`;
  const found = unheard.map((words) => ({ problem: `${words}, and order has not heard it`, repair }));
  if (order.status === undefined && found.length === 0 && isHeld(records))
    found.push({ problem: 'its own message has not come, and money or goods are held', repair });
  return found;
}

const OUTCOMES = new Set(['authorized', 'captured', 'declined', 'lapsed']);
const hasOutcome = ({ state }: Payment): boolean => OUTCOMES.has(state);

/** Returns when the sweep ends an undecided order. */
function dueAt({ open, openSince, timeline }: Order, { times }: AuditContext): Date {
  const since = Date.parse(openSince ?? timeline[0]?.time ?? '') || 0;
  const hasOwnMoment = open !== undefined && (untilShards.includes(open) || isDue(open));
  return new Date(hasOwnMoment ? since : since + times.deadlineMs);
}

function whenEnded(due: Date, now: Date, isIndexed: boolean): string {
  const atOnce = 'npm run ops -- audit --repair does it at once';
  if (!isIndexed) return `${atOnce}.`;
  const when = due > now ? `at ${due.toISOString()}` : 'with its next run, within 5 minutes';
  return `The sweep has it decided ${when}; ${atOnce}.`;
}
