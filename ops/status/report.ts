import type { Column } from '../columns.ts';
import { shellArgument } from '../command.ts';
import { counted, formatAge, formatMoney, formatTime, table } from '../format.ts';
import { type Layout, WHOLE } from '../layout.ts';
import { type ConsumerStatus, nextTryIn, type Problem, pausesOf, problemsOf, type ShopStatus } from './health.ts';
import type { OrderCounts } from './orders.ts';
import type { DueRefunds } from './refunds.ts';
import { MAX_WAITING_ORDERS, type WaitingOrder } from './waiting.ts';

const COLUMNS: readonly Column[] = [
  { title: '' },
  { title: 'consumer' },
  { title: 'waiting' },
  { title: 'in flight', rank: 1 },
  { title: 'delayed', rank: 6 },
  { title: 'oldest' },
  { title: 'next try', rank: 2 },
  { title: 'dead letters' },
  { title: 'done', rank: 4 },
  { title: 'failed', rank: 3 },
  { title: 'breaker', rank: 5 },
  { title: 'state', fit: 'wrap', least: 14 },
];

/** Formats the status for a terminal; its last lines name the problems. */
export function statusReport(status: ShopStatus, now = new Date(), layout: Layout = WHOLE): string {
  const problems = problemsOf(status, now);
  const rows = status.consumers.map((consumer) =>
    consumerRow(
      consumer,
      problems.filter((problem) => problem.consumer === consumer.name),
      now,
    ),
  );
  return [
    table(COLUMNS, rows, layout),
    ordersLine(status.orders),
    ...waitingOrders(status.late, now, layout),
    ...dueRefunds(status.dueRefunds, now, layout),
    ...parkedLine(status.parked),
    ...unreadLogs(status),
    sentenceOf(status, now),
  ].join('\n\n');
}

function parkedLine(parked: number): string[] {
  return parked > 0 ? [`Parked: ${counted(parked, 'dead letter')}, which npm run ops -- dlq list shows.`] : [];
}

function unreadLogs({ consumers, sweep }: ShopStatus): string[] {
  const reason = [...consumers, sweep].find(({ logError }) => logError !== undefined)?.logError;
  if (reason === undefined) return [];
  return [
    `The functions' logs could not be read, so next tries, and functions that cannot start, are unknown: ${reason}`,
  ];
}

function consumerRow(consumer: ConsumerStatus, problems: readonly Problem[], now: Date): (string | number)[] {
  const { name, waiting, inFlight, delayed, oldestSeconds, deadLetters, throughput, errorRate, breaker } = consumer;
  const { paused, partner } = consumer;
  const healthy = problems.length === 0;
  const states = new Set([...(paused === null ? [] : ['paused']), ...problems.map(({ state }) => state)]);
  if (states.size === 0) states.add('well');
  return [
    healthy ? (paused === null ? ' ' : '‖') : '✗',
    name,
    waiting,
    inFlight,
    delayed,
    oldestSeconds === null ? '–' : formatAge(oldestSeconds),
    nextTryIn(consumer, now) ?? '–',
    deadLetters,
    formatThroughput(throughput),
    errorRate === null ? '–' : `${(errorRate * 100).toFixed(errorRate === 0 ? 0 : 1)}%`,
    breaker ?? '–',
    [...(partner ? ['partner'] : []), ...states].join(', '),
  ];
}

function formatThroughput(throughput: number | null): string {
  if (throughput === null) return '–';
  return throughput === 0 ? '0' : `${throughput.toFixed(throughput < 1 ? 2 : 1)}/s`;
}

function ordersLine({ PLACED, CONFIRMED, CANCELLED, atLeast }: OrderCounts): string {
  const decided = (count: number) => `${atLeast ? 'at least ' : ''}${count.toLocaleString('en')}`;
  return `Orders: ${PLACED.toLocaleString('en')} placed, ${decided(CONFIRMED)} confirmed, ${decided(CANCELLED)} cancelled.`;
}

/** Names the orders that wait for too long; the first of them is the one to look at. */
function waitingOrders(late: readonly WaitingOrder[], now: Date, layout: Layout): string[] {
  const [oldest] = late;
  if (oldest === undefined) return [];
  const ageOf = ({ since }: WaitingOrder) => formatAge((now.getTime() - Date.parse(since)) / 1_000);
  const which =
    late.length < MAX_WAITING_ORDERS ? 'Orders that wait' : `The ${late.length} orders that wait the longest`;
  return [
    [
      `${which}: npm run ops -- trace ${shellArgument(oldest.orderId)}`,
      table(
        [{ title: 'order', fit: 'middle' }, 'for', { title: 'waits for', fit: 'wrap' }],
        late.map((order) => [order.orderId, ageOf(order), order.waitsFor]),
        layout,
      ),
    ].join('\n'),
  ];
}

const REFUND_COLUMNS: readonly Column[] = [
  { title: 'order', fit: 'middle' },
  { title: 'refund', fit: 'middle', rank: 2 },
  { title: 'since', rank: 1 },
  { title: 'amount' },
  { title: 'why', fit: 'wrap', least: 12 },
  { title: 'reference', fit: 'middle', rank: 3 },
];

/** No command can send this money: it came past the payment gateway, or the provider refuses to send it. */
function dueRefunds({ count, oldest }: DueRefunds, now: Date, layout: Layout): string[] {
  if (count === 0) return [];
  const due = count === 1 ? '1 refund is due' : `${count.toLocaleString('en')} refunds are due`;
  const which = count > oldest.length ? `, the oldest ${oldest.length} of them` : '';
  return [
    [
      `${due}${which}: send the money back by hand, as docs/runbook/refund-due.md says.`,
      table(
        REFUND_COLUMNS,
        oldest.map(({ orderId, refundId = '–', since, reason, reference = '–', ...money }) => [
          orderId,
          refundId,
          formatTime(since, layout, now),
          formatMoney(money),
          reason,
          reference,
        ]),
        layout,
      ),
    ].join('\n'),
  ];
}

/** Says in one text what is wrong, what is paused and what to run next, or that all is well: what a status ends with. */
export const sentenceOf = (status: ShopStatus, now = new Date()): string =>
  problemSummary(problemsOf(status, now), pausesOf(status));

/** Formats pauses and problems as one line for each command to run next. */
export function problemSummary(problems: readonly Problem[], pauses: readonly Problem[] = []): string {
  if (problems.length === 0 && pauses.length === 0) return 'All is well.';
  const lines = [...Map.groupBy([...pauses, ...problems], ({ next }) => next)].map(
    ([next, same]) => `${same.map(({ consumer, sentence }) => `${consumer}: ${sentence}`).join('; ')}: ${next}`,
  );
  return [...lines, ...(problems.length === 0 ? ['All else is well.'] : [])].join('\n');
}

/** The escape sequence that clears a terminal, before the first `overwritingScreen`. */
export const CLEAR_SCREEN = '\x1b[2J';

/** Adds the escape sequences with which a text replaces what a terminal shows, without flicker. */
export const overwritingScreen = (text: string): string => `\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[K\n\x1b[J`;
