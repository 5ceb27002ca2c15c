import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { DeployedShop } from '../stack.ts';

/** What a consumer's functions did: messages handled, whatever came of them, and the time that their batches took. */
export type Work = { messages: number; seconds: number };

// The hours before a pause in which its speed was measured; Lambda's metrics by the hour.
const HOURS = 24;
const PERIOD_SECONDS = 3_600;
const OUTCOMES = ['Done', 'Retried', 'DeadLettered'] as const;
const METRICS = [...OUTCOMES, 'Took'] as const;

/** Reads what a consumer did in the day before a moment. */
export async function readWork(shop: DeployedShop, consumer: string, until: Date): Promise<Work> {
  const { MetricDataResults = [] } = await new CloudWatchClient(shop.config).send(
    new GetMetricDataCommand({
      StartTime: new Date(until.getTime() - HOURS * 3_600_000),
      EndTime: until,
      MetricDataQueries: METRICS.map((MetricName) => ({
        Id: MetricName.toLowerCase(),
        MetricStat: {
          Metric: { Namespace: shop.stackName, MetricName, Dimensions: [{ Name: 'consumer', Value: consumer }] },
          Period: PERIOD_SECONDS,
          Stat: 'Sum',
        },
      })),
    }),
  );
  const sum = (metric: string) =>
    MetricDataResults.filter(({ Id }) => Id === metric.toLowerCase())
      .flatMap(({ Values = [] }) => Values)
      .reduce((total, value) => total + value, 0);
  return { messages: OUTCOMES.reduce((total, metric) => total + sum(metric), 0), seconds: sum('Took') / 1_000 };
}

/**
 * Estimates in seconds how long a backlog takes: each of `concurrency` functions as fast as they were on average. `null` where nothing was measured.
 * A full batch takes less per message than the small ones of a quiet shop, so it is rather too long.
 */
export function estimateDrain(
  waiting: number,
  { messages, seconds }: Work,
  concurrency: number | undefined,
): number | null {
  if (waiting === 0) return 0;
  if (messages === 0 || seconds === 0 || concurrency === undefined) return null;
  return Math.ceil((waiting * seconds) / messages / concurrency);
}
