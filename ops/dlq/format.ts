import { maskPhone, table } from '../format.ts';
import { type DeadLetter, orderIdOf, originalMessage, parseJson } from './dead-letter.ts';
import type { DeadLetterGroup } from './group.ts';

/** Formats what `dlq list` shows on a terminal. */
export function formatGroups(groups: readonly DeadLetterGroup[]): string {
  if (groups.length === 0) return 'There are no dead letters.';
  const rows = groups.map(({ consumer, count, errorType, reason, firstSeen, lastSeen, example }) => [
    consumer,
    count,
    errorType,
    shorten(reason),
    firstSeen.slice(0, 19),
    lastSeen.slice(0, 19),
    example.messageId,
  ]);
  return table(['consumer', 'count', 'error', 'reason', 'first (UTC)', 'last (UTC)', 'for example'], rows);
}

/** Shortens a reason to one line of a table. */
function shorten(reason: string): string {
  const line = stripControlChars(reason.replaceAll(/\s+/g, ' '));
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

/** Returns what `dlq show --json` prints of a dead letter; personal data is masked unless it is to be revealed. */
export function toJson(deadLetter: DeadLetter, reveal: boolean) {
  const { id, consumer, errorType, reason, failedAt, attempts, system, body } = deadLetter;
  const orderId = orderIdOf(deadLetter);
  return {
    messageId: id,
    consumer,
    errorType,
    reason,
    failedAt,
    ...(attempts === undefined ? {} : { attempts }),
    ...(orderId === undefined ? {} : { orderId }),
    ...(system.MessageGroupId === undefined ? {} : { group: system.MessageGroupId }),
    attributes: publisherAttributes(deadLetter, reveal),
    body: reveal ? body : maskPersonalData(body),
  };
}

/** Formats what `dlq show` shows on a terminal; `omitted` is how many more there are. */
export function formatDeadLetters(
  deadLetters: readonly DeadLetter[],
  { reveal, omitted }: { reveal: boolean; omitted: number },
): string {
  if (deadLetters.length === 0) return 'There are no such dead letters.';
  const more = omitted > 0 ? [`… and ${omitted} more: --limit <n>.`] : [];
  return [...deadLetters.map((deadLetter) => formatDeadLetter(deadLetter, reveal)), ...more].join('\n\n');
}

function formatDeadLetter(deadLetter: DeadLetter, reveal: boolean): string {
  const { id, consumer, errorType, reason, failedAt, attempts, body } = deadLetter;
  const after = attempts === undefined ? '' : `, after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  const facts: [string, string | undefined][] = [
    ['id', id],
    ['order', orderIdOf(deadLetter)],
    ['failed at', `${failedAt}${after}`],
    ['error', `${errorType}: ${reason}`],
    ...Object.entries(publisherAttributes(deadLetter, reveal)),
  ];
  const lines = [
    consumer,
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(9)} ${value}`])),
    reveal ? indentJson(body) : maskPersonalData(body, 2),
  ];
  return stripControlChars(lines.join('\n'));
}

// Nobody reads deeper, and recursion over 10,000 levels overflows the stack.
const MAX_LEVELS = 100;

/** Lays a JSON body out for reading. Returns other text as it is, and so what is nested more than 100 levels deep. */
export function indentJson(body: string): string {
  const message = parseJson(body);
  return message === undefined || isDeeper(message, MAX_LEVELS) ? body : JSON.stringify(message, null, 2);
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));

/** Without the attributes about the failure, which are shown as its cause. */
function publisherAttributes(deadLetter: DeadLetter, reveal: boolean): Record<string, string> {
  const entries = Object.entries(originalMessage(deadLetter).attributes).map(([name, { StringValue = '(binary)' }]) => [
    name,
    reveal ? StringValue : maskPersonalData(StringValue),
  ]);
  return Object.fromEntries(entries);
}

// What our events call personal data, and what a malformed message may call it instead.
const PERSONAL = /phone|mobile|token|e-?mail|password|secret|address/i;
// Ids may be long numbers, which an operator needs to see.
const IDENTIFIER = /^(orderId|orderNumber|receiptId|sku|subject)$/;
const HIDDEN = '…';
// A phone number may be in any text, with a plus or as nine digits and more.
const INTERNATIONAL_NUMBER = /\+\d{6,15}/g;
const PHONE_NUMBER = /\+\d{6,15}|\b\d{9,15}\b|\b0\d{1,2}[ -]\d{3,4}[ -]\d{4}\b/g;

/**
 * Masks phone numbers, payment tokens and what is named like personal data in a message body, and all that is nested more than 100
 * levels deep; JSON is indented by `indent`.
 */
export function maskPersonalData(body: string, indent?: number): string {
  const message = parseJson(body);
  if (typeof message === 'object' && message !== null) return JSON.stringify(maskValue(message, false), null, indent);
  return maskText(
    body.replaceAll(
      /("?(?:phone|mobile|token|e-?mail|password|secret|address)\w*"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|[^\s,}\]]+)/gi,
      `$1"${HIDDEN}"`,
    ),
  );
}

function maskValue(value: unknown, personal: boolean, levels = MAX_LEVELS): unknown {
  if (typeof value === 'object' && value !== null && levels === 0) return HIDDEN;
  if (Array.isArray(value)) return value.map((one) => maskValue(one, personal, levels - 1));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        name,
        typeof inner === 'string' && IDENTIFIER.test(name) && !personal
          ? inner.replaceAll(INTERNATIONAL_NUMBER, (phone) => maskPhone(phone))
          : maskValue(inner, personal || PERSONAL.test(name), levels - 1),
      ]),
    );
  }
  if (typeof value === 'string') return personal ? maskPersonalText(value) : maskText(value);
  return personal && typeof value === 'number' ? HIDDEN : value;
}

const maskPersonalText = (text: string): string => (/^\+?\d{9,15}$/.test(text) ? maskPhone(text) : HIDDEN);

// SNS's envelope has the message as text.
const maskText = (text: string): string => {
  const message = parseJson(text);
  if (typeof message === 'object' && message !== null) return JSON.stringify(maskValue(message, false));
  return text.replaceAll(/\btok_\w+/g, HIDDEN).replaceAll(PHONE_NUMBER, (phone) => maskPhone(phone));
};

/** Replaces the control characters in a message's text, which a terminal would obey; keeps line breaks and tabs. */
export const stripControlChars = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (sign) => (sign === '\n' || sign === '\t' ? sign : '\u{fffd}'));
