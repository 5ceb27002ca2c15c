import { type CloudWatchClient, paginateGetMetricData } from '@aws-sdk/client-cloudwatch';
import { chunk } from '../../lambdas/runtime/chunk.ts';
import type { Datapoint, MetricQuery } from './metrics.ts';

const PERIOD_SECONDS = 60;
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const QUERIES_PER_CALL = 500;

/** Which span to read, up to now, and in periods of how many seconds; a longer span needs a longer period. @default 60 */
export type Span = { minutes: number; now: Date; periodSeconds?: number };

/** Reads the metrics of the last minutes, the present period included, in as few calls as possible, and returns a lookup by query. */
export async function readDatapoints(
  client: CloudWatchClient,
  queries: readonly MetricQuery[],
  { minutes, now, periodSeconds = PERIOD_SECONDS }: Span,
): Promise<(query: MetricQuery) => readonly Datapoint[]> {
  const periodMs = periodSeconds * 1_000;
  const period = Math.floor(now.getTime() / periodMs);
  const StartTime = new Date(period * periodMs - minutes * 60_000);
  const EndTime = new Date((period + 1) * periodMs);
  const datapoints = new Map<MetricQuery, Datapoint[]>(queries.map((query) => [query, []]));
  for (const batch of chunk(queries, QUERIES_PER_CALL)) {
    const MetricDataQueries = batch.map((query, index) => metricDataQuery(query, index, periodSeconds));
    for await (const page of paginateGetMetricData({ client }, { MetricDataQueries, StartTime, EndTime })) {
      for (const { Id = '', Timestamps = [], Values = [] } of page.MetricDataResults ?? []) {
        const query = batch[Number(Id.slice(1))];
        const points = Timestamps.map((time, index) => ({ time, value: Values[index] ?? 0 }));
        if (query !== undefined) datapoints.get(query)?.push(...points);
      }
    }
  }
  return (query) => datapoints.get(query) ?? [];
}

const metricDataQuery = ({ namespace, metric, dimensions, statistic }: MetricQuery, index: number, Period: number) => ({
  Id: `q${index}`,
  MetricStat: {
    Metric: {
      Namespace: namespace,
      MetricName: metric,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    },
    Period,
    Stat: statistic,
  },
});
