import { cost, listPrices } from '../estimate/prices.ts';
import { metricQueriesFor } from './metrics.ts';

const { 'cloudwatch.metric-read': METRIC, 'sqs.standard': CALL } = listPrices.prices;
const METRICS_PER_CONSUMER = Object.keys(
  metricQueriesFor({ consumer: '', queueUrl: '', deadLetterQueueUrl: '' }, ''),
).length;
const CALLS_PER_CONSUMER = 4;

/** Returns what one reading of the status costs in US dollars, but for the tables; `cloudWatch`: its metrics are read too. */
export const readingCost = (consumers: number, { cloudWatch }: { cloudWatch: boolean }): number =>
  cost(consumers * CALLS_PER_CONSUMER, CALL) + (cloudWatch ? cost(consumers * METRICS_PER_CONSUMER, METRIC) : 0);
