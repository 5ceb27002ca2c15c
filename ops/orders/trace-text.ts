import { orderProgressed } from '../../contracts/lifecycle.ts';
import type { Shortage } from '../../contracts/stock.ts';
import type { Column } from '../columns.ts';
import { formatDuration, formatMoney, formatTime, table } from '../format.ts';
import { type Layout, WHOLE } from '../layout.ts';
import { afterConfirmationSections, afterConfirmationState } from './after-confirmation-text.ts';
import { nextTryLines } from './next-try.ts';
import { startFailureLines } from './start-failures.ts';
import type { Trace, TracedAttempt, TracedEvent } from './trace.ts';
import { deadLettersText } from './trace-dead-letters.ts';

type Row = { time: string; cells: readonly string[] };

const HISTORY: readonly Column[] = [
  { title: 'time', rank: 2 },
  { title: 'after' },
  { title: 'who' },
  { title: 'what', fit: 'wrap', least: 24 },
  { title: 'waited', rank: 3 },
  { title: 'took', rank: 4 },
  { title: 'came to', fit: 'wrap', least: 18 },
];

/** Formats a trace for people: the order's state, its events and attempts, oldest first, and what is still to come. */
export function traceText(trace: Trace, now = new Date(), layout: Layout = WHOLE): string {
  const { orderId, orderNumber, status, reason, total, payment, paymentReason, stock, short, textNotBefore, traceId } =
    trace;
  const state = `${status ?? 'not placed yet'}${reason === undefined ? '' : ` (${reason})`}`;
  const parts = [
    `${orderId}: ${state}`,
    ...(orderNumber === undefined ? [] : [`number ${orderNumber}`]),
    ...(total === null ? [] : [formatMoney(total)]),
    ...(payment === undefined ? [] : [`payment ${payment}${paymentReason === undefined ? '' : ` (${paymentReason})`}`]),
    ...(stock === undefined
      ? []
      : [`stock ${stock}${short === undefined ? '' : ` (${short.map(shortageText).join('; ')})`}`]),
    ...afterConfirmationState(trace),
    ...(textNotBefore === undefined ? [] : [`text waits until ${textNotBefore}`]),
    ...(trace.contactForgotten ? ['contact forgotten'] : []),
    `trace ${traceId}`,
  ];
  const events = trace.timeline.map((event): Row => {
    const { time, type, source, template, refused, reason: why } = event;
    const details = [eventIdOf(event), template, refused, why].filter(Boolean).join(': ');
    const what = details === '' ? type : `${type} (${details})`;
    return { time, cells: [source, what, '', '', ''] };
  });
  // Not as text: the times come from several publishers, which write them differently.
  const rows = [...events, ...unrecordedEvents(trace), ...trace.attempts.map(attemptRow)].sort(
    (one, other) => Date.parse(one.time) - Date.parse(other.time),
  );
  const start = Date.parse(rows[0]?.time ?? '');
  const history = table(
    HISTORY,
    rows.map(({ time, cells }) => [formatTime(time, layout, now), formatDuration(Date.parse(time) - start), ...cells]),
    layout,
  );
  const letters = trace.deadLetters === undefined ? [] : [deadLettersText(orderId, trace.deadLetters, layout)];
  const sections = [
    ...(rows.length === 0 ? [] : [history]),
    ...afterConfirmationSections(trace, layout),
    ...outlook(trace, now),
    ...letters,
  ];
  return [parts.join(', '), ...sections].join('\n\n');
}

/** Returns what tells an event from others of its type: the refund's id, or that of the message, whose source is shown beside it. */
export const eventIdOf = ({ id, source }: TracedEvent): string | undefined =>
  id?.startsWith(`${source} `) ? id.slice(source.length + 1) : id;

/** Returns the events that a consumer published and no record keeps, such as those of a consumer of your own. */
function unrecordedEvents({ timeline, attempts }: Trace): Row[] {
  // A step is in the timeline by what it says.
  const recorded = new Set([...timeline.map(({ type }) => type), orderProgressed.type]);
  return attempts.flatMap(({ time, consumer, published = [] }) =>
    published.flatMap((type) => (recorded.has(type) ? [] : [{ time, cells: [consumer, type, '', '', ''] }])),
  );
}

/** Says when messages are tried again, and who cannot start; nothing where no message waits. */
function outlook({ attempts, cannotStart = [] }: Trace, now: Date): string[] {
  const lines = [...nextTryLines(attempts, now), ...startFailureLines(cannotStart)];
  return lines.length === 0 ? [] : [lines.join('\n')];
}

/** Formats a SKU that was short: `KB-01: 3 ordered, 1 available`. */
const shortageText = ({ sku, quantity, available, unknown }: Shortage) =>
  `${sku}: ${quantity} ordered, ${unknown ? 'no such SKU' : `${available} available`}`;

function attemptRow({
  time,
  consumer,
  eventType = 'a message',
  attempt,
  waitedMs,
  tookMs,
  ...end
}: TracedAttempt): Row {
  const nth = attempt === 1 ? '' : ` (try ${attempt})`;
  return {
    time,
    cells: [consumer, `handled ${eventType}${nth}`, formatDuration(waitedMs), formatDuration(tookMs), outcomeText(end)],
  };
}

/** Formats how an attempt ended: done, or its error and when it is retried. */
export function outcomeText({
  outcome,
  errorType = '',
  errorMessage = '',
  retryInSeconds,
}: Pick<TracedAttempt, 'outcome' | 'errorType' | 'errorMessage' | 'retryInSeconds'>): string {
  if (outcome === 'done') return outcome;
  const when = outcome === 'dead-lettered' || retryInSeconds === undefined ? '' : ` in ${retryInSeconds} s`;
  return `${outcome}${when}: ${errorType}: ${errorMessage}`;
}
