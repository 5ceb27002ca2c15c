import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import type { UnwrappedBody } from '../../contracts/parse.ts';

/** The message attribute of an event that was unwrapped and published again: its seal, which no publisher can make. */
export const UNWRAPPED_ATTRIBUTE = 'unwrapped';

/** Returns the seal of a bare event. */
export type Seal = (bare: string) => string;

/** Seals events with HMAC-SHA256 (RFC 2104) under a key; never the hash of a customer, which is of an array. */
export const sealer =
  (key: string): Seal =>
  (bare) =>
    createHmac('sha256', key).update(`unwrapped ${bare}`).digest('base64url');

/**
 * Returns the bare event of a wrapped message that the other consumers have not seen; `undefined` for a bare message and for one that was
 * forwarded already, which keeps it from going round in circles.
 */
export function wrappedEvent(
  { body, messageAttributes }: SQSRecord,
  { text, wrappings }: UnwrappedBody,
  seal: Seal,
): string | undefined {
  if (wrappings.length === 0) return undefined;
  const given = messageAttributes[UNWRAPPED_ATTRIBUTE]?.stringValue ?? attributeIn(body);
  return given !== undefined && isSame(given, seal(text)) ? undefined : text;
}

/** Reads the attribute in SNS's own envelope, where it travels while raw delivery is off. */
function attributeIn(body: string): string | undefined {
  const envelope: { MessageAttributes?: { [UNWRAPPED_ATTRIBUTE]?: { Value?: unknown } } } | null = JSON.parse(
    body.replace(/^\uFEFF/, ''),
  );
  const value = envelope?.MessageAttributes?.[UNWRAPPED_ATTRIBUTE]?.Value;
  return typeof value === 'string' ? value : undefined;
}

const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
