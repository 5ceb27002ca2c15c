import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { DeployedShop } from '../stack.ts';

/**
 * What a consumer's functions did before a moment: messages handled, whatever came of them, and the time that their batches took.
 * `waitedSeconds` is the longest wait of a message where some were retried at last, else 0: SQS leaves out of a queue's age what was received
 * more than three times, which after an outage is the whole backlog.
 */
export type Work = { messages: number; seconds: number; waitedSeconds: number };

const HOURS = 24;
/** What counts as "at last", in hours of CloudWatch. */
const LAST_HOURS = 2;
const HOUR_MS = 3_600_000;
const METRICS = {
  done: ['Done', 'Sum'],
  retried: ['Retried', 'Sum'],
  deadlettered: ['DeadLettered', 'Sum'],
  took: ['Took', 'Sum'],
  waited: ['Waited', 'Maximum'],
} as const;

type MetricId = keyof typeof METRICS;
export type HourlyMetrics = Readonly<Record<MetricId, readonly { time: Date; value: number }[]>>;

/** Reads what a consumer did in the day before a moment. */
export async function readWork(shop: DeployedShop, consumer: string, until: Date): Promise<Work> {
  const { MetricDataResults = [] } = await new CloudWatchClient(shop.config).send(
    new GetMetricDataCommand({
      StartTime: new Date(until.getTime() - HOURS * HOUR_MS),
      EndTime: until,
      MetricDataQueries: Object.entries(METRICS).map(([Id, [MetricName, Stat]]) => ({
        Id,
        MetricStat: {
          Metric: { Namespace: shop.stackName, MetricName, Dimensions: [{ Name: 'consumer', Value: consumer }] },
          Period: HOUR_MS / 1_000,
          Stat,
        },
      })),
    }),
  );
  const of = (id: MetricId) =>
    MetricDataResults.filter(({ Id }) => Id === id).flatMap(({ Timestamps = [], Values = [] }) =>
      Timestamps.map((time, index) => ({ time, value: Values[index] ?? 0 })),
    );
  const [done, retried, deadlettered, took, waited] = [
    of('done'),
    of('retried'),
    of('deadlettered'),
    of('took'),
    of('waited'),
  ];
  return computeWork({ done, retried, deadlettered, took, waited }, until);
}

/** Computes from metrics by the hour what a consumer did. */
export function computeWork({ done, retried, deadlettered, took, waited }: HourlyMetrics, until: Date): Work {
  const sum = (points: HourlyMetrics[MetricId]) => points.reduce((total, { value }) => total + value, 0);
  const last = (points: HourlyMetrics[MetricId]) =>
    points.filter(({ time }) => until.getTime() - time.getTime() < LAST_HOURS * HOUR_MS);
  const longest = Math.max(0, ...last(waited).map(({ value }) => value));
  return {
    messages: sum(done) + sum(retried) + sum(deadlettered),
    seconds: sum(took) / 1_000,
    waitedSeconds: sum(last(retried)) > 0 ? longest / 1_000 : 0,
  };
}

/**
 * Estimates in seconds how long a backlog takes: each of `concurrency` functions as fast as they were on average. `null` where nothing was measured.
 * A full batch takes less per message than the small ones of a quiet shop, so it is rather too long.
 */
export function estimateDrain(
  waiting: number,
  { messages, seconds }: Pick<Work, 'messages' | 'seconds'>,
  concurrency: number | undefined,
): number | null {
  if (waiting === 0) return 0;
  if (messages === 0 || seconds === 0 || concurrency === undefined) return null;
  return Math.ceil((waiting * seconds) / messages / concurrency);
}
