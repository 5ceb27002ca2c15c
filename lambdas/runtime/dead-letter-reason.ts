import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { tryParse } from '../../contracts/parse.ts';
import { MAX_MESSAGE_ATTRIBUTES, MAX_MESSAGE_BYTES, messageBytes } from './message-size.ts';
import { sourceLines } from './stack-frames.ts';

type MessageAttributes = Readonly<Record<string, MessageAttributeValue>>;

const schema = v.strictObject({
  errorType: v.string(),
  errorMessage: v.string(),
  consumer: v.string(),
  /** RFC 3339. */
  failedAt: v.string(),
  attempts: v.optional(v.number()),
});

/** Why a consumer dead-lettered a message. `sourceLines`: where a mistake in code was met, innermost first. */
export type DeadLetterReason = v.InferOutput<typeof schema> & { sourceLines?: readonly string[] };

/** The attribute that holds the whole reason as JSON where there is no room for one attribute for each of its parts. */
const REASON_ATTRIBUTE = 'deadLetterReason';

/**
 * The attribute that holds the source lines, one a line, behind the time of the failure that they belong to: they are those of no other
 * failure, whatever an older version of `dlq` that does not know them put back.
 */
const SOURCE_LINES_ATTRIBUTE = 'stackTrace';

// A longer reason helps nobody and uses up the message's size.
const MAX_REASON_CHARACTERS = 1000;
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
const REFUSED_BY_SQS = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/**
 * Returns the attributes of a dead letter: all of its publisher's, and the reason in the first form for which they leave room and from
 * which `readReason` tells it from theirs: an attribute for each part, the same without `attempts`, one attribute with JSON, none. Source lines
 * are one more attribute beside the first or the JSON, and are left out before the rest is.
 */
export function withReason(
  { body, attributes }: { body: string; attributes: MessageAttributes },
  reason: DeadLetterReason,
): MessageAttributes {
  const fitting = formsOf(reason).find((form) => {
    const all = { ...attributes, ...form };
    const size = Object.keys(attributes).length + Object.keys(form).length;
    return (
      Object.keys(all).length === size &&
      size <= MAX_MESSAGE_ATTRIBUTES &&
      messageBytes({ body, attributes: all }) <= MAX_MESSAGE_BYTES &&
      readReason(all, reason.consumer)?.names.length === Object.keys(form).length
    );
  });
  return { ...attributes, ...fitting };
}

/** Finds the reason in a dead letter of the consumer, with the names of the attributes that hold it; the others are the publisher's. */
export function readReason(
  attributes: MessageAttributes,
  consumer: string,
): { reason: DeadLetterReason; names: readonly string[] } | undefined {
  const textOf = (name: string) => attributes[name]?.StringValue;
  const names = ['errorType', 'errorMessage', 'consumer', 'failedAt', 'attempts'].filter((name) => name in attributes);
  const parts = Object.fromEntries(names.map((name) => [name, textOf(name)]));
  const attempts = 'attempts' in parts ? { attempts: Number(parts.attempts) } : {};
  const candidates = [
    { value: tryParse(textOf(REASON_ATTRIBUTE) ?? ''), names: [REASON_ATTRIBUTE] },
    { value: { ...parts, ...attempts }, names },
  ];
  for (const { value, names } of candidates) {
    // A publisher may use any of these names for something else.
    if (!v.is(schema, value) || value.consumer !== consumer) continue;
    const [failedAt, ...lines] = (textOf(SOURCE_LINES_ATTRIBUTE) ?? '').split('\n');
    const known = failedAt === value.failedAt ? sourceLines(lines) : [];
    if (known.length === 0) return { reason: value, names };
    return { reason: { ...value, sourceLines: known }, names: [...names, SOURCE_LINES_ATTRIBUTE] };
  }
  return undefined;
}

function formsOf({ sourceLines: lines = [], ...reason }: DeadLetterReason): MessageAttributes[] {
  const forms = plainFormsOf(reason);
  if (lines.length === 0) return forms;
  const text = [reason.failedAt, ...lines].join('\n');
  const [whole, json] = [forms.at(0), forms.at(-1)];
  return [...[whole, json].map((form) => ({ ...form, [SOURCE_LINES_ATTRIBUTE]: stringAttribute(text) })), ...forms];
}

function plainFormsOf({ attempts, ...given }: v.InferOutput<typeof schema>): MessageAttributes[] {
  const reason = { ...given, errorType: sendable(given.errorType), errorMessage: sendable(given.errorMessage) };
  const parts = Object.fromEntries(Object.entries(reason).map(([name, value]) => [name, stringAttribute(value)]));
  return [
    ...(attempts === undefined ? [] : [{ ...parts, attempts: { DataType: 'Number', StringValue: `${attempts}` } }]),
    parts,
    { [REASON_ATTRIBUTE]: stringAttribute(JSON.stringify({ ...reason, attempts })) },
  ];
}

const sendable = (text: string): string =>
  text.slice(0, MAX_REASON_CHARACTERS).replaceAll(REFUSED_BY_SQS, '\u{FFFD}') || '-';

const stringAttribute = (StringValue: string): MessageAttributeValue => ({ DataType: 'String', StringValue });
