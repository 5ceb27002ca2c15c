import type { ConsumerDependencies } from '../../../../lambdas/runtime/consume.ts';

/** A bus and a queue that take everything at once and keep nothing. */
export const nowhere: ConsumerDependencies = {
  publish: async (events) => events.map(() => undefined),
  queue: { delayRetry: async () => {}, deadLetter: async () => new Set() },
};
