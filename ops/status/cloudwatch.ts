import { type CloudWatchClient, paginateGetMetricData } from '@aws-sdk/client-cloudwatch';
import { BREAKER_MINUTES, type Point, type Query } from './figures.ts';

const PERIOD_SECONDS = 60;
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const QUERIES_PER_CALL = 500;

/** Asks CloudWatch for figures by minute, all in as few calls as fit, and gives the answer to each query. */
export async function queryMetrics(
  client: CloudWatchClient,
  queries: readonly Query[],
  now: Date,
): Promise<(query: Query) => readonly Point[]> {
  const answers = new Map(queries.map((query): [Query, Point[]] => [query, []]));
  // Whole minutes, the present one included.
  const minute = Math.floor(now.getTime() / (PERIOD_SECONDS * 1_000));
  const StartTime = new Date((minute - BREAKER_MINUTES) * PERIOD_SECONDS * 1_000);
  const EndTime = new Date((minute + 1) * PERIOD_SECONDS * 1_000);
  for (let start = 0; start < queries.length; start += QUERIES_PER_CALL) {
    const MetricDataQueries = queries.slice(start, start + QUERIES_PER_CALL).map((query, index) => ({
      Id: `q${start + index}`,
      MetricStat: {
        Metric: {
          Namespace: query.namespace,
          MetricName: query.metric,
          Dimensions: Object.entries(query.dimensions).map(([Name, Value]) => ({ Name, Value })),
        },
        Period: PERIOD_SECONDS,
        Stat: query.statistic,
      },
    }));
    for await (const page of paginateGetMetricData({ client }, { MetricDataQueries, StartTime, EndTime })) {
      for (const { Id = '', Timestamps = [], Values = [] } of page.MetricDataResults ?? []) {
        const points = Timestamps.map((time, index) => ({ time, value: Values[index] ?? 0 }));
        const query = queries[Number(Id.slice(1))];
        if (query !== undefined) answers.get(query)?.push(...points);
      }
    }
  }
  return (query) => answers.get(query) ?? [];
}
