import { gunzipSync, gzipSync } from 'node:zlib';
import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { tryParse } from '../../contracts/parse.ts';
import { withReason } from '../runtime/dead-letter-reason.ts';
import { MAX_MESSAGE_BYTES } from '../runtime/message-size.ts';

type MessageAttributes = Readonly<Record<string, MessageAttributeValue>>;

/** A dead letter as its queue had it; `system` are the system attributes of SQS. */
export type LetterContent = { body: string; attributes: MessageAttributes; system: Readonly<Record<string, string>> };

const contentSchema = v.object({
  body: v.string(),
  attributes: v.record(
    v.string(),
    v.object({
      DataType: v.string(),
      StringValue: v.exactOptional(v.string()),
      BinaryValue: v.exactOptional(v.string()),
    }),
  ),
  system: v.record(v.string(), v.string()),
});

const noteSchema = v.object({
  owner: v.string(),
  note: v.exactOptional(v.string()),
  link: v.exactOptional(v.string()),
  /** When the letter was first parked, RFC 3339. */
  parkedAt: v.pipe(v.string(), v.isoTimestamp()),
  /** The letter's id in its dead-letter queue, which tells one that was parked twice. */
  id: v.string(),
  consumer: v.string(),
  partner: v.exactOptional(v.literal(true)),
  /** Where it came from, and goes back to. */
  deadLetterQueueUrl: v.string(),
  errorType: v.string(),
  reason: v.string(),
  failedAt: v.string(),
  attempts: v.exactOptional(v.number()),
});

const envelopeSchema = v.union([
  v.object({ ...noteSchema.entries, letter: contentSchema }),
  v.object({ ...noteSchema.entries, compressedLetter: v.pipe(v.string(), v.base64()) }),
]);

/** A letter in the parking queue, with who looks after it and why it failed. */
export type ParkedLetter = v.InferOutput<typeof noteSchema> & { letter: LetterContent };

/**
 * Writes a parked letter as the body of a message: readable JSON, with the letter in gzip and base64 where it would not fit otherwise. Returns
 * `undefined` where it does not fit even so. No attribute is needed, because a publisher may have used all ten.
 */
export function writeParkedLetter({ letter, ...note }: ParkedLetter): string | undefined {
  const content: v.InferOutput<typeof contentSchema> = { ...letter, attributes: toJson(letter.attributes) };
  const readable = JSON.stringify({ ...note, letter: content });
  if (Buffer.byteLength(readable) <= MAX_MESSAGE_BYTES) return readable;
  const compressedLetter = gzipSync(JSON.stringify(content)).toString('base64');
  const compressed = JSON.stringify({ ...note, compressedLetter });
  return Buffer.byteLength(compressed) <= MAX_MESSAGE_BYTES ? compressed : undefined;
}

/** Reads a parked letter from the body of a message; `undefined` for any other body. */
export function readParkedLetter(text: string): ParkedLetter | undefined {
  const envelope = v.safeParse(envelopeSchema, tryParse(text));
  if (!envelope.success) return undefined;
  if ('letter' in envelope.output) {
    const { letter, ...note } = envelope.output;
    return { ...note, letter: fromJson(letter) };
  }
  const { compressedLetter, ...note } = envelope.output;
  const content = v.safeParse(contentSchema, tryParse(decompress(compressedLetter)));
  return content.success ? { ...note, letter: fromJson(content.output) } : undefined;
}

// What any letter has: its body, ten attributes and their spelling in JSON.
const MAX_CONTENT_BYTES = 8 * MAX_MESSAGE_BYTES;

function decompress(base64: string): string {
  try {
    return gunzipSync(Buffer.from(base64, 'base64'), { maxOutputLength: MAX_CONTENT_BYTES }).toString();
  } catch {
    return '';
  }
}

const toJson = (attributes: MessageAttributes) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType = 'String', StringValue, BinaryValue }]) => [
      name,
      BinaryValue === undefined
        ? { DataType, StringValue: StringValue ?? '' }
        : { DataType, BinaryValue: Buffer.from(BinaryValue).toString('base64') },
    ]),
  );

const fromJson = ({ attributes, ...content }: v.InferOutput<typeof contentSchema>): LetterContent => ({
  ...content,
  attributes: Object.fromEntries(
    Object.entries(attributes).map(([name, { BinaryValue, ...value }]) => [
      name,
      BinaryValue === undefined ? value : { ...value, BinaryValue: Buffer.from(BinaryValue, 'base64') },
    ]),
  ),
});

/** A message on its way back to a dead-letter queue. */
export type ReturningMessage = {
  body: string;
  attributes: MessageAttributes;
  groupId?: string | undefined;
  traceHeader?: string | undefined;
};

/**
 * Restores a letter as its dead-letter queue had it. One that SQS itself had moved there loses with that what said why, so the reason is attached
 * where its publisher's attributes leave room; a redrive removes it again.
 */
export function toReturningMessage({
  letter,
  consumer,
  errorType,
  reason,
  failedAt,
}: Pick<ParkedLetter, 'letter' | 'consumer' | 'errorType' | 'reason' | 'failedAt'>): ReturningMessage {
  const { body, attributes, system } = letter;
  const wasMovedBySqs = system.DeadLetterQueueSourceArn !== undefined;
  return {
    body,
    attributes: wasMovedBySqs
      ? withReason(letter, { errorType, errorMessage: reason, consumer, failedAt })
      : attributes,
    groupId: system.MessageGroupId,
    traceHeader: system.AWSTraceHeader,
  };
}

/** Builds what SendMessage, and an entry of SendMessageBatch, say of a message; a FIFO queue drops what has the same `id` for five minutes. */
export const sendParameters = (
  { body, attributes, groupId, traceHeader }: ReturningMessage,
  { id, queueUrl }: { id: string; queueUrl: string },
) => ({
  MessageBody: body,
  MessageAttributes: { ...attributes },
  ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
  ...(queueUrl.endsWith('.fifo') ? { MessageDeduplicationId: id } : {}),
  ...(traceHeader === undefined
    ? {}
    : { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String' as const, StringValue: traceHeader } } }),
});
