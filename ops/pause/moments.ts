import { QUEUE_RETENTION_DAYS, RETENTION_MARGIN_HOURS } from '../../lambdas/runtime/retry-policy.ts';
import type { Pause } from './record.ts';

/** What waits while a consumer is paused. Times in seconds; `null`: unknown. */
export type Backlog = {
  messages: number;
  oldestSeconds: number | null;
  /** How long a message had waited that was retried shortly before the pause; 0 where none was. */
  waitedSeconds: number;
  /** How long the consumer needs for the backlog once it is resumed. */
  drainSeconds: number | null;
  /** Since when (ISO 8601) the oldest order is undecided that waits for this consumer, as far as the orders table knows. */
  undecidedSince: string | undefined;
};

/** The moments (ISO 8601) from which a pause does harm; `null` where nothing waits that it could do harm to. */
export type PauseMoments = {
  /** The latest moment to resume: later, its queue's retention takes messages, or their first failure dead-letters them. */
  resumeBy: string | null;
  /** From then on the sweep cancels orders that are still undecided. */
  ordersCancelledFrom: string | null;
};

const HOUR_MS = 3_600_000;
/** So long before it does harm, a pause is a problem: one night, so that somebody can still act. */
const WARNING_MS = 12 * HOUR_MS;

/** Computes from when on a pause does harm. `orderDeadlineSeconds` is the age at which the sweep cancels an undecided order. */
export function pauseMoments(
  consumer: string,
  { since }: Pause,
  { messages, oldestSeconds, waitedSeconds, drainSeconds, undecidedSince }: Backlog,
  orderDeadlineSeconds: number,
  now: Date,
): PauseMoments {
  if (messages === 0) return { resumeBy: null, ordersCancelledFrom: null };
  // Without an age and retries: a consumer that was well had done everything that was sent before.
  const sent = [
    ...(oldestSeconds === null ? [] : [now.getTime() - oldestSeconds * 1_000]),
    ...(oldestSeconds === null || waitedSeconds > 0 ? [Date.parse(since) - waitedSeconds * 1_000] : []),
  ];
  const sentAt = Math.min(...sent);
  const keptUntil = sentAt + (QUEUE_RETENTION_DAYS * 24 - RETENTION_MARGIN_HOURS) * HOUR_MS;
  // What waits for `order` is not in the orders table yet.
  const undecidedFrom = undecidedSince ?? (consumer === 'order' ? isoOf(sentAt) : undefined);
  return {
    resumeBy: isoOf(keptUntil - (drainSeconds ?? 0) * 1_000),
    ordersCancelledFrom:
      undecidedFrom === undefined ? null : isoOf(Date.parse(undecidedFrom) + orderDeadlineSeconds * 1_000),
  };
}

/** Tells whether a pause does harm within half a day, or does already. */
export const isUrgent = ({ resumeBy, ordersCancelledFrom }: PauseMoments, now: Date): boolean =>
  [resumeBy, ordersCancelledFrom].some((moment) => moment !== null && Date.parse(moment) - now.getTime() < WARNING_MS);

const isoOf = (milliseconds: number) => new Date(milliseconds).toISOString();
