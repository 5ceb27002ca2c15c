const ORDER_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;
const EVENT_TYPE = /^[a-z]+(\.[a-z-]+){1,7}\.v\d{1,4}$/;
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;
// A body that is no JSON may still name its order; more than this of it is not looked at.
const LOOKED_AT = 65_536;
const NAMED_IN_TEXT = /"orderId"\s*:\s*"([A-Za-z0-9][A-Za-z0-9_-]{0,39})"/;

/** What can be read of a message that breaks its contract. */
export type ExtractedLogFields = {
  orderId?: string | undefined;
  eventType?: string | undefined;
  traceparent?: string | undefined;
};

/** Takes the body of a message that broke its contract and gives what of it is safe to log: only what has the form it should have. */
export function extractLogFields(body: string): ExtractedLogFields {
  const message = objectIn(body);
  if (message === undefined) return { orderId: NAMED_IN_TEXT.exec(body.slice(0, LOOKED_AT))?.[1] };
  const data = typeof message.data === 'object' && message.data !== null ? { ...message.data } : {};
  return {
    orderId: shaped('orderId' in data ? data.orderId : undefined, ORDER_ID) ?? shaped(message.subject, ORDER_ID),
    eventType: shaped(message.type, EVENT_TYPE),
    traceparent: shaped(message.traceparent, TRACEPARENT),
  };
}

const shaped = (value: unknown, form: RegExp): string | undefined =>
  typeof value === 'string' && form.test(value) ? value : undefined;

function objectIn(body: string): Partial<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return undefined;
  }
}
