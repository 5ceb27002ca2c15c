const ORDER_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;
const EVENT_TYPE = /^[a-z]+(\.[a-z-]+){1,7}\.v\d{1,4}$/;
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;
// A body that is no JSON may still name its order; only so many characters of it are searched.
const MAX_SEARCHED = 65_536;
const NAMED_IN_TEXT = /"orderId"\s*:\s*"([A-Za-z0-9][A-Za-z0-9_-]{0,39})"/;

/** What can be read of an invalid message. */
export type ExtractedLogFields = {
  orderId?: string | undefined;
  eventType?: string | undefined;
  traceparent?: string | undefined;
};

/** Extracts what is safe to log from the body of an invalid message: only values of the expected form. */
export function extractLogFields(body: string): ExtractedLogFields {
  const message = parseObject(body);
  if (message === undefined) return { orderId: NAMED_IN_TEXT.exec(body.slice(0, MAX_SEARCHED))?.[1] };
  const data = typeof message.data === 'object' && message.data !== null ? { ...message.data } : {};
  return {
    orderId:
      matchingText('orderId' in data ? data.orderId : undefined, ORDER_ID) ?? matchingText(message.subject, ORDER_ID),
    eventType: matchingText(message.type, EVENT_TYPE),
    traceparent: matchingText(message.traceparent, TRACEPARENT),
  };
}

const matchingText = (value: unknown, form: RegExp): string | undefined =>
  typeof value === 'string' && form.test(value) ? value : undefined;

function parseObject(body: string): Partial<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return undefined;
  }
}
