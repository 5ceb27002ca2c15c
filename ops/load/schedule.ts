import { MAX_BATCH_ENTRIES } from '../../lambdas/runtime/message-size.ts';

/** How orders arrive: `rate` per second on average, `burst` at the same moment, `count` in all. */
export type ArrivalSchedule = { rate: number; burst: number; count: number };

/** A clock in milliseconds. `waitUntil` resolves to `false` when the load is to end early. */
export type Clock = { now(): number; waitUntil(time: number): Promise<boolean> };

/** Sends the orders from `first` up to, not including, `end`. */
export type SendRange = (first: number, end: number) => Promise<void>;

const CALLS_AT_ONCE = 16;
/** Orders that are due within this time of each other share a call. */
const SHARED_CALL_MS = 50;

/** Returns when an order is due, in milliseconds after the start of the load, so that delays do not add up. */
export const dueAfterMs = (index: number, { rate, burst }: ArrivalSchedule): number =>
  (Math.floor(index / burst) * burst * 1_000) / rate;

/**
 * Sends orders when they are due, without waiting for answers until 16 calls are in flight. Returns by how many milliseconds
 * the latest order was late; throws the first error that `send` throws, once the calls in flight have ended.
 */
export async function sendOnSchedule(schedule: ArrivalSchedule, send: SendRange, clock: Clock): Promise<number> {
  const start = clock.now();
  const calls = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let lateMs = 0;
  try {
    for (let next = 0; next < schedule.count && failures.length === 0; ) {
      const due = start + Math.ceil(dueAfterMs(next, schedule) / SHARED_CALL_MS) * SHARED_CALL_MS;
      if (!(await clock.waitUntil(due))) break;
      while (calls.size >= CALLS_AT_ONCE) await Promise.race(calls);
      const elapsed = clock.now() - start;
      lateMs = Math.max(lateMs, elapsed - dueAfterMs(next, schedule));
      const end = endOfCall(schedule, next, elapsed);
      const call: Promise<void> = send(next, end)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => calls.delete(call));
      calls.add(call);
      next = end;
    }
  } finally {
    await Promise.all(calls);
  }
  if (failures.length > 0) throw failures[0];
  return lateMs;
}

function endOfCall(schedule: ArrivalSchedule, first: number, elapsed: number): number {
  const last = Math.min(schedule.count, first + MAX_BATCH_ENTRIES);
  let end = first + 1;
  while (end < last && dueAfterMs(end, schedule) <= elapsed) end += 1;
  return end;
}
