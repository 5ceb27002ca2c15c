import type { Mapping } from './template.ts';

/** How close two rounds have to be to end the search: a thousandth of a message. */
const PRECISION = 0.001;
const MAX_ROUNDS = 1_000;

/**
 * Returns the mean messages per batch at a steady rate. A window holds what arrives in it. Without one, a poller that comes free takes what has
 * arrived since the last one did, `r` messages on average where all of them are busy, or waits for the next message and takes it alone: with
 * arrivals at random, `r + e^-r` messages. So slow rates have batches of one, and batches fill as the consumer's concurrency is used up.
 * `secondsPerBatch` is how long a batch of so many messages takes.
 */
export function meanBatch(
  messagesPerSecond: number,
  { batchSize, windowSeconds, concurrency }: Pick<Mapping, 'batchSize' | 'windowSeconds' | 'concurrency'>,
  secondsPerBatch: (batch: number) => number,
): number {
  const inWindow = messagesPerSecond * windowSeconds;
  let batch = 1;
  // A larger batch takes longer, in which more arrives: the batches grow from one to the size at which both agree.
  for (let round = 0; round < MAX_ROUNDS && batch < batchSize; round += 1) {
    const arrived = (messagesPerSecond * secondsPerBatch(batch)) / concurrency;
    const next = Math.min(batchSize, Math.max(inWindow, arrived + Math.exp(-arrived)));
    if (next - batch < PRECISION) return Math.max(batch, next);
    batch = next;
  }
  return batch;
}
