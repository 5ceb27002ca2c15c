import { pollUntil } from '../poll.ts';
import type { DeployedShop } from '../stack.ts';
import { type LogPeriod, readLogLines } from './log-lines.ts';
import { isPaymentPending, loadOrderRecords } from './records.ts';
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
};

/** Collects an order's trace from the consumers' records and the functions' logs. */
export async function findTrace(
  shop: DeployedShop,
  orderId: string,
  { waitSeconds, logHours, signal }: FindTraceOptions,
): Promise<FindTraceResult> {
  const load = async () => {
    const records = (await loadOrderRecords(shop, [orderId])).get(orderId);
    return records === undefined ? undefined : buildTrace(records);
  };
  const recorded =
    waitSeconds === undefined
      ? await load()
      : await pollUntil(load, isDecided, { deadline: Date.now() + waitSeconds * 1_000, signal });
  const now = Date.now();
  const period = recorded === undefined ? { from: now - logHours * 3_600_000, until: now } : logPeriod(recorded, now);
  let lines: string[];
  try {
    lines = await readLogLines(shop, orderId, period);
  } catch (logError) {
    return { trace: recorded, logError };
  }
  return { trace: addAttempts(recorded, orderId, lines) };
}

// Clocks differ, and the log may be a while behind.
const BEFORE_MS = 15 * 60_000;
const AFTER_MS = 60 * 60_000;

/** Returns the period to search for an order's log lines. For a finished order it ends soon after its last event, which makes the search short. */
export function logPeriod({ status, payment, timeline }: Trace, now: number): LogPeriod {
  const times = timeline.map(({ time }) => Date.parse(time));
  const from = Math.min(now, ...times) - BEFORE_MS;
  const texted = timeline.some(({ template }) => template !== undefined && template !== 'order-placed');
  const mustGoBack = status === 'CANCELLED' && (payment === 'authorized' || payment === 'captured');
  const paymentPending = isPaymentPending(payment) || mustGoBack;
  const finished = (status === 'CONFIRMED' || status === 'CANCELLED') && texted && !paymentPending;
  return { from, until: finished ? Math.min(now, Math.max(...times) + AFTER_MS) : now };
}
