import Stripe from 'stripe';

/** Calls Stripe with a client that has the account's current key. */
export type CallStripe = <T>(call: (stripe: Stripe) => Promise<T>) => Promise<T>;

/** The timeout of one call. Shorter than the circuit breaker's timeout for all calls that an order needs. */
export const STRIPE_TIMEOUT_MS = 8_000;

/**
 * Returns a function that calls Stripe. The key is read once, and again if Stripe refuses it, because it may have been rotated. SDK
 * retries are off: a failed message is retried by its queue.
 */
export function stripeCaller(readKey: () => Promise<string>, config: Stripe.StripeConfig = {}): CallStripe {
  const connect = async () => {
    const key = await readKey();
    return {
      key,
      stripe: new Stripe(key, { timeout: STRIPE_TIMEOUT_MS, maxNetworkRetries: 0, telemetry: false, ...config }),
    };
  };
  let connected: ReturnType<typeof connect> | undefined;
  const currentClient = () => {
    connected ??= connect().catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  };

  return async (call) => {
    const used = currentClient();
    const { key, stripe } = await used;
    try {
      return await call(stripe);
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeAuthenticationError)) throw error;
      if (connected === used) connected = undefined;
      const renewed = await currentClient();
      if (renewed.key === key) throw error;
      return call(renewed.stripe);
    }
  };
}
