import { sentAt } from './cause.ts';
import { type DeadLetter, orderIdOf } from './dead-letter.ts';
import { type DrainOptions, drain } from './drain.ts';
import { groupingKey } from './group.ts';
import type { Failures } from './letter-receiver.ts';
import type { DeadLetterQueue } from './queue.ts';
import { type ScanOptions, type ScanResult, scan } from './scan.ts';

/** Which dead letters a command is about; several selectors narrow each other. */
export type Selectors = {
  all?: boolean;
  consumer?: string;
  reason?: string;
  order?: string;
  id?: string;
  /** One of these. */
  ids?: ReadonlySet<string>;
};

/** Throws a sentence if selectors are empty or contradict each other, or if none is given where one is `required`. */
export function checkSelectors({ all, consumer, reason, order, id, ids }: Selectors, required: boolean): void {
  const given = [consumer, reason, order, id].filter((selector) => selector !== undefined);
  if (given.some((selector) => selector.trim() === '')) throw new Error('A selector must not be empty.');
  if (all && given.length > 0) throw new Error('Say either --all or which ones, not both.');
  if (required && !all && ids === undefined && given.length === 0) {
    throw new Error(
      'Say which dead letters: --all, --consumer <name>, --reason <text>, --order <orderId> or --id <messageId>.',
    );
  }
}

/** Returns the test for a dead letter that the selectors match; without selectors every one matches. */
export function matcherOf({ consumer, reason, order, id, ids }: Selectors): (deadLetter: DeadLetter) => boolean {
  const wanted = reason?.toLowerCase();
  return (deadLetter) =>
    (consumer === undefined || deadLetter.consumer === consumer) &&
    (id === undefined || deadLetter.id === id) &&
    (ids === undefined || ids.has(deadLetter.id)) &&
    (order === undefined || orderIdOf(deadLetter) === order) &&
    (wanted === undefined || searchTexts(deadLetter).some((text) => text.toLowerCase().includes(wanted)));
}

const searchTexts = ({ errorType, reason }: DeadLetter) => [
  errorType,
  reason,
  groupingKey(reason),
  `${errorType}: ${reason}`,
];

/**
 * What a command will work on in one queue: the selected dead letters that were received, and how many of the queue's could not be: those
 * that are `inFlight` elsewhere, and those that stand `behind` others of their message group.
 */
export type QueuePlan = ScanResult & { queue: DeadLetterQueue };

/** The dead letters that a command will work on, by their queue. */
export type Plan = QueuePlan[];

/** Scans queues and returns the dead letters that are selected; leaves all of them where they are. */
export async function planFor(
  queues: readonly DeadLetterQueue[],
  selects: (deadLetter: DeadLetter) => boolean,
  options: ScanOptions = {},
): Promise<Plan> {
  // Each scan releases what it received, so none is left running when another one fails.
  const scans = await Promise.allSettled(queues.map(async (queue) => ({ queue, ...(await scan(queue, options)) })));
  const found = scans.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  return narrowPlan(found, selects);
}

/** Returns the part of a plan that is selected. */
export const narrowPlan = (plan: Plan, selects: (deadLetter: DeadLetter) => boolean): Plan =>
  plan.map((one) => ({ ...one, deadLetters: one.deadLetters.filter(selects) }));

/** Leaves out the letters that cannot be put back, and says why; throws that sentence where there are no others. */
export function leaveOutFinal(plan: Plan, notify: (message: string) => void): Plan {
  const left: Plan = [];
  const reasons: string[] = [];
  for (const one of plan) {
    const { final } = one.queue;
    if (final === undefined || one.deadLetters.length === 0) left.push(one);
    else reasons.push(`${one.queue.consumer}: ${final}`);
  }
  const [first] = reasons;
  if (first !== undefined && sizeOf(left) === 0) throw new Error(`${first}.`);
  for (const reason of reasons) notify(reason);
  return left;
}

export const sizeOf = (plan: Plan): number => plan.reduce((sum, { deadLetters }) => sum + deadLetters.length, 0);

/**
 * Which of the dead letters that stand behind others of their message group are meant too: they come into sight one after the other.
 * `same order`: a group is an order, so only where others of it were found.
 */
export type UnreadMeant = 'all' | 'matching' | 'same order' | 'none';

/** Returns what selectors say of dead letters that nobody has read: all of them are meant unless something narrows them. */
export function unreadMeant({ reason, order, id, ids }: Selectors): UnreadMeant {
  if (id !== undefined || ids !== undefined) return 'none';
  if (reason !== undefined) return 'matching';
  return order === undefined ? 'all' : 'same order';
}

/** Counts the dead letters that are meant for certain before they are read. */
export const countUnread = (plan: Plan, unread: UnreadMeant): number =>
  unread === 'all' ? plan.reduce((sum, one) => sum + unreadOf(one), 0) : 0;

/** Counts those that come into sight while the ones before them go: none in a standard queue, nor where nothing goes. */
export const unreadOf = ({ queue, deadLetters, behind }: QueuePlan): number =>
  queue.fifo && deadLetters.length > 0 ? behind : 0;

export type ExecuteOptions = Pick<DrainOptions, 'signal' | 'notify'> & {
  /** When the command began, in milliseconds since the epoch: a FIFO queue's hidden dead letters from before that belong to the plan too. */
  startedAt: number;
  /** What the command was asked for: which of those hidden dead letters. */
  selects: (deadLetter: DeadLetter) => boolean;
  unread: UnreadMeant;
  /** Called after every batch with how many were moved or discarded. */
  onProgress?: (count: number) => void;
};

/**
 * How many dead letters were moved or discarded, of how many in all, those that came into sight meanwhile included; why others were not, how
 * many were no longer in the queue, and how many were meant and never came into sight.
 */
export type PlanResult = {
  moved: number;
  total: number;
  failed: { id: string; consumer: string; why: string }[];
  missing: number;
  unread: number;
};

type BeforeDelete = (queue: DeadLetterQueue, deadLetters: readonly DeadLetter[]) => Promise<Failures>;
type PlanOptions = ExecuteOptions & { prefetch?: (queue: DeadLetterQueue) => NonNullable<DrainOptions['prefetch']> };

/**
 * Drains what was planned, queue by queue, and nothing that came later: a message that is put back and fails again while
 * this runs is another dead letter. `beforeDelete` must have succeeded for a dead letter before it is deleted.
 */
export async function executePlan(plan: Plan, beforeDelete: BeforeDelete, options: PlanOptions): Promise<PlanResult> {
  const total: PlanResult = { moved: 0, total: 0, failed: [], missing: 0, unread: 0 };
  for (const one of plan) {
    const { moved, failed, ...counts } = await executeQueue(one, beforeDelete, options);
    total.moved += moved;
    total.failed.push(...failed);
    total.total += counts.total;
    total.missing += counts.missing;
    total.unread += counts.unread;
  }
  return total;
}

async function executeQueue(
  one: QueuePlan,
  beforeDelete: BeforeDelete,
  { startedAt, selects, unread, onProgress, prefetch, signal, notify }: PlanOptions,
): Promise<PlanResult> {
  const { queue, deadLetters } = one;
  const ids = new Set(deadLetters.map(({ id }) => id));
  const meant = countUnread([one], unread);
  const isMeant = (deadLetter: DeadLetter) =>
    unread !== 'none' && queue.fifo && selects(deadLetter) && sentAt(deadLetter) < startedAt;
  if (signal?.aborted || ids.size === 0) {
    return { moved: 0, total: ids.size + meant, failed: [], missing: 0, unread: 0 };
  }
  const { handled, failed } = await drain(queue, {
    // Behind the first ten of a message group there may be more, which no scan can see.
    selects: (deadLetter) => ids.has(deadLetter.id) || isMeant(deadLetter),
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
  const isDone = (id: string) => handled.has(id) || failed.has(id);
  const comeIntoSight = [...handled, ...failed.keys()].filter((id) => !ids.has(id)).length;
  const rest = Math.max(0, meant - comeIntoSight);
  return {
    moved: handled.size,
    total: ids.size + comeIntoSight + rest,
    failed: [...failed].map(([id, why]) => ({ id, consumer: queue.consumer, why })),
    missing: signal?.aborted ? 0 : [...ids].filter((id) => !isDone(id)).length,
    unread: signal?.aborted || rest === 0 ? 0 : Math.min(rest, await countLeft(queue)),
  };
}

async function countLeft(queue: DeadLetterQueue): Promise<number> {
  const { waiting, inFlight } = await queue.depth();
  return waiting + inFlight;
}
