import { setTimeout as pause } from 'node:timers/promises';

/** `deadline` is a time in milliseconds since 1970; an aborted signal ends the polling early. */
export type PollOptions = { deadline: number; intervalMs?: number; signal?: AbortSignal | undefined };

/** Polls until `done` accepts a result, or returns the last result once the deadline has passed. Throws when the signal is aborted. */
export async function pollUntil<T>(
  poll: () => Promise<T>,
  done: (result: T) => boolean,
  { deadline, intervalMs = 200, signal }: PollOptions,
): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    const result = await poll();
    if (done(result) || Date.now() >= deadline) return result;
    await pause(intervalMs, undefined, signal === undefined ? {} : { signal });
  }
}
