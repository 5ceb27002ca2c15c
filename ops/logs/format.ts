import { cutEnd, cutMiddle, displayWidth } from '../display-width.ts';
import { formatDuration } from '../format.ts';
import { isWhole, type Layout } from '../layout.ts';
import { wrapLine, wrapText } from '../wrap.ts';
import type { LogEntry } from './entry.ts';

/** A column of fixed width: rows come one by one, and the next may be wider than any before. */
type Column = { head: string; width: number; shorten?: typeof cutEnd; of: (entry: LogEntry) => string };

const OUTCOMES = new Map([
  ['done', 'done'],
  ['will be tried again', 'retry'],
  ['dead-lettered', 'dead'],
]);
const OUTCOME: Column = { head: 'ended', width: 5, of: ({ message }) => OUTCOMES.get(message) ?? '' };
const EVENT: Column = { head: 'event', width: 26, of: ({ eventType = '–' }) => eventType };
const ORDER: Column = { head: 'order', width: 28, of: ({ orderId, receiptId }) => orderId ?? receiptId ?? '–' };
const TIMES: readonly Column[] = [
  { head: 'try', width: 3, of: ({ attempt }) => String(attempt ?? '–') },
  { head: 'waited', width: 7, of: ({ waitedMs }) => formatDuration(waitedMs) },
  { head: 'took', width: 7, of: ({ tookMs }) => formatDuration(tookMs) },
];
const IDS: readonly Column[] = [
  { head: 'message', width: 36, of: ({ messageId = '–' }) => messageId },
  { head: 'published', width: 9, of: ({ published = [] }) => published.join(' ') },
];

/** Builds the formatting of entries: a line for each try, which fits the layout, and below it why it failed, in full. Times are UTC. */
export function entryFormatter(
  layout: Layout,
  showsFunction: boolean,
): { head: string; format: (entry: LogEntry) => string } {
  const who: Column = { head: 'function', width: 12, of: (entry) => entry.function };
  const first: Column[] = [
    { head: 'time', width: 8, of: ({ time }) => time.slice(11, 19) },
    ...(showsFunction ? [who] : []),
  ];
  const rest = isWhole(layout) ? [OUTCOME, EVENT, ORDER, ...TIMES, ...IDS] : fittedTry(layout.width - widthOf(first));
  const columns = [...first, ...rest];
  const format = (entry: LogEntry): string => {
    const line = OUTCOMES.has(entry.message)
      ? joined(cellsOf(columns, entry))
      : hanging(cellsOf(first, entry).join(' '), sentenceOf(entry), layout);
    return [line, ...errorLines(entry).map((text) => wrapText(text, layout))].join('\n');
  };
  return { head: joined(columns.map(({ head, width }) => head.padEnd(width))), format };
}

const LEAST = { event: 16, order: 12 };

/** Returns the columns of a try in so much room: ids get what they need first, because people copy them. */
function fittedTry(width: number): Column[] {
  const room = width - widthOf([OUTCOME, ...TIMES]) - 1;
  const order = Math.max(LEAST.order, Math.min(ORDER.width, room - LEAST.event));
  const event = Math.max(LEAST.event, Math.min(EVENT.width, room - order));
  return [
    OUTCOME,
    { ...EVENT, width: event, shorten: cutEnd, of: (entry) => shortType(EVENT.of(entry)) },
    { ...ORDER, width: Math.max(order, room - event), shorten: cutMiddle },
    ...TIMES,
  ];
}

/** The width of columns with the blank behind each. */
const widthOf = (columns: readonly Column[]): number => columns.reduce((sum, { width }) => sum + width + 1, 0);

/** Shortens the type of one of the shop's own events: `order.placed`. */
const shortType = (type: string): string => type.replace(/^shop\./, '').replace(/\.v1$/, '');

const cellsOf = (columns: readonly Column[], entry: LogEntry): string[] =>
  columns.map(({ width, shorten, of }) => {
    const text = shorten === undefined ? of(entry) : shorten(of(entry), width);
    return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
  });

/** Formats a text behind a lead; what does not fit goes on below its beginning. */
function hanging(lead: string, text: string, { width }: Layout): string {
  const room = width - lead.length - 1;
  const lines = text.split('\n').flatMap((line) => wrapLine(line, room, ''));
  return lines.map((line, index) => `${index === 0 ? lead : ' '.repeat(lead.length)} ${line}`).join('\n');
}

const joined = (cells: readonly string[]): string => cells.join(' ').trimEnd();

/** Words a line that is no try. */
function sentenceOf({ message, orderId, sequence, missingSequence }: LogEntry): string {
  const details = [
    ...(orderId === undefined ? [] : [orderId]),
    ...(sequence === undefined ? [] : [`step ${sequence}`]),
    ...(missingSequence === undefined ? [] : [`step ${missingSequence} is missing`]),
  ];
  return details.length === 0 ? message : `${message} (${details.join(', ')})`;
}

/** Formats why something failed: the error, when it is tried again, and the frames of its stack. */
function errorLines({ errorType, errorMessage, retryInSeconds, stackTrace = [] }: LogEntry): string[] {
  if (errorType === undefined && errorMessage === undefined) return [];
  const error = errorType === errorMessage ? errorType : [errorType, errorMessage].filter(Boolean).join(': ');
  const again = retryInSeconds === undefined ? '' : ` (tried again in ${retryInSeconds} s)`;
  const frames = stackTrace.map((frame) => `    ${frame}`);
  return [`  ${error}${again}`, ...frames];
}
