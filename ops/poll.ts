import { setTimeout as pause } from 'node:timers/promises';

/** How long to wait, how often to look, and what ends the waiting early. Times in milliseconds. */
export type PollOptions = { deadline: number; intervalMs?: number; signal?: AbortSignal | undefined };

/**
 * Looks until what is seen is good enough, and gives it; gives what was seen last when the deadline (a time) has passed.
 * Throws when the signal is aborted.
 */
export async function pollUntil<T>(
  poll: () => Promise<T>,
  good: (seen: T) => boolean,
  patience: PollOptions,
): Promise<T> {
  const { deadline, intervalMs = 200, signal } = patience;
  for (;;) {
    signal?.throwIfAborted();
    const seen = await poll();
    if (good(seen) || Date.now() >= deadline) return seen;
    await pause(intervalMs, undefined, signal === undefined ? {} : { signal });
  }
}
