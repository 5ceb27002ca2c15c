import type { Context } from 'aws-lambda';

/** Expires shortly before the invocation's time runs out. */
export type InvocationDeadline = {
  /** Runs work; returns `undefined` once the deadline has expired, whether or not the work has ended. */
  race<T>(work: () => Promise<T>): Promise<T | undefined>;
  hasExpired(): boolean;
  /** Stops the timer. */
  cancel(): void;
};

// Enough for two calls to AWS: what is unfinished is handed back to the queue in this time.
const HAND_BACK_MS = 3000;

/** Starts the deadline of an invocation; without a context, as in some tests, it never expires. */
export function invocationDeadline(context: Pick<Context, 'getRemainingTimeInMillis'> | undefined): InvocationDeadline {
  if (context === undefined) return { race: (work) => work(), hasExpired: () => false, cancel: () => {} };
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let expired = false;
  const expire = () => {
    expired = true;
    resolve(undefined);
  };
  const timer = setTimeout(expire, Math.max(0, context.getRemainingTimeInMillis() - HAND_BACK_MS));
  return {
    race: async (work) => (expired ? undefined : Promise.race([work(), promise])),
    hasExpired: () => expired,
    cancel: () => clearTimeout(timer),
  };
}
