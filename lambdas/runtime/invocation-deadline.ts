import type { Context } from 'aws-lambda';
import { type Fence, fenceFor, openFence } from './fence.ts';

/** Expires shortly before the invocation's time runs out. */
export type InvocationDeadline = {
  /** Runs work; returns `undefined` once the deadline has expired, whether or not the work has ended. */
  race<T>(work: () => Promise<T>): Promise<T | undefined>;
  hasExpired(): boolean;
  /** Closes at the deadline, for work that goes on although nobody waits for it. */
  fence: Fence;
  /** Stops the timer. */
  cancel(): void;
};

// Enough for two calls to AWS: what is unfinished is handed back to the queue in this time.
const HAND_BACK_MS = 3000;

/** Starts the deadline of an invocation; without a context, as in some tests, it never expires. */
export function invocationDeadline(context: Pick<Context, 'getRemainingTimeInMillis'> | undefined): InvocationDeadline {
  if (context === undefined)
    return { race: (work) => work(), hasExpired: () => false, fence: openFence, cancel: () => {} };
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let expired = false;
  const milliseconds = Math.max(0, context.getRemainingTimeInMillis() - HAND_BACK_MS);
  const fence = fenceFor(milliseconds);
  const expire = () => {
    expired = true;
    fence.abort();
    resolve(undefined);
  };
  const timer = setTimeout(expire, milliseconds);
  return {
    race: async (work) => (expired ? undefined : Promise.race([work(), promise])),
    hasExpired: () => expired,
    fence,
    cancel: () => clearTimeout(timer),
  };
}
