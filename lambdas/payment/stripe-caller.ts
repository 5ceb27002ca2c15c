import Stripe from 'stripe';
import { OneOrderError } from '../runtime/failure.ts';
import type { Fence } from '../runtime/fence.ts';
import { isReplayedFailure } from './stripe-errors.ts';

/** Calls Stripe with a client that has the account's current key. */
export type CallStripe = <T>(call: (stripe: Stripe) => Promise<T>) => Promise<T>;

/** Returns the function that calls Stripe within a fence. */
export type ConnectStripe = (fence: Fence) => CallStripe;

/** The time-out of one call in milliseconds. Shorter than the circuit breaker's for all calls that an order needs. */
export const STRIPE_TIMEOUT_MS = 8_000;

const MAX_KEYS_PER_CALL = 5;

/**
 * Calls Stripe with a key that is read once, and again if Stripe refuses it, because it may have been rotated. Each request looks at the
 * fence directly before it is sent, and ends when the fence closes or after `STRIPE_TIMEOUT_MS`, whichever is first. SDK retries are off:
 * a failed message is retried by its queue.
 */
export function stripeCaller(readKey: () => Promise<string>, config: Stripe.StripeConfig = {}): ConnectStripe {
  let reading: Promise<string> | undefined;
  const currentKey = () => {
    reading ??= readKey().catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
    return reading;
  };

  return (fence) => {
    // Made for each call, in a tenth of a millisecond, because the SDK takes no abort signal for a request.
    const connect = (key: string) =>
      new Stripe(key, {
        timeout: STRIPE_TIMEOUT_MS,
        maxNetworkRetries: 0,
        telemetry: false,
        httpClient: Stripe.createFetchHttpClient(fencedFetch(fence)),
        ...config,
      });

    return async (call) => {
      const used = currentKey();
      const key = await used;
      try {
        return await call(connect(key));
      } catch (error) {
        if (!(error instanceof Stripe.errors.StripeAuthenticationError)) throw error;
        if (reading === used) reading = undefined;
        const renewed = await currentKey();
        if (renewed === key) throw error;
        return call(connect(renewed));
      }
    };
  };
}

/** Looks at the fence here and not where the call is made, because the SDK sends a request again whose connection was closed. */
const fencedFetch =
  (fence: Fence): typeof fetch =>
  async (url, { signal, ...init } = {}) => {
    fence.check();
    return fetch(url, { ...init, signal: AbortSignal.any(signal ? [fence.signal, signal] : [fence.signal]) });
  };

/**
 * Calls Stripe under an idempotency key. Stripe saves a 5xx under its key for a day and marks each replay of it; the key can then never
 * succeed, so the next one (`…/2`) is used. All callers move on in the same way, and so still share a key. Throws `OneOrderError`
 * when all keys are used up: Stripe fails for what these keys belong to, and serves others.
 */
export async function withIdempotencyKey<T>(key: string, call: (key: string) => Promise<T>): Promise<T> {
  for (let number = 1; number <= MAX_KEYS_PER_CALL; number += 1) {
    try {
      return await call(number === 1 ? key : `${key}/${number}`);
    } catch (error) {
      if (!isReplayedFailure(error)) throw error;
    }
  }
  throw new OneOrderError(`Stripe failed under ${MAX_KEYS_PER_CALL} idempotency keys of one payment`);
}
