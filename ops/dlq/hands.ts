import { note } from '../progress.ts';
import type { Letter } from './letter.ts';
import type { DeadLetterQueue } from './queue.ts';

/** The most letters that are held at a time: SQS gives no more than 120,000, to anybody. */
export const MOST_HELD = 100_000;

// Receiving is some ten times quicker than this, so that nothing comes back while it is still being looked at.
const LETTERS_PER_SECOND = 50;
const SHORTEST_SECONDS = 10;
const AT_ONCE = 4;

/** Takes how many letters there are and gives for how many seconds each must be held to look at all. */
export const holdSeconds = (letters: number) => Math.max(SHORTEST_SECONDS, Math.ceil(letters / LETTERS_PER_SECOND));

/** Takes letters in tens, as calls do. */
export function tens<T>(all: readonly T[], size = 10): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

/**
 * Gives letters back: whoever looks next sees them at once. Those of a queue that keeps a sequence go back one call after
 * the other, in the sequence in which they came, so that nobody is given a later one first.
 */
export async function giveBack(queue: DeadLetterQueue, letters: readonly Letter[]): Promise<void> {
  const calls = tens(letters);
  let lost = 0;
  const worker = async () => {
    for (let call = calls.shift(); call !== undefined; call = calls.shift()) {
      const size = call.length;
      lost += await queue.hold(call, 0).then(
        ({ size: refused }) => refused,
        () => size,
      );
    }
  };
  await Promise.all(Array.from({ length: queue.fifo ? 1 : AT_ONCE }, worker));
  if (lost > 0) {
    note(
      `${queue.consumer}: ${lost} letters could not be given back; nobody sees them until they come back by themselves.`,
    );
  }
}
