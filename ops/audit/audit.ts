import { setTimeout as pause } from 'node:timers/promises';
import { chunk } from '../../lambdas/runtime/chunk.ts';
import type { Progress } from '../../lambdas/sweep/order-index.ts';
import type { JudgingTimes } from '../sweep-times.ts';
import { auditShelves, type ShelfAudit } from './audit-shelves.ts';
import { disagreementOf, isSettling } from './disagreement.ts';
import { KnownOrders } from './known-orders.ts';
import type { AuditContext, Disagreement } from './problem.ts';
import type { AuditTables } from './tables.ts';

export type AuditResult = {
  /** How many orders were looked at. */
  checked: number;
  /** What disagrees, and has for so long that no consumer is still at work on it. */
  disagreeing: Disagreement[];
  /** How many orders disagree on which consumers may still be at work. */
  settling: number;
  shelves: ShelfAudit;
};

export type AuditOptions = {
  times: JudgingTimes;
  now?: () => Date;
  /** How long what seems to disagree is left alone before it is read again, in milliseconds. @default 10,000 */
  recheckMs?: number;
  /** Gets the number of orders, and of records of others, that were looked at so far. */
  onProgress?: (looked: { orders: number; others: number }) => void;
  signal?: AbortSignal | undefined;
};

// One BatchGetItem call of each table.
const ORDERS_PER_READ = 100;
const RECHECK_MS = 10_000;

/** One run of an audit. */
export type Audit = AuditOptions & { tables: AuditTables; progress: Progress };

/**
 * Reads all orders and holds them against what the other consumers have on record, then what those have on record against the orders that are
 * known, and the shelves against the reservations. It is no snapshot of all tables: what seems to disagree is read again later, consistently.
 * Memory grows by some bytes for each order, and by a line for each SKU and for each order that disagrees.
 */
export async function audit(tables: AuditTables, options: AuditOptions): Promise<AuditResult> {
  const run: Audit = { ...options, tables, progress: await tables.progress() };
  const known = new KnownOrders();
  const suspects = new Set<string>();
  const looked = { orders: 0, others: 0 };
  const report = () => {
    options.signal?.throwIfAborted();
    options.onProgress?.({ ...looked });
  };
  for await (const page of tables.orders()) {
    for (const group of chunk(page, ORDERS_PER_READ)) {
      const others = await tables.loadOthers(
        group.map(({ orderId }) => orderId),
        false,
      );
      for (const order of group) {
        const { orderId } = order;
        known.add(orderId);
        if (disagreementOf(orderId, { ...others.get(orderId), order }, contextOf(run))) suspects.add(orderId);
      }
      looked.orders += group.length;
      report();
    }
  }
  const lookFor = (orderIds: readonly string[]) => {
    for (const orderId of orderIds) if (!known.has(orderId)) suspects.add(orderId);
    looked.others += orderIds.length;
    report();
  };
  for (const table of ['payments', 'notifications', 'shipments'] as const)
    for await (const page of tables.orderIds(table)) lookFor(page);
  const pauseFirst = () => pause(options.recheckMs ?? RECHECK_MS, undefined, { signal: options.signal });
  const shelves = await auditShelves(tables, { lookFor, pauseFirst });
  if (suspects.size > 0) await pauseFirst();
  return { checked: looked.orders, ...(await recheck(run, [...suspects])), shelves };
}

const contextOf = ({ times, progress, now = () => new Date() }: Audit): AuditContext => ({
  times,
  progress,
  now: now(),
});

/** Reads orders again, consistently, and returns those that disagree still; not those on which consumers may be at work. */
export async function recheck(
  run: Audit,
  orderIds: readonly string[],
): Promise<Pick<AuditResult, 'disagreeing' | 'settling'>> {
  const disagreeing: Disagreement[] = [];
  let settling = 0;
  for (const group of chunk(orderIds, ORDERS_PER_READ)) {
    run.signal?.throwIfAborted();
    const [orders, others] = await Promise.all([run.tables.loadOrders(group), run.tables.loadOthers(group, true)]);
    for (const orderId of group) {
      const records = { ...others.get(orderId), order: orders.get(orderId) };
      const found = disagreementOf(orderId, records, contextOf(run));
      if (found === undefined) continue;
      if (isSettling(records, contextOf(run))) settling += 1;
      else disagreeing.push(found);
    }
  }
  return { disagreeing, settling };
}
