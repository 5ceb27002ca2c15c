import { setTimeout as pause } from 'node:timers/promises';

/** Takes a rate and gives a function that waits until so many more may go; the first ones may at once. */
export function pacer(perSecond: number, now: () => number = Date.now, wait: (ms: number) => Promise<unknown> = pause) {
  let free = now();
  return async (count: number): Promise<void> => {
    const due = Math.max(free, now());
    free = due + (count / perSecond) * 1000;
    if (due > now()) await wait(due - now());
  };
}
