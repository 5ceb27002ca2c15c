import type { Column } from '../columns.ts';
import { formatTime, table } from '../format.ts';
import { type Layout, WHOLE } from '../layout.ts';
import { type DeadLetter, orderIdOf, originalMessage } from './dead-letter.ts';
import type { DeadLetterGroup } from './group.ts';
import type { OrderGroup } from './group-by-order.ts';
import { layOut } from './json-text.ts';
import { maskAttribute, maskName, maskPersonalData } from './mask.ts';
import { redactId } from './redact.ts';

// What the rows of both tables end with.
const REASON: readonly Column[] = [
  { title: 'error', fit: 'end', rank: 1, least: 13 },
  { title: 'reason', fit: 'wrap' },
  { title: 'first', rank: 5 },
  { title: 'last', rank: 2 },
  { title: 'for example', fit: 'middle', rank: 3, least: 36 },
];
const GROUPS: readonly Column[] = [{ title: 'consumer' }, { title: 'count' }, ...REASON];
const ORDER_GROUPS: readonly Column[] = [
  { title: 'order', fit: 'middle' },
  { title: 'count' },
  { title: 'consumers', fit: 'wrap', rank: 4, least: 12 },
  ...REASON,
];

/** Formats what `dlq list` shows on a terminal. */
export function formatGroups(groups: readonly DeadLetterGroup[], layout: Layout = WHOLE): string {
  if (groups.length === 0) return 'There are no dead letters.';
  const rows = groups.map(({ consumer, count, errorType, reason, firstSeen, lastSeen, example }) => [
    consumer,
    count,
    errorType,
    shorten(reason),
    formatTime(firstSeen, layout),
    formatTime(lastSeen, layout),
    example.messageId,
  ]);
  return table(GROUPS, rows, layout);
}

/** Formats what `dlq list --by order` shows on a terminal. */
export function formatOrderGroups(groups: readonly OrderGroup[], layout: Layout = WHOLE): string {
  if (groups.length === 0) return 'There are no dead letters.';
  const rows = groups.map(({ orderId, consumers, count, errorType, reason, firstSeen, lastSeen, example }) => [
    orderId === null ? '–' : stripControlChars(orderId),
    count,
    consumers.join(', '),
    errorType,
    shorten(reason),
    formatTime(firstSeen, layout),
    formatTime(lastSeen, layout),
    example.messageId,
  ]);
  const nameless = groups.some(({ orderId }) => orderId === null);
  return `${table(ORDER_GROUPS, rows, layout)}${nameless ? '\n\nA row without an order is one message that names none: dlq show --id …' : ''}`;
}

/** Shortens a reason to one line of a table. */
export function shorten(reason: string): string {
  const line = stripControlChars(reason.replaceAll(/\s+/g, ' '));
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

/** Returns what `dlq show --json` prints of a dead letter; personal data is masked unless it is to be revealed. */
export function toJson(deadLetter: DeadLetter, reveal: boolean) {
  const { id, consumer, errorType, reason, failedAt, attempts, stackTrace, system, body } = deadLetter;
  const orderId = shownOrderId(deadLetter, reveal);
  return {
    messageId: id,
    consumer,
    errorType,
    reason,
    failedAt,
    ...(attempts === undefined ? {} : { attempts }),
    ...(stackTrace === undefined ? {} : { stackTrace }),
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
  const { id, consumer, errorType, reason, failedAt, attempts, stackTrace = [], body } = deadLetter;
  const after = attempts === undefined ? '' : `, after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  const facts: [string, string | undefined][] = [
    ['id', id],
    ['order', shownOrderId(deadLetter, reveal)],
    ['failed at', `${failedAt}${after}`],
    ['error', `${errorType}: ${reason}`],
    ...stackTrace.map((line, index): [string, string] => [index === 0 ? 'at' : '', line]),
    ...Object.entries(publisherAttributes(deadLetter, reveal)),
    ['body', body.startsWith('\uFEFF') ? 'begins with a byte-order mark' : undefined],
  ];
  const lines = [
    consumer,
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(9)} ${value}`])),
    layOut(reveal ? body : maskPersonalData(body)),
  ];
  return stripControlChars(lines.join('\n'));
}

const shownOrderId = (deadLetter: DeadLetter, reveal: boolean): string | undefined => {
  const orderId = orderIdOf(deadLetter);
  return reveal || orderId === undefined ? orderId : redactId(orderId);
};

/** Without the attributes about the failure, which are shown as its cause. */
function publisherAttributes(deadLetter: DeadLetter, reveal: boolean): Record<string, string> {
  const all = Object.entries(originalMessage(deadLetter).attributes);
  const entries = all.map(([name, { StringValue = '(binary)' }], index) => {
    if (reveal) return [name, StringValue];
    const masked = maskName(name);
    return [masked === name ? name : `${masked} (attribute ${index + 1})`, maskAttribute(name, StringValue)];
  });
  return Object.fromEntries(entries);
}

/** Replaces the control characters in a message's text, which a terminal would obey; keeps line breaks and tabs. */
export const stripControlChars = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (sign) => (sign === '\n' || sign === '\t' ? sign : '\u{fffd}'));
