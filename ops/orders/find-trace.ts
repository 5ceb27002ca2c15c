import { findFunctions } from '../functions.ts';
import { pollUntil } from '../poll.ts';
import type { DeployedShop } from '../stack.ts';
import { type LogPeriod, readLogLines } from './log-lines.ts';
import { isPaymentPending, loadWholeOrder } from './records.ts';
import { readStartFailures, type StartFailure, stillFailing } from './start-failures.ts';
import { addAttempts, buildTrace, isDecided, type Trace } from './trace.ts';

export type FindTraceOptions = {
  /** How long to wait until the order is decided. @default no waiting */
  waitSeconds?: number | undefined;
  /** How far back to search the logs for an order without a record. */
  logHours: number;
  signal?: AbortSignal | undefined;
};

export type FindTraceResult = {
  /** `undefined` for an order that neither the records nor the logs know. */
  trace: Trace | undefined;
  /** Why the logs could not be read; the trace has no attempts then. */
  logError?: unknown;
  /** The consumers that cannot start, where the order is unfinished or unknown. */
  cannotStart?: StartFailure[];
};

/** Collects an order's trace from the consumers' records and the functions' logs. */
export async function findTrace(
  shop: DeployedShop,
  orderId: string,
  { waitSeconds, logHours, signal }: FindTraceOptions,
): Promise<FindTraceResult> {
  const load = async () => buildTrace(await loadWholeOrder(shop, orderId));
  const recorded =
    waitSeconds === undefined
      ? await load()
      : await pollUntil(load, isDecided, { deadline: Date.now() + waitSeconds * 1_000, signal });
  const now = Date.now();
  const period = recorded === undefined ? { from: now - logHours * 3_600_000, until: now } : logPeriod(recorded, now);
  try {
    const functions = await findFunctions(shop);
    const groups = functions.map(({ logGroup }) => logGroup);
    const trace = addAttempts(recorded, orderId, await readLogLines(shop, orderId, period, groups));
    if (trace !== undefined && isFinished(trace)) return { trace };
    const cannotStart = stillFailing(await readStartFailures(shop, functions), trace?.attempts ?? []);
    if (cannotStart.length === 0) return { trace };
    return { trace: trace && { ...trace, cannotStart }, cannotStart };
  } catch (logError) {
    return { trace: recorded, logError };
  }
}

// Clocks differ, and the log may be a while behind.
const BEFORE_MS = 15 * 60_000;
const AFTER_MS = 60 * 60_000;

/** Returns the period to search for an order's log lines. For a finished order it ends soon after its last event, which makes the search short. */
export function logPeriod(trace: Trace, now: number): LogPeriod {
  const times = trace.timeline.map(({ time }) => Date.parse(time));
  const from = Math.min(now, ...times) - BEFORE_MS;
  return { from, until: isFinished(trace) ? Math.min(now, Math.max(...times) + AFTER_MS) : now };
}

/** Tells whether an order is decided, its customer told, and its payment at rest. */
const isFinished = (trace: Trace): boolean =>
  isSettled(trace) && trace.timeline.some(({ template }) => template !== undefined && template !== 'order-placed');

/** Tells whether an order is decided and its payment at rest; its customer need not be told yet, and is not where there is no phone. */
export function isSettled({ status, payment, refunds = [] }: Trace): boolean {
  const mustGoBack = status === 'CANCELLED' && (payment === 'authorized' || payment === 'captured');
  const refundPending = refunds.some(({ state }) => state === 'pending');
  const paymentPending = isPaymentPending(payment) || refundPending || mustGoBack;
  return (status === 'CONFIRMED' || status === 'CANCELLED') && !paymentPending;
}
