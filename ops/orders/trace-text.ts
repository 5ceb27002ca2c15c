import { formatDuration, formatMoney, table } from '../format.ts';
import type { Trace } from './timeline.ts';
import type { TracedAttempt } from './trace-attempts.ts';

type Row = { time: string; cells: readonly string[] };

/** Takes a trace and gives it for people: what is known of the order, and under it everything that happened, in the sequence of time. */
export function traceText(trace: Trace): string {
  const { orderId, status, reason, total, payment, stock, traceId, timeline, attempts } = trace;
  const state = `${status ?? 'not placed yet'}${reason === undefined ? '' : ` (${reason})`}`;
  const parts = [
    `${orderId}: ${state}`,
    ...(total === null ? [] : [formatMoney(total)]),
    ...(payment === undefined ? [] : [`payment ${payment}`]),
    ...(stock === undefined ? [] : [`stock ${stock}`]),
    `trace ${traceId}`,
  ];
  const events = timeline.map(({ time, type, source, template, refused }): Row => {
    const which = [template, refused].filter(Boolean).join(': ');
    const what = which === '' ? type : `${type} (${which})`;
    return { time, cells: [source, what, '', '', ''] };
  });
  // Times come from several publishers and differ in their spelling.
  const rows = [...events, ...attempts.map(attemptRow)].sort(
    (one, other) => Date.parse(one.time) - Date.parse(other.time),
  );
  const start = Date.parse(rows[0]?.time ?? '');
  const head = ['time', 'after', 'who', 'what', 'waited', 'took', 'came to'];
  return `${parts.join(', ')}\n\n${table(
    head,
    rows.map(({ time, cells }) => [time, formatDuration(Date.parse(time) - start), ...cells]),
  )}`;
}

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

/** Takes how a try ended and gives it in words: done, or the error and what follows from it. */
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
