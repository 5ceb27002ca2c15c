import { type Letter, sentAt } from './letter.ts';
import { look } from './look.ts';
import type { DeadLetterQueue, Refusals } from './queue.ts';
import { takeOut } from './take.ts';

/** The letters that a command found and will work on, by their queue. */
export type Plan = { queue: DeadLetterQueue; letters: Letter[] }[];

/** What a command did: how many letters went, why others did not, and how many were no longer there. */
export type Done = { moved: number; failed: { id: string; consumer: string; why: string }[]; missing: number };

/** Looks through queues, gives every letter back, and gives those that are selected. */
export async function planFor(
  queues: readonly DeadLetterQueue[],
  selects: (letter: Letter) => boolean,
  looking: Parameters<typeof look>[1] = {},
): Promise<Plan> {
  const found = await Promise.allSettled(
    queues.map(async (queue) => ({ queue, letters: (await look(queue, looking)).filter(selects) })),
  );
  return found.flatMap((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value.letters.length === 0 ? [] : [one.value];
  });
}

/**
 * Takes out what was planned, queue by queue, and nothing that came later: a letter that is put back and fails again while
 * this runs is another letter. `act` must have succeeded for a letter before it is deleted.
 */
export async function carryOut(
  plan: Plan,
  act: (queue: DeadLetterQueue, letters: readonly Letter[]) => Promise<Refusals>,
  options: {
    /** When the command began, in milliseconds, and what it was asked for: both for letters that were hidden then. */
    began: number;
    selects: (letter: Letter) => boolean;
    hands?: (queue: DeadLetterQueue) => { ahead: number; seconds: number };
    signal?: AbortSignal | undefined;
  },
): Promise<Done> {
  const { began, selects, hands, signal } = options;
  const total: Done = { moved: 0, failed: [], missing: 0 };
  for (const { queue, letters } of plan) {
    if (signal?.aborted) break;
    const ids = new Set(letters.map(({ id }) => id));
    const taken = await takeOut(queue, {
      // Behind the first ten of a group there may be more, which nobody could see.
      wanted: (letter) => ids.has(letter.id) || (queue.fifo && selects(letter) && sentAt(letter) < began),
      complete: ({ done, refused }) => !queue.fifo && done.length + refused.size >= ids.size,
      act: (some) => act(queue, some),
      ...hands?.(queue),
      signal,
    });
    total.moved += taken.done.length;
    for (const [id, why] of taken.refused) total.failed.push({ id, consumer: queue.consumer, why });
    const known = new Set([...taken.done, ...taken.refused.keys()]);
    if (!signal?.aborted) total.missing += letters.filter(({ id }) => !known.has(id)).length;
  }
  return total;
}
