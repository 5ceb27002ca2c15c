import { setTimeout as pause } from 'node:timers/promises';

/** How long to wait, how often to look, and what ends the waiting early. Times in milliseconds. */
export type Patience = { deadline: number; every?: number; signal?: AbortSignal | undefined };

/**
 * Looks until what is seen is good enough, and gives it; gives what was seen last when the deadline (a time) has passed.
 * Throws when the signal is aborted.
 */
export async function lookUntil<T>(look: () => Promise<T>, good: (seen: T) => boolean, patience: Patience): Promise<T> {
  const { deadline, every = 200, signal } = patience;
  for (;;) {
    signal?.throwIfAborted();
    const seen = await look();
    if (good(seen) || Date.now() >= deadline) return seen;
    await pause(every, undefined, signal === undefined ? {} : { signal });
  }
}
