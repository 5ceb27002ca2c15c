import { chunk } from '../../lambdas/runtime/chunk.ts';
import type { Publish } from '../../lambdas/runtime/publish.ts';
import { publishFor } from '../../lambdas/sweep/review.ts';
import { pacer } from '../pacer.ts';
import { pollUntil } from '../poll.ts';
import { type Audit, recheck } from './audit.ts';
import type { Disagreement } from './problem.ts';

export type RepairOptions = {
  publish: Publish;
  /** How long to wait for the consumers, from the last event on. */
  waitSeconds: number;
  now?: () => Date;
  signal?: AbortSignal | undefined;
};

/** What events were published for, what agrees now, and what is left. */
export type RepairResult = { published: number; failed: number; left: Disagreement[] };

const EVENTS_PER_SECOND = 100;
const POLL_MS = 1_000;

export const isRepairable = ({ message }: Disagreement): boolean => message !== undefined;

/**
 * Publishes what the sweep would about orders that disagree, and waits until the consumers have done what follows. No table is written. What no
 * event mends is left as it is.
 */
export async function repair(
  run: Audit,
  disagreeing: readonly Disagreement[],
  { publish, waitSeconds, now = () => new Date(), signal }: RepairOptions,
): Promise<RepairResult> {
  const messages = disagreeing.flatMap(({ orderId, message }) => (message === undefined ? [] : [{ orderId, message }]));
  const failures: Error[] = [];
  const pace = pacer(EVENTS_PER_SECOND);
  for (const group of chunk(messages, EVENTS_PER_SECOND)) {
    signal?.throwIfAborted();
    await pace(group.length);
    await publishFor({ publish, now: now(), failures }, group);
  }
  const deadline = Date.now() + waitSeconds * 1_000;
  // Younger than the sweep waits for, they are as they should be by now: whoever asked for it is waiting.
  const impatient: Audit = { ...run, times: { ...run.times, settleMs: 0 } };
  const left = await pollUntil(
    async () =>
      (
        await recheck(
          impatient,
          messages.map(({ orderId }) => orderId),
        )
      ).disagreeing,
    (still) => still.length === 0,
    { deadline, intervalMs: POLL_MS, signal },
  );
  const unmendable = disagreeing.filter((one) => !isRepairable(one));
  return { published: messages.length - failures.length, failed: failures.length, left: [...left, ...unmendable] };
}
