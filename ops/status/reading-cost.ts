// https://aws.amazon.com/cloudwatch/pricing/ and https://aws.amazon.com/sqs/pricing/, us-east-1: a metric that GetMetricData reads, a call.
const METRIC_PRICE = 0.01 / 1_000;
const CALL_PRICE = 0.4 / 1_000_000;
const METRICS_PER_CONSUMER = 7;
const CALLS_PER_CONSUMER = 4;

/** Returns what one reading of the status costs in US dollars, but for the tables; `cloudWatch`: its metrics are read too. */
export const readingCost = (consumers: number, { cloudWatch }: { cloudWatch: boolean }): number =>
  consumers * (CALLS_PER_CONSUMER * CALL_PRICE + (cloudWatch ? METRICS_PER_CONSUMER * METRIC_PRICE : 0));
