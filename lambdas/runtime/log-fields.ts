import * as v from 'valibot';
import { orderId } from '../../contracts/order.ts';
import { readMessage, tryParse } from '../../contracts/parse.ts';
import { readTraceparent } from '../../contracts/traceparent.ts';
import { containsPhoneNumber } from './failure.ts';
import { readReplayed } from './replay-envelope.ts';

const EVENT_TYPE = /^[a-z]+(\.[a-z-]+){1,7}\.v\d{1,4}$/;
// A body that is no JSON may still name its order; only so many characters of it are searched.
const MAX_SEARCHED = 65_536;
// The id is a JSON string, in which some languages escape the slash, `<` or `&`.
const NAMED_IN_TEXT = /"orderId"\s*:\s*("(?:[^"\\]|\\.){1,400}")/;

/** What can be read of an invalid message. */
export type ExtractedLogFields = {
  orderId?: string | undefined;
  receiptId?: string | undefined;
  eventType?: string | undefined;
  traceparent?: string | undefined;
};

/** Extracts what is safe to log from the body of an invalid message: only values of the expected form. */
export function extractLogFields(body: string): ExtractedLogFields {
  const message = tryRead(body);
  if (message === undefined)
    return { orderId: idIn(tryParse(NAMED_IN_TEXT.exec(body.slice(0, MAX_SEARCHED))?.[1] ?? '')) };
  const { type, traceparent, subject } = message;
  const data = typeof message.data === 'object' && message.data !== null ? { ...message.data } : {};
  return {
    orderId: idIn('orderId' in data ? data.orderId : undefined) ?? idIn(subject),
    receiptId: idIn('receiptId' in data ? data.receiptId : undefined),
    eventType: typeof type === 'string' && EVENT_TYPE.test(type) ? type : undefined,
    traceparent: typeof traceparent === 'string' ? readTraceparent(traceparent) : undefined,
  };
}

/** An id may look like a phone number, and a message that breaks its contract may have put one there. */
const idIn = (value: unknown): string | undefined =>
  v.is(orderId, value) && !containsPhoneNumber(value) ? value : undefined;

function tryRead(body: string): Partial<Record<string, unknown>> | undefined {
  try {
    const message = readMessage(readReplayed(body)?.body ?? body);
    // A message of `webhooks` names the endpoint beside the event.
    const { event } = message;
    return 'endpoint' in message && typeof event === 'object' && event !== null ? { ...event } : message;
  } catch {
    return undefined;
  }
}
