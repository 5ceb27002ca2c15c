import { UnavailableError } from '../runtime/failure.ts';
import { isReplayedFailure } from './stripe-errors.ts';

const MAX_KEYS_PER_CALL = 5;

/**
 * Calls Stripe under an idempotency key. Stripe saves a 5xx under its key for a day and marks each replay of it; the key can then never
 * succeed, so the next one (`…/2`) is used. All callers move on in the same way, and so still share a key.
 */
export async function withIdempotencyKey<T>(key: string, call: (key: string) => Promise<T>): Promise<T> {
  for (let number = 1; number <= MAX_KEYS_PER_CALL; number += 1) {
    try {
      return await call(number === 1 ? key : `${key}/${number}`);
    } catch (error) {
      if (!isReplayedFailure(error)) throw error;
    }
  }
  throw new UnavailableError(`Stripe failed under ${MAX_KEYS_PER_CALL} idempotency keys`);
}
