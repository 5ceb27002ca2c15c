import type { ConsumerQueues } from '../consumers.ts';
import { queueName } from '../queues.ts';
import { STACK_NAME } from '../stack.ts';

/** What CloudWatch measured of a consumer; `null` where it has no data. */
export type ConsumerMetrics = {
  /** Age of the oldest message, in seconds. */
  oldestSeconds: number | null;
  /** Messages done per second; `null` for a partner of which SQS has no data. */
  throughput: number | null;
  /** Share of failed attempts, 0 to 1; `null` when nothing was attempted. */
  errorRate: number | null;
  /** `open` also while the breaker probes; `closed` where the consumer has none; `null` for a partner, of which nobody here knows. */
  breaker: 'closed' | 'open' | null;
  /** The longest wait of a message that was attempted in the last minutes, in seconds; `null` where none was, and for a partner. */
  waitedSeconds: number | null;
  /** How many messages it gave up in the last minutes. */
  deadLettered: number;
  /** How often its function failed as a whole in the last minutes: it could not start, died or ran out of time. */
  functionErrors: number;
};

/** A metric to read, in values per minute. */
export type MetricQuery = {
  namespace: string;
  metric: string;
  dimensions: Record<string, string>;
  statistic: 'Sum' | 'Maximum' | 'Minimum';
};

/** The value of one minute; `time` is its start. */
export type Datapoint = { time: Date; value: number };

/** How far back the metrics are read, in minutes: the state of a breaker is its latest datapoint. */
export const BREAKER_MINUTES = 15;
/** The minutes that throughput and error rate cover. */
export const RATE_MINUTES = 5;

const MINUTE_MS = 60_000;

type ByMetric<T> = Record<'done' | 'retried' | 'deadLettered' | 'waited' | 'breaker' | 'age' | 'functionErrors', T>;

/** Returns the metrics to read for a consumer. */
export function metricQueriesFor({ consumer, queueUrl }: ConsumerQueues, functionName: string): ByMetric<MetricQuery> {
  const own = (metric: string, statistic: MetricQuery['statistic']): MetricQuery => ({
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
    age: ageOf(queueUrl),
    functionErrors: {
      namespace: 'AWS/Lambda',
      metric: 'Errors',
      dimensions: { FunctionName: functionName },
      statistic: 'Sum',
    },
  };
}

/** Returns a metric that SQS measures of a queue. */
export const queueMetric = (queueUrl: string, metric: string, statistic: MetricQuery['statistic']): MetricQuery => ({
  namespace: 'AWS/SQS',
  metric,
  dimensions: { QueueName: queueName(queueUrl) },
  statistic,
});

const ageOf = (queueUrl: string) => queueMetric(queueUrl, 'ApproximateAgeOfOldestMessage', 'Maximum');

/** Returns the metrics to read for a partner, which SQS measures: its service reports none to us. */
export const partnerQueriesFor = ({ queueUrl }: Pick<ConsumerQueues, 'queueUrl'>) => ({
  deleted: queueMetric(queueUrl, 'NumberOfMessagesDeleted', 'Sum'),
  age: ageOf(queueUrl),
});

/** Computes a partner's metrics from its datapoints; what is deleted is done. */
export function computePartnerMetrics(
  { deleted, age }: ReturnType<typeof partnerQueriesFor>,
  datapointsOf: (query: MetricQuery) => readonly Datapoint[],
  queueIsEmpty: boolean,
  now: Date,
): ConsumerMetrics {
  const done = recentOf(datapointsOf(deleted), now);
  const oldest = latest(datapointsOf(age));
  const left = latest(datapointsOf(deleted).filter(({ value }) => value > 0));
  const seconds = oldest === undefined ? undefined : ageNow(oldest, left?.time, now);
  return {
    oldestSeconds: queueIsEmpty ? 0 : seconds === undefined ? null : Math.round(seconds),
    throughput: done.length === 0 ? null : sumOf(done) / (RATE_MINUTES * 60),
    errorRate: null,
    breaker: null,
    waitedSeconds: null,
    deadLettered: 0,
    functionErrors: 0,
  };
}

const recentOf = (datapoints: readonly Datapoint[], now: Date): Datapoint[] =>
  datapoints.filter(({ time }) => time.getTime() >= now.getTime() - RATE_MINUTES * MINUTE_MS);

const sumOf = (datapoints: readonly Datapoint[]): number => datapoints.reduce((total, { value }) => total + value, 0);

/** Computes a consumer's metrics from its datapoints; an empty queue has an oldest age of 0. */
export function computeMetrics(
  queries: ByMetric<MetricQuery>,
  datapointsOf: (query: MetricQuery) => readonly Datapoint[],
  queueIsEmpty: boolean,
  now: Date,
): ConsumerMetrics {
  const sum = (query: MetricQuery) => sumOf(recentOf(datapointsOf(query), now));
  const done = sum(queries.done);
  const deadLettered = sum(queries.deadLettered);
  const failed = sum(queries.retried) + deadLettered;
  const waits = recentOf(datapointsOf(queries.waited), now).map(({ value }) => value / 1_000);
  const opened = latest(datapointsOf(queries.breaker))?.value ?? 0;
  return {
    oldestSeconds: queueIsEmpty ? 0 : oldestAgeSeconds(queries, datapointsOf, now),
    throughput: done / (RATE_MINUTES * 60),
    errorRate: done + failed === 0 ? null : failed / (done + failed),
    breaker: opened > 0 ? 'open' : 'closed',
    waitedSeconds: waits.length === 0 ? null : Math.max(...waits),
    deadLettered,
    functionErrors: sum(queries.functionErrors),
  };
}

/**
 * Returns the age of the oldest message: the greater of SQS' own metric and the longest wait, in milliseconds, of a message retried in the
 * latest minute with retries. SQS ignores messages that were received three times, which is all of a backlog that is retried, and a retry may
 * be a quarter of an hour away: what was measured grows by itself while nothing leaves the queue, and is stale after `RATE_MINUTES` otherwise.
 */
function oldestAgeSeconds(
  queries: ByMetric<MetricQuery>,
  datapointsOf: (query: MetricQuery) => readonly Datapoint[],
  now: Date,
): number | null {
  const lastRetry = latest(datapointsOf(queries.retried).filter(({ value }) => value > 0))?.time.getTime();
  const waited = datapointsOf(queries.waited).find(({ time }) => time.getTime() === lastRetry);
  const left = latest([queries.done, queries.deadLettered].flatMap(datapointsOf).filter(({ value }) => value > 0));
  const ages = [
    latest(datapointsOf(queries.age)),
    waited === undefined ? undefined : { time: waited.time, value: waited.value / 1_000 },
  ].flatMap((measured) => (measured === undefined ? [] : (ageNow(measured, left?.time, now) ?? [])));
  return ages.length === 0 ? null : Math.round(Math.max(...ages));
}

/** Returns what an age that was measured in a minute is now, at least; `undefined` where its message may be gone for long. */
function ageNow({ time, value }: Datapoint, left: Date | undefined, now: Date): number | undefined {
  const sinceMs = now.getTime() - time.getTime();
  const stays = left === undefined || left < time;
  if (stays) return value + Math.max(0, sinceMs - MINUTE_MS) / 1_000;
  return sinceMs <= RATE_MINUTES * MINUTE_MS ? value : undefined;
}

const latest = (datapoints: readonly Datapoint[]): Datapoint | undefined =>
  datapoints.reduce<Datapoint | undefined>(
    (last, point) => (last === undefined || point.time > last.time ? point : last),
    undefined,
  );
