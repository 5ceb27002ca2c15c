import type { SQSRecord } from 'aws-lambda';
import type { UnwrappedBody } from '../../contracts/parse.ts';

/** The message attribute of an event that was unwrapped and published again. It keeps the event from going round in circles. */
export const UNWRAPPED_ATTRIBUTE = 'unwrapped';

/**
 * Returns the bare event of a wrapped message that the other consumers have not seen; `undefined` for a bare message and for one that was
 * forwarded already.
 */
export function wrappedEvent(
  { body, messageAttributes }: SQSRecord,
  { text, wrappings }: UnwrappedBody,
): string | undefined {
  if (wrappings.length === 0) return undefined;
  return UNWRAPPED_ATTRIBUTE in messageAttributes || wasForwarded(body) ? undefined : text;
}

/** Reads the attribute in SNS's own envelope, where it travels while raw delivery is off. */
function wasForwarded(body: string): boolean {
  const envelope: unknown = JSON.parse(body.replace(/^\uFEFF/, ''));
  if (typeof envelope !== 'object' || envelope === null || !('MessageAttributes' in envelope)) return false;
  const attributes = envelope.MessageAttributes;
  return typeof attributes === 'object' && attributes !== null && UNWRAPPED_ATTRIBUTE in attributes;
}
