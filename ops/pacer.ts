import { setTimeout as sleep } from 'node:timers/promises';

/** Limits a rate: the returned function waits until so many more may go; the first ones may at once. */
export function pacer(
  perSecond: number,
  now: () => number = Date.now,
  wait: (milliseconds: number) => Promise<unknown> = sleep,
) {
  let free = now();
  return async (count: number): Promise<void> => {
    const due = Math.max(free, now());
    free = due + (count / perSecond) * 1000;
    if (due > now()) await wait(due - now());
  };
}
