import Stripe from 'stripe';

/** Makes a call to Stripe with the account's key. */
export type StripeCalls = <T>(call: (stripe: Stripe) => Promise<T>) => Promise<T>;

/** How long one call may take: less than the circuit breaker waits for all that an order needs. */
export const STRIPE_TIMEOUT_MS = 8_000;

/**
 * Takes what reads the account's key and gives what makes calls with it. The key is read once, and again when Stripe refuses it: then it
 * may have been rotated. The SDK repeats nothing by itself, for a message that failed is tried again anyway.
 */
export function stripeCalls(readKey: () => Promise<string>, config: Stripe.StripeConfig = {}): StripeCalls {
  const connect = async () => {
    const key = await readKey();
    return {
      key,
      stripe: new Stripe(key, { timeout: STRIPE_TIMEOUT_MS, maxNetworkRetries: 0, telemetry: false, ...config }),
    };
  };
  let connected: ReturnType<typeof connect> | undefined;
  const current = () => {
    connected ??= connect().catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  };

  return async (call) => {
    const used = current();
    const { key, stripe } = await used;
    try {
      return await call(stripe);
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeAuthenticationError)) throw error;
      if (connected === used) connected = undefined;
      const renewed = await current();
      if (renewed.key === key) throw error;
      return call(renewed.stripe);
    }
  };
}
