import { hash } from 'node:crypto';

// https://www.w3.org/TR/trace-context/#traceparent-header: an id of zeros, and the version ff, are invalid.
const VALID = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-([\da-f]{2})$/;
const SAMPLED = '01';

/**
 * Takes a publisher's `traceparent` and the order's id and gives the trace's id: the publisher's, or where it sent none (or an
 * invalid one) the first 32 digits of the order id's SHA-256. So everybody who handles a message about the order, the publisher's
 * retry with a new message id included, names the same trace without asking anybody.
 */
export function traceIdOf(traceparent: string | undefined, orderId: string): string {
  return parseTraceparent(traceparent)?.traceId ?? derivedTraceId(orderId);
}

/**
 * Takes the `traceparent` that led to an event, the order's id and the event's id and gives the event's own: the same trace,
 * and a span that is the event's id's SHA-256, so that an event published again is the same to the byte.
 */
export function continueTrace(traceparent: string | undefined, orderId: string, eventId: string): string {
  const { traceId, flags } = parseTraceparent(traceparent) ?? { traceId: derivedTraceId(orderId), flags: SAMPLED };
  return `00-${traceId}-${hash('sha256', eventId).slice(0, 16)}-${flags}`;
}

/** Takes a `traceparent` and the order's id and gives it back if it names another trace than the order's id would. */
export function explicitTraceparent(traceparent: string | undefined, orderId: string): string | undefined {
  return traceIdOf(traceparent, orderId) === derivedTraceId(orderId) ? undefined : traceparent;
}

const derivedTraceId = (orderId: string) => hash('sha256', orderId).slice(0, 32);

function parseTraceparent(traceparent: string | undefined): { traceId: string; flags: string } | undefined {
  const [, traceId, flags] = traceparent === undefined ? [] : (VALID.exec(traceparent) ?? []);
  return traceId === undefined || flags === undefined ? undefined : { traceId, flags };
}
