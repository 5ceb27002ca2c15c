import { isObject } from '../../contracts/parse.ts';
import { UnavailableError } from '../runtime/failure.ts';
import type { ReadSession } from './stripe.ts';

const STRIPE_URL = 'https://api.stripe.com';

/** The version whose shape the mapping reads, that of the package `stripe`; an account may have another one as its default. */
export const STRIPE_VERSION = '2026-10-28.endive';

// Of two calls one after the other; the platform itself waits for some seconds.
const CALL_MS = 4_000;

/** Returns a function that reads sessions from Stripe. It throws `UnavailableError` where Stripe does not answer with one. */
export function stripeSessions(url: string = STRIPE_URL): ReadSession {
  const get = async (path: string, apiKey: string) => {
    const answer = await fetch(`${url}/v1/checkout/sessions/${path}`, {
      headers: { authorization: `Bearer ${apiKey}`, 'stripe-version': STRIPE_VERSION },
      signal: AbortSignal.timeout(CALL_MS),
    }).catch((cause: unknown) => {
      throw new UnavailableError('Stripe did not answer', { cause });
    });
    if (!answer.ok) throw new UnavailableError(`Stripe answered ${answer.status} to the reading of a Checkout Session`);
    const body: unknown = await answer.json();
    if (!isObject(body)) throw new UnavailableError('Stripe answered with something else than an object');
    return body;
  };

  return async (id, apiKey) => {
    const path = encodeURIComponent(id);
    const session = await get(`${path}?expand[]=payment_intent`, apiKey);
    // A session has at most 100 lines, and itself only the first ten of them.
    const line_items = await get(`${path}/line_items?limit=100&expand[]=data.price.product`, apiKey);
    return { ...session, line_items };
  };
}
