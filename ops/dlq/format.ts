import type { Column } from '../columns.ts';
import { formatTime, table } from '../format.ts';
import { type Layout, WHOLE } from '../layout.ts';
import { type DeadLetter, orderIdOf, originalMessage } from './dead-letter.ts';
import { endsSoon, expiresAtOf } from './expiry.ts';
import type { DeadLetterGroup } from './group.ts';
import type { OrderGroup } from './group-by-order.ts';
import { layOut } from './json-text.ts';
import { maskAttribute, maskName, maskPersonalData } from './mask.ts';
import { parkedFields } from './parked.ts';
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

const PARKED: readonly Column[] = [
  { title: 'parked', fit: 'middle' },
  { title: 'count' },
  { title: 'owner', fit: 'end', least: 8 },
  { title: 'note', fit: 'wrap', rank: 2, least: 12 },
  { title: 'link', fit: 'middle', rank: 5 },
  { title: 'error', fit: 'end', rank: 1, least: 13 },
  { title: 'reason', fit: 'wrap', rank: 4 },
  { title: 'since', rank: 6 },
  { title: 'ends', rank: 7 },
  { title: 'for example', fit: 'middle', rank: 3, least: 36 },
];

/** Formats what `dlq list` shows on a terminal. */
export function formatGroups(groups: readonly DeadLetterGroup[], layout: Layout = WHOLE, now = new Date()): string {
  return formatList(groups, { title: ({ consumer }) => consumer, columns: GROUPS, row: groupRow }, layout, now);
}

const groupRow = ({ consumer, count }: DeadLetterGroup): Cell[] => [consumer, count];

/** Formats what `dlq list --by order` shows on a terminal. */
export function formatOrderGroups(groups: readonly OrderGroup[], layout: Layout = WHOLE, now = new Date()): string {
  const list = formatList(groups, { title: orderOf, columns: ORDER_GROUPS, row: orderRow }, layout, now);
  const nameless = groups.some(({ orderId }) => orderId === null);
  return `${list}${nameless ? '\n\nA row without an order is one message that names none: dlq show --id …' : ''}`;
}

const orderOf = ({ orderId }: OrderGroup): string => (orderId === null ? '–' : stripControlChars(orderId));
const orderRow = (group: OrderGroup): Cell[] => [orderOf(group), group.count, group.consumers.join(', ')];

type Cell = string | number;
type Group = Omit<DeadLetterGroup, 'consumer' | 'example'> & { example: { messageId: string } };
type Rows<G> = {
  title: (group: G) => string;
  columns: readonly Column[];
  /** What a row of the table begins with. */
  row: (group: G) => Cell[];
};

const ENDING_SOON = 'Gone within three days, unless they are put back or parked before:';

/** Formats groups as a table, then those that end soon, then the parked ones, of which somebody takes care. */
function formatList<G extends Group>(
  groups: readonly G[],
  { title, columns, row }: Rows<G>,
  layout: Layout,
  now: Date,
): string {
  const time = (moment: string) => formatTime(moment, layout, now);
  const waiting = groups.filter(({ parked }) => parked === undefined);
  const rows = waiting.map((group) => {
    const { errorType, reason, firstSeen, lastSeen, example } = group;
    return [...row(group), errorType, shorten(reason), time(firstSeen), time(lastSeen), example.messageId];
  });
  const soon = waiting
    .filter(({ expiresAt }) => endsSoon(expiresAt, now))
    .map(
      (group) =>
        `  ${title(group)}, ${shorten(group.reason)}: the first of ${group.count} ends ${time(group.expiresAt)}`,
    );
  const parked = groups.flatMap((group) => {
    const { count, errorType, reason, parkedAt = '', expiresAt, example } = group;
    if (group.parked === undefined) return [];
    const { owner, note, link } = group.parked;
    const words = [owner, note ?? '–', link ?? '–'].map(shorten);
    return [
      [title(group), count, ...words, errorType, shorten(reason), time(parkedAt), time(expiresAt), example.messageId],
    ];
  });
  return [
    rows.length === 0 ? 'There are no dead letters.' : table(columns, rows, layout),
    ...(soon.length === 0 ? [] : [[ENDING_SOON, ...soon].join('\n')]),
    ...(parked.length === 0 ? [] : [table(PARKED, parked, layout)]),
  ].join('\n\n');
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
    expiresAt: expiresAtOf(deadLetter),
    ...parkedFields(deadLetter.parked),
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
    ['ends at', expiresAtOf(deadLetter)],
    ['parked', deadLetter.parked && `by ${deadLetter.parked.owner}, since ${deadLetter.parked.parkedAt}`],
    ['note', deadLetter.parked?.note ?? undefined],
    ['link', deadLetter.parked?.link ?? undefined],
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
