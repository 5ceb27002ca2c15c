import { createHash } from 'node:crypto';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { withoutPersonalMembers } from '../../contracts/personal-data.ts';
import { PermanentError, ThrottledError, UnavailableError } from '../runtime/failure.ts';
import type { EndpointRecord } from './endpoint-record.ts';

/** The endpoint says that it will never take an event again. */
export class EndpointGoneError extends PermanentError {
  override name = 'EndpointGoneError';
}

/** The endpoint is disabled: it was not called, and is not until an operator enables it. */
export class EndpointDisabledError extends PermanentError {
  override name = 'EndpointDisabledError';
}

/** What counts of an answer. */
export type Answer = { status: number; retryAfter?: string | undefined };

/**
 * Returns the body that is posted: the event without what is personal, without its extensions, which anybody may have put there, and without a
 * subject other than its order. It is the same at every try.
 */
export function postedBody(event: CloudEvent): string {
  const { specversion, id, source, type, time, subject, datacontenttype, traceparent } = event;
  const data = withoutPersonalMembers(event.data);
  const isOrder = typeof data === 'object' && data !== null && 'orderId' in data && data.orderId === subject;
  const about = isOrder ? { subject } : {};
  return JSON.stringify({ specversion, id, source, type, time, ...about, datacontenttype, traceparent, data });
}

/** Returns the `webhook-id` of an event at an endpoint: the same at every try and in every replay. */
export function webhookIdOf(endpoint: string, { source, id }: Pick<CloudEvent, 'source' | 'id'>): string {
  const digest = createHash('sha256').update(JSON.stringify([source, id, endpoint]));
  return `msg_${digest.digest('base64url')}`;
}

/** The longest time that an endpoint may ask to be left alone, in seconds. */
const MAX_RETRY_AFTER_SECONDS = 3_600;

/**
 * Returns the failure that an answer is; `undefined` for a success. Nothing but 410 is final: whatever else an endpoint answers, a redirect or
 * a refusal too, may be a mistake that its operator mends within days.
 */
export function failureOf(endpoint: string, { status, retryAfter }: Answer, nowMs: number): Error | undefined {
  if (status >= 200 && status < 300) return undefined;
  const answered = `The endpoint ${endpoint} answered ${status}`;
  if (status === 410) return new EndpointGoneError(`${answered}: it takes no more events`);
  if (status >= 300 && status < 400) return new UnavailableError(`${answered}: a redirect is not followed`);
  const seconds = status === 429 || status === 503 ? secondsOf(retryAfter, nowMs) : undefined;
  if (seconds === undefined) return new UnavailableError(answered);
  return new ThrottledError(answered, Math.min(seconds, MAX_RETRY_AFTER_SECONDS));
}

/** Reads `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3). */
function secondsOf(retryAfter: string | undefined, nowMs: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const seconds = Math.ceil((Date.parse(retryAfter) - nowMs) / 1000);
  return seconds > 0 ? seconds : undefined;
}

/** Says of a message for a disabled endpoint why it was not posted, and what to do. */
export const disabledError = ({ endpoint, disabledAt, disabledReason }: EndpointRecord): EndpointDisabledError =>
  new EndpointDisabledError(
    `The endpoint ${endpoint} is disabled since ${disabledAt}: ${disabledReason}. Once it takes events again, ` +
      `\`ops webhooks enable ${endpoint}\`, then \`ops dlq redrive --consumer webhooks\`.`,
  );
