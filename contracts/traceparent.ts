import { hash } from 'node:crypto';

// https://www.w3.org/TR/trace-context/#traceparent-header: ids of all zeros and the version ff are invalid.
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(|-.*)$/;
const SAMPLED = '01';

/**
 * Returns the trace id of a message: the publisher's, or the first 32 hex digits of the order id's SHA-256 if `traceparent` is
 * missing or invalid. So every consumer derives the same trace without coordination, even if the publisher sends the order
 * again under a new message id.
 */
export function traceIdOf(traceparent: string | undefined, orderId: string): string {
  return parseTraceparent(traceparent)?.traceId ?? derivedTraceId(orderId);
}

/**
 * Returns the `traceparent` of an event that follows from another: the same trace, and a span id taken from the SHA-256 of the
 * event's id. An event that is published again is therefore identical to the byte.
 */
export function continueTrace(traceparent: string | undefined, orderId: string, eventId: string): string {
  const { traceId, flags } = parseTraceparent(traceparent) ?? { traceId: derivedTraceId(orderId), flags: SAMPLED };
  return `00-${traceId}-${hash('sha256', eventId).slice(0, 16)}-${flags}`;
}

/** Returns `traceparent` only if it names a different trace than the one derived from the order's id. */
export function explicitTraceparent(traceparent: string | undefined, orderId: string): string | undefined {
  return traceIdOf(traceparent, orderId) === derivedTraceId(orderId) ? undefined : traceparent;
}

const derivedTraceId = (orderId: string) => hash('sha256', orderId).slice(0, 32);

/**
 * Reads a `traceparent` of any version by its first four fields (W3C, section 4.3: a later version may append fields), and returns
 * these in the form of version 00; `undefined` if they cannot be read.
 */
export function readTraceparent(traceparent: string | undefined): string | undefined {
  const parsed = parseTraceparent(traceparent);
  return parsed && `00-${parsed.traceId}-${parsed.spanId}-${parsed.flags}`;
}

type Traceparent = { traceId: string; spanId: string; flags: string };

function parseTraceparent(traceparent: string | undefined): Traceparent | undefined {
  const [, version, traceId, spanId, flags, rest] =
    traceparent === undefined ? [] : (TRACEPARENT.exec(traceparent) ?? []);
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return version === '00' && rest !== '' ? undefined : { traceId, spanId, flags };
}
