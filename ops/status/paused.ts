import { lazily } from '../lazily.ts';
import { estimateDrain, readWork, type Work } from '../pause/drain.ts';
import { isUrgent, type PauseMoments, pauseMoments } from '../pause/moments.ts';
import type { Pause } from '../pause/record.ts';
import type { DeployedShop } from '../stack.ts';
import { readSweepTimes } from '../sweep-times.ts';
import type { WaitingOrder } from './waiting.ts';

/** A pause that is in force, and from when on it does harm; `urgent` where that is within half a day. */
export type PausedStatus = Pause & PauseMoments & { drainSeconds: number | null; urgent: boolean };

/** What waits for a paused consumer, and how many of its functions may run at once. */
type Paused = {
  name: string;
  pause: Pause;
  messages: number;
  oldestSeconds: number | null;
  concurrency: number | undefined;
};

/** Returns a function that computes from when on a pause does harm; what it needs of AWS is read once. */
export function pausedReader(shop: DeployedShop) {
  const works = new Map<string, () => Promise<Work>>();
  const readTimes = lazily(() => readSweepTimes(shop));
  return async (
    { name, pause, messages, oldestSeconds, concurrency }: Paused,
    waiting: readonly WaitingOrder[],
    now: Date,
  ): Promise<PausedStatus> => {
    const key = `${name} ${pause.since}`;
    const readOnce = works.get(key) ?? lazily(() => readWork(shop, name, new Date(pause.since)));
    works.set(key, readOnce);
    const [work, { deadlineMs }] = await Promise.all([readOnce(), readTimes()]);
    const { waitedSeconds } = work;
    const drainSeconds = estimateDrain(messages, work, concurrency);
    const undecided = undecidedSince(name, waiting);
    const backlog = { messages, oldestSeconds, waitedSeconds, drainSeconds, undecidedSince: undecided };
    const moments = pauseMoments(name, pause, backlog, deadlineMs / 1_000, now);
    return { ...pause, ...moments, drainSeconds, urgent: isUrgent(moments, now) };
  };
}

/** Returns since when the oldest order is undecided that waits for a consumer. */
export function undecidedSince(consumer: string, waiting: readonly WaitingOrder[]): string | undefined {
  const outcomes: Readonly<Record<string, readonly WaitingOrder['waitsFor'][]>> = {
    payment: ['payment', 'payment and stock'],
    stock: ['stock', 'payment and stock'],
    outcomes: ['payment', 'stock', 'payment and stock'],
  };
  return waiting.find(({ waitsFor }) => outcomes[consumer]?.includes(waitsFor))?.since;
}
