/** How orders arrive: so many a second on average, so many of them at once, so many in all. */
export type Pace = { rate: number; burst: number; count: number };

/** The time in milliseconds, and a way to wait for one; `false`: it is to end, so there is nothing to wait for. */
export type Clock = { now(): number; until(time: number): Promise<boolean> };

/** Sends the orders from `first` up to, not including, `end`. */
export type Send = (first: number, end: number) => Promise<void>;

const PER_CALL = 10;
const CALLS_AT_ONCE = 16;
/** Orders that are due within so many milliseconds share a call. */
const TICK_MS = 50;

/** Gives when an order is due, in milliseconds after the start: counted from the start, so that no delay adds up. */
export const dueAfter = (index: number, { rate, burst }: Pace): number =>
  (Math.floor(index / burst) * burst * 1_000) / rate;

/**
 * Sends orders when they are due and never waits for an answer, except when so many calls are under way that one more would
 * measure the publisher; gives by how many milliseconds the worst was late. A `send` that throws ends it.
 */
export async function keepPace(pace: Pace, send: Send, clock: Clock): Promise<number> {
  const start = clock.now();
  const calls = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let late = 0;
  try {
    for (let next = 0; next < pace.count && failures.length === 0; ) {
      if (!(await clock.until(start + Math.ceil(dueAfter(next, pace) / TICK_MS) * TICK_MS))) break;
      while (calls.size >= CALLS_AT_ONCE) await Promise.race(calls);
      const elapsed = clock.now() - start;
      late = Math.max(late, elapsed - dueAfter(next, pace));
      let end = next + 1;
      while (end < Math.min(pace.count, next + PER_CALL) && dueAfter(end, pace) <= elapsed) end += 1;
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
  return late;
}
