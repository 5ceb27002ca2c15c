import { table } from '../format.ts';
import { type ConsumerStatus, formatAge, type Problem, problemsOf, type ShopStatus } from './health.ts';
import type { OrderCounts } from './orders.ts';

/** Formats the status for a terminal; its last lines name the problems. */
export function statusReport(status: ShopStatus): string {
  const problems = problemsOf(status);
  const head = ['', 'consumer', 'waiting', 'in flight', 'delayed', 'oldest', 'dead letters', 'done', 'failed'];
  const rows = status.consumers.map((consumer) =>
    consumerRow(
      consumer,
      problems.filter((problem) => problem.consumer === consumer.name),
    ),
  );
  const consumers = table([...head, 'breaker', 'state'], rows);
  return [consumers, ordersLine(status.orders), problemSummary(problems)].join('\n\n');
}

function consumerRow(consumer: ConsumerStatus, problems: readonly Problem[]): (string | number)[] {
  const { name, waiting, inFlight, delayed, oldestSeconds, deadLetters, throughput, errorRate, breaker } = consumer;
  const healthy = problems.length === 0;
  return [
    healthy ? ' ' : '✗',
    name,
    waiting,
    inFlight,
    delayed,
    oldestSeconds === null ? '–' : formatAge(oldestSeconds),
    deadLetters,
    throughput === 0 ? '0' : `${throughput.toFixed(throughput < 1 ? 2 : 1)}/s`,
    errorRate === null ? '–' : `${(errorRate * 100).toFixed(errorRate === 0 ? 0 : 1)}%`,
    breaker,
    healthy ? 'well' : problems.map(({ state }) => state).join(', '),
  ];
}

function ordersLine({ PLACED, CONFIRMED, CANCELLED, atLeast }: OrderCounts): string {
  const decided = (count: number) => `${atLeast ? 'at least ' : ''}${count.toLocaleString('en')}`;
  return `Orders: ${PLACED.toLocaleString('en')} placed, ${decided(CONFIRMED)} confirmed, ${decided(CANCELLED)} cancelled.`;
}

/** Formats problems as one line for each command to run next. */
export function problemSummary(problems: readonly Problem[]): string {
  if (problems.length === 0) return 'All is well.';
  return [...Map.groupBy(problems, ({ next }) => next)]
    .map(([next, same]) => `${same.map(({ consumer, sentence }) => `${consumer}: ${sentence}`).join('; ')}: ${next}`)
    .join('\n');
}

/** The escape sequence that clears a terminal, before the first `overwritingScreen`. */
export const CLEAR_SCREEN = '\x1b[2J';

/** Adds the escape sequences with which a text replaces what a terminal shows, without flicker. */
export const overwritingScreen = (text: string): string => `\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[K\n\x1b[J`;
