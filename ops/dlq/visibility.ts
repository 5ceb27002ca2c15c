import { chunk } from '../../lambdas/runtime/chunk.ts';
import { MAX_BATCH_ENTRIES } from '../../lambdas/runtime/message-size.ts';
import { plural } from '../format.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { LetterReceiver } from './letter-receiver.ts';

/** The most dead letters in flight at a time: of one queue, SQS allows 120,000 to all receivers together. */
export const MAX_IN_FLIGHT = 100_000;

// Receiving is some ten times quicker than this, so that nothing becomes visible again during a scan.
const DEAD_LETTERS_PER_SECOND = 50;
const MIN_VISIBILITY_SECONDS = 10;
const PARALLEL_CALLS = 4;

/** Returns for how many seconds each dead letter must stay invisible while so many of them are received. */
export const visibilitySeconds = (count: number): number =>
  Math.max(MIN_VISIBILITY_SECONDS, Math.ceil(count / DEAD_LETTERS_PER_SECOND));

/** The most seconds for which a redrive or a discard receives ahead of what it sends and deletes. */
export const MAX_PREFETCH_SECONDS = 50;
// Clocks, and the time that a call takes.
const HOLD_MARGIN_SECONDS = 5;

/** Returns for how many seconds a command that was killed can have left dead letters invisible in a queue of so many. */
export const longestHoldSeconds = (count: number): number =>
  Math.max(MAX_PREFETCH_SECONDS, visibilitySeconds(count)) + HOLD_MARGIN_SECONDS;

/** The same for any queue: one that holds few today may have held many when the command was killed. */
export const LONGEST_HOLD_SECONDS = longestHoldSeconds(MAX_IN_FLIGHT);

/** Keeps dead letters invisible for so many seconds from now. */
export async function extend(
  queue: LetterReceiver,
  deadLetters: readonly DeadLetter[],
  seconds: number,
): Promise<void> {
  for (const batch of chunk(deadLetters, MAX_BATCH_ENTRIES)) await queue.changeVisibility(batch, seconds);
}

/**
 * Makes dead letters visible again at once. Those of a FIFO queue go back one call after the other, in the order in which
 * they were received, so that nobody receives a later one first. Never throws: reports how many could not be released.
 */
export async function release(
  queue: LetterReceiver,
  deadLetters: readonly DeadLetter[],
  notify: (message: string) => void = () => {},
): Promise<void> {
  const batches = chunk(deadLetters, MAX_BATCH_ENTRIES);
  let failed = 0;
  const worker = async () => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      const { length } = batch;
      const failures = await queue.changeVisibility(batch, 0).then(
        ({ size }) => size,
        () => length,
      );
      failed += failures;
    }
  };
  await Promise.all(Array.from({ length: queue.fifo ? 1 : PARALLEL_CALLS }, worker));
  if (failed > 0) {
    notify(
      `${queue.consumer}: ${plural(failed, 'dead letter')} could not be released; nobody sees ${failed === 1 ? 'it until it comes back by itself' : 'them until they come back by themselves'}.`,
    );
  }
}
