import { isDecided } from '../../lambdas/order/record.ts';
import { isOver } from '../../lambdas/sweep/retention.ts';
import { changedAt, toldAt } from '../../lambdas/sweep/settled.ts';
import { decidedProblems } from './decided.ts';
import type { AuditContext, AuditRecords, Disagreement, Problem } from './problem.ts';
import { undecidedProblems } from './undecided.ts';
import { unknownProblems } from './unknown.ts';

/** Holds an order's status against what payment, stock, notification and shipping have on record; `undefined` where all agree. */
export function disagreementOf(
  orderId: string,
  records: AuditRecords,
  context: AuditContext,
): Disagreement | undefined {
  const problems = problemsOf(orderId, records, context);
  if (problems.length === 0) return undefined;
  const unique = (texts: readonly string[]) => [...new Set(texts)];
  return {
    orderId,
    problem: `${statusWords(records)}: ${unique(problems.map(({ problem }) => problem)).join('; ')}`,
    repair: unique(problems.map(({ repair }) => repair)).join(' '),
    message: problems.find(({ message }) => message !== undefined)?.message,
    since: lastChange(records),
  };
}

function problemsOf(orderId: string, records: AuditRecords, context: AuditContext): Problem[] {
  const { order } = records;
  // The sweep deletes what is left within a day.
  if (isOver(records, context.times.recordMs, context.now)) return [];
  if (order === undefined) return unknownProblems(orderId, records, context);
  // A tombstone that is about to be deleted: those of others may be gone already.
  if (order.expiresAt !== undefined && order.expiresAt * 1_000 <= context.now.getTime()) return [];
  return isDecided(order) ? decidedProblems(order, records, context) : undecidedProblems(order, records, context);
}

function statusWords({ order }: AuditRecords): string {
  if (order === undefined) return 'not known to order';
  return order.status ?? 'known to order by what others say alone';
}

/** Tells whether anything about an order has happened so lately that its consumers may still be at work on it. */
export function isSettling(records: AuditRecords, { times, now }: AuditContext): boolean {
  const time = lastChange(records);
  return time !== undefined && Date.parse(time) > now.getTime() - times.settleMs;
}

/** Returns when one of an order's records last changed. */
function lastChange({ order, payment, reservation, shipment }: AuditRecords): string | undefined {
  const moments = [
    order && toldAt(order),
    payment && changedAt(payment),
    reservation && changedAt(reservation),
    shipment?.shipment?.recordedAt,
  ];
  return moments
    .filter((time) => time !== undefined)
    .reduce<string | undefined>(
      (latest, time) => (latest === undefined || Date.parse(time) > Date.parse(latest) ? time : latest),
      undefined,
    );
}
