import type { Surroundings } from '../../../../lambdas/runtime/consume.ts';

/** A bus and a queue that take everything at once and keep nothing. */
export const nowhere: Surroundings = {
  publish: async (events) => events.map(() => undefined),
  queue: { postpone: async () => {}, deadLetter: async () => new Set() },
};
