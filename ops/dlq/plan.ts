import { sentAt } from './cause.ts';
import { type DeadLetter, orderIdOf } from './dead-letter.ts';
import { type DrainOptions, drain } from './drain.ts';
import { groupingKey } from './group.ts';
import type { Failures } from './letter-receiver.ts';
import type { DeadLetterQueue } from './queue.ts';
import { type ScanOptions, scan } from './scan.ts';

/** Which dead letters a command is about; several selectors narrow each other. */
export type Selectors = { all?: boolean; consumer?: string; reason?: string; order?: string; id?: string };

/** Throws a sentence if selectors are empty or contradict each other, or if none is given where one is `required`. */
export function checkSelectors({ all, consumer, reason, order, id }: Selectors, required: boolean): void {
  const given = [consumer, reason, order, id].filter((selector) => selector !== undefined);
  if (given.some((selector) => selector.trim() === '')) throw new Error('A selector must not be empty.');
  if (all && given.length > 0) throw new Error('Say either --all or which ones, not both.');
  if (required && !all && given.length === 0) {
    throw new Error(
      'Say which dead letters: --all, --consumer <name>, --reason <text>, --order <orderId> or --id <messageId>.',
    );
  }
}

/** Returns the test for a dead letter that the selectors match; without selectors every one matches. */
export function matcherOf({ consumer, reason, order, id }: Selectors): (deadLetter: DeadLetter) => boolean {
  const wanted = reason?.toLowerCase();
  return (deadLetter) =>
    (consumer === undefined || deadLetter.consumer === consumer) &&
    (id === undefined || deadLetter.id === id) &&
    (order === undefined || orderIdOf(deadLetter) === order) &&
    (wanted === undefined || searchTexts(deadLetter).some((text) => text.toLowerCase().includes(wanted)));
}

const searchTexts = ({ errorType, reason }: DeadLetter) => [
  errorType,
  reason,
  groupingKey(reason),
  `${errorType}: ${reason}`,
];

/** The dead letters that a command will work on, by their queue. */
export type Plan = { queue: DeadLetterQueue; deadLetters: DeadLetter[] }[];

/** Scans queues and returns the dead letters that are selected; leaves all of them where they are. */
export async function planFor(
  queues: readonly DeadLetterQueue[],
  selects: (deadLetter: DeadLetter) => boolean,
  options: ScanOptions = {},
): Promise<Plan> {
  // Each scan releases what it received, so none is left running when another one fails.
  const scans = await Promise.allSettled(
    queues.map(async (queue) => ({ queue, deadLetters: await scan(queue, options) })),
  );
  const found = scans.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  return narrowPlan(found, selects);
}

/** Returns the part of a plan that is selected. */
export const narrowPlan = (plan: Plan, selects: (deadLetter: DeadLetter) => boolean): Plan =>
  plan
    .map(({ queue, deadLetters }) => ({ queue, deadLetters: deadLetters.filter(selects) }))
    .filter(({ deadLetters }) => deadLetters.length > 0);

export const sizeOf = (plan: Plan): number => plan.reduce((sum, { deadLetters }) => sum + deadLetters.length, 0);

export type ExecuteOptions = Pick<DrainOptions, 'signal' | 'notify'> & {
  /** When the command began, in milliseconds since the epoch: a FIFO queue's hidden dead letters from before that belong to the plan too. */
  startedAt: number;
  /** What the command was asked for: which of those hidden dead letters. */
  selects: (deadLetter: DeadLetter) => boolean;
  /** Called after every batch with how many were moved or discarded. */
  onProgress?: (count: number) => void;
};

/** How many dead letters were moved or discarded, why others were not, and how many were no longer in the queue. */
export type PlanResult = {
  moved: number;
  failed: { id: string; consumer: string; why: string }[];
  missing: number;
};

/**
 * Drains what was planned, queue by queue, and nothing that came later: a message that is put back and fails again while
 * this runs is another dead letter. `beforeDelete` must have succeeded for a dead letter before it is deleted.
 */
export async function executePlan(
  plan: Plan,
  beforeDelete: (queue: DeadLetterQueue, deadLetters: readonly DeadLetter[]) => Promise<Failures>,
  options: ExecuteOptions & { prefetch?: (queue: DeadLetterQueue) => NonNullable<DrainOptions['prefetch']> },
): Promise<PlanResult> {
  const { startedAt, selects, onProgress, prefetch, signal, notify } = options;
  const total: PlanResult = { moved: 0, failed: [], missing: 0 };
  for (const { queue, deadLetters } of plan) {
    if (signal?.aborted) break;
    const ids = new Set(deadLetters.map(({ id }) => id));
    const { handled, failed } = await drain(queue, {
      // Behind the first ten of a message group there may be more, which no scan can see.
      selects: (deadLetter) =>
        ids.has(deadLetter.id) || (queue.fifo && selects(deadLetter) && sentAt(deadLetter) < startedAt),
      isComplete: (result) => !queue.fifo && result.handled.size + result.failed.size >= ids.size,
      beforeDelete: async (batch) => {
        const failures = await beforeDelete(queue, batch);
        onProgress?.(batch.length - failures.size);
        return failures;
      },
      prefetch: prefetch?.(queue),
      signal,
      notify,
    });
    total.moved += handled.size;
    for (const [id, why] of failed) total.failed.push({ id, consumer: queue.consumer, why });
    if (!signal?.aborted) total.missing += deadLetters.filter(({ id }) => !handled.has(id) && !failed.has(id)).length;
  }
  return total;
}
