import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { CircuitOpenError, type ProtectedCall } from '../runtime/circuit-breaker.ts';
import { concernsResponse, isLanguageError, PermanentError, UnavailableError } from '../runtime/failure.ts';
import type { Fence } from '../runtime/fence.ts';
import type { EndpointHealth } from './health.ts';
import type { Post } from './post.ts';
import { type Answer, disabledError, EndpointGoneError, failureOf, postedBody, webhookIdOf } from './rules.ts';
import { headersOf, signatureOf } from './signature.ts';

/** A posted message: its `webhook-id` and body. */
export type Webhook = { id: string; body: string };

/** Signs and posts to one endpoint; throws where there is no answer, and says why without the URL. */
export type SignedPost = (webhook: Webhook, signal: AbortSignal) => Promise<Answer>;

/** Returns the function that signs and posts to one endpoint. */
export function signedPost(
  { name, url }: { name: string; url: string },
  keys: readonly string[],
  post: Post,
  now = Date.now,
): SignedPost {
  return async ({ id, body }, signal) => {
    const signed = { id, timestamp: Math.floor(now() / 1000), body };
    const headers = headersOf(signed, signatureOf(name, keys, signed));
    try {
      return await post({ url: new URL(url), headers, body, signal });
    } catch (error) {
      throw describesItself(error)
        ? error
        : new UnavailableError(`The endpoint ${name} gave no answer: ${codeOf(error)}`);
    }
  };
}

const describesItself = (error: unknown) =>
  error instanceof PermanentError || (error instanceof Error && isLanguageError(error) && !concernsResponse(error));

/** Returns the code of a connection's failure, as `ECONNRESET`; its message would name the URL. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : typeof error;
}

/** One try to deliver an event. */
export type Try = { event: CloudEvent; attempt: number; invokedAtMs: number; fence: Fence };

/** Delivers events to one endpoint: throws where it does not take one, or is disabled. */
export type Deliver = (one: Try) => Promise<void>;

/** What an endpoint needs from outside. */
export type EndpointDependencies = {
  name: string;
  /** Reads the keys and returns what posts with them; a failure says nothing of the endpoint. */
  connect: () => Promise<SignedPost>;
  health: EndpointHealth;
  breaker: ProtectedCall;
  now?: () => number;
};

/** Returns the function that delivers to one endpoint, which has a circuit breaker and a health of its own. */
export function endpointDelivery({ name, connect, health, breaker, now = Date.now }: EndpointDependencies): Deliver {
  return async ({ event, attempt, invokedAtMs, fence }) => {
    const record = await health.recordOf(invokedAtMs);
    if (record?.disabledAt !== undefined) throw disabledError(record);
    const post = await connect();
    const webhook = { id: webhookIdOf(name, event), body: postedBody(event) };
    try {
      await breaker(webhook.id, fence, async ({ check, signal }) => {
        check();
        const failure = failureOf(name, await post(webhook, signal), now());
        if (failure !== undefined) throw failure;
      });
    } catch (error) {
      if (error instanceof EndpointGoneError) await health.gone();
      // An invocation that ended, or an open breaker, says nothing of the endpoint.
      else if (isFailure(error) && fence.remainingMs() > 0) await health.failed(attempt);
      throw error;
    }
    await health.succeeded();
  };
}

const isFailure = (error: unknown) => error instanceof UnavailableError && !(error instanceof CircuitOpenError);
