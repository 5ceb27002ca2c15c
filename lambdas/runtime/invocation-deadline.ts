import type { Context } from 'aws-lambda';
import { type Fence, fenceFor, openFence } from './fence.ts';

/** Expires shortly before the invocation's time runs out. */
export type InvocationDeadline = {
  /** Runs work; returns `undefined` once the deadline has expired, whether or not the work has ended. */
  race<T>(work: () => Promise<T>): Promise<T | undefined>;
  hasExpired(): boolean;
  /** Closes at the deadline, for work that goes on although nobody waits for it. */
  fence: Fence;
  /** Stops the timer and closes the fence: what is still running then, a call that was given up for example, does nothing more. */
  end(): void;
};

// Enough for two calls to AWS: what is unfinished is handed back to the queue in this time.
export const HAND_BACK_MS = 3000;

/** Starts the deadline of an invocation; without a context, as in some tests, it never expires. */
export function invocationDeadline(context: Pick<Context, 'getRemainingTimeInMillis'> | undefined): InvocationDeadline {
  if (context === undefined)
    return { race: (work) => work(), hasExpired: () => false, fence: openFence, end: () => {} };
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const milliseconds = Math.max(0, context.getRemainingTimeInMillis() - HAND_BACK_MS);
  const fence = fenceFor(milliseconds);
  const expire = () => {
    fence.abort();
    resolve(undefined);
  };
  const timer = setTimeout(expire, milliseconds);
  // After a thaw no timer has run yet.
  const hasExpired = () => fence.remainingMs() <= 0;
  return {
    race: async (work) => (hasExpired() ? undefined : Promise.race([work(), promise])),
    hasExpired,
    fence,
    end: () => {
      clearTimeout(timer);
      fence.abort();
    },
  };
}
