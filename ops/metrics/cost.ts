import { findQueues } from '../consumers.ts';
import { cost, listPrices } from '../estimate/prices.ts';
import type { DeployedShop } from '../stack.ts';
import { readingCost } from '../status/reading-cost.ts';
import { RECOUNT_SECONDS } from './reading.ts';

const MINUTES_PER_MONTH = 43_800;
/** The queries of a reading: shards of the orders' index, and due refunds, of a unit each where they are small. */
const READS_PER_SCRAPE = 50;
/** 16 MB, the most that is counted, in units of 8 KB (eventually consistent). */
const READS_PER_COUNT = 2_048;

const dollars = (amount: number, digits = 2) => `US$${amount.toFixed(digits)}`;

/** Says what scrapes cost: nothing on an engine. */
export function costSentence(
  { local, outputs }: Pick<DeployedShop, 'local' | 'outputs'>,
  { cloudWatch }: { cloudWatch: boolean },
): string {
  if (local) return 'A scrape costs nothing here.';
  const consumers = findQueues(outputs).length;
  const reads = listPrices.prices['dynamodb.read'];
  const priceOf = (asked: boolean) => readingCost(consumers, { cloudWatch: asked }) + cost(READS_PER_SCRAPE, reads);
  const scrape = priceOf(cloudWatch);
  const counts = cost(READS_PER_COUNT, reads) * ((MINUTES_PER_MONTH * 60) / RECOUNT_SECONDS);
  return [
    `A scrape costs about ${dollars(scrape, 6)}, which is ${dollars(scrape * MINUTES_PER_MONTH)} a month for one a minute; counting the orders of a large table is up to ${dollars(counts)} a month more.`,
    cloudWatch
      ? 'Most of it is for the metrics that GetMetricData reads.'
      : `With --cloudwatch it would be ${dollars(priceOf(true) * MINUTES_PER_MONTH)} a month.`,
  ].join(' ');
}
