import type { ConsumerQueues } from '../consumers.ts';
import { STACK_NAME } from '../stack.ts';
import { queueName } from './mappings.ts';

/** What CloudWatch says of a consumer; `null` where it says nothing. */
export type Figures = {
  /** Age of the oldest message, in seconds. */
  oldestSeconds: number | null;
  /** Messages finished per second. */
  throughput: number;
  /** Which part of the tries failed, 0 to 1; `null` when nothing was tried. */
  errorRate: number | null;
  /** Open also while it probes; `closed` where there is none. */
  breaker: 'closed' | 'open';
};

/** One figure to ask for, by minute. */
export type Query = {
  namespace: string;
  metric: string;
  dimensions: Record<string, string>;
  statistic: 'Sum' | 'Maximum' | 'Minimum';
};

/** One minute's value; the time is that of its start. */
export type Point = { time: Date; value: number };

/** How far back to ask, in minutes. */
export const BREAKER_MINUTES = 15;
/** Throughput and error rate are of so many minutes. */
export const RATE_MINUTES = 5;

const MINUTE_MS = 60_000;

/** One thing of each kind that is asked about a consumer. */
type Each<T> = Record<'done' | 'retried' | 'deadLettered' | 'waited' | 'breaker' | 'age', T>;

/** Takes a consumer and gives what to ask CloudWatch about it. */
export function queriesFor({ consumer, queueUrl }: ConsumerQueues): Each<Query> {
  const own = (metric: string, statistic: Query['statistic']): Query => ({
    namespace: STACK_NAME,
    metric,
    dimensions: { consumer },
    statistic,
  });
  return {
    done: own('Done', 'Sum'),
    retried: own('Retried', 'Sum'),
    deadLettered: own('DeadLettered', 'Sum'),
    waited: own('Waited', 'Maximum'),
    breaker: own('CircuitBreakerOpen', 'Minimum'),
    age: {
      namespace: 'AWS/SQS',
      metric: 'ApproximateAgeOfOldestMessage',
      dimensions: { QueueName: queueName(queueUrl) },
      statistic: 'Maximum',
    },
  };
}

/** Takes what was asked about a consumer, the answers, and whether its queue is empty, and gives its figures. */
export function figuresFrom(
  queries: Each<Query>,
  answer: (query: Query) => readonly Point[],
  empty: boolean,
  now: Date,
): Figures {
  const since = now.getTime() - RATE_MINUTES * MINUTE_MS;
  const recent = (query: Query) => answer(query).filter(({ time }) => time.getTime() >= since);
  const sum = (query: Query) => recent(query).reduce((total, { value }) => total + value, 0);
  const done = sum(queries.done);
  const failed = sum(queries.retried) + sum(queries.deadLettered);
  const opened = latest(answer(queries.breaker))?.value ?? 0;
  return {
    oldestSeconds: empty ? 0 : oldest(recent(queries.age), recent(queries.retried), recent(queries.waited)),
    throughput: done / (RATE_MINUTES * 60),
    errorRate: done + failed === 0 ? null : failed / (done + failed),
    breaker: opened > 0 ? 'open' : 'closed',
  };
}

/**
 * SQS leaves out of its figure what was handed out three times, which is all of a backlog that is tried again and again; so
 * where messages were handed back in the latest minute, how long the longest of them has waited counts too.
 */
function oldest(age: readonly Point[], retried: readonly Point[], waited: readonly Point[]): number | null {
  const back = latest(retried.filter(({ value }) => value > 0))?.time.getTime();
  const milliseconds = waited.find(({ time }) => time.getTime() === back)?.value;
  const seconds = [latest(age)?.value, milliseconds === undefined ? undefined : milliseconds / 1_000];
  const known = seconds.filter((value) => value !== undefined);
  return known.length === 0 ? null : Math.round(Math.max(...known));
}

const latest = (points: readonly Point[]): Point | undefined =>
  points.reduce<Point | undefined>(
    (last, point) => (last === undefined || point.time > last.time ? point : last),
    undefined,
  );
