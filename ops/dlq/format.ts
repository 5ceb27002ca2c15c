import { table } from '../format.ts';
import { type DeadLetter, orderIdOf, originalMessage } from './dead-letter.ts';
import type { DeadLetterGroup } from './group.ts';
import type { OrderGroup } from './group-by-order.ts';
import { layOut } from './json-text.ts';
import { maskAttribute, maskName, maskPersonalData } from './mask.ts';
import { redactId } from './redact.ts';

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

/** Formats what `dlq list --by order` shows on a terminal. */
export function formatOrderGroups(groups: readonly OrderGroup[]): string {
  if (groups.length === 0) return 'There are no dead letters.';
  const rows = groups.map(({ orderId, consumers, count, errorType, reason, firstSeen, lastSeen, example }) => [
    orderId === null ? '–' : stripControlChars(orderId),
    count,
    consumers.join(', '),
    errorType,
    shorten(reason),
    firstSeen.slice(0, 19),
    lastSeen.slice(0, 19),
    example.messageId,
  ]);
  const head = ['order', 'count', 'consumers', 'error', 'reason', 'first (UTC)', 'last (UTC)', 'for example'];
  const nameless = groups.some(({ orderId }) => orderId === null);
  return `${table(head, rows)}${nameless ? '\n\nA row without an order is one message that names none: dlq show --id …' : ''}`;
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
