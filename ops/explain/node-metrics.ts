import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { MapNode, NodeChart, NodeMetrics, SeriesName } from '../console/api/map.ts';
import { findQueues } from '../consumers.ts';
import { findFunctions } from '../functions.ts';
import { queueName } from '../queues.ts';
import type { DeployedShop } from '../stack.ts';
import { readDatapoints } from '../status/datapoints.ts';
import { type Datapoint, type MetricQuery, metricQueriesFor, queueMetric } from '../status/metrics.ts';
import { queueUrlOf } from './node.ts';

const MINUTES = 60;
const MINUTE_MS = 60_000;

/** A chart, and what to ask CloudWatch for each of its series. */
type WantedChart = Pick<NodeChart, 'name' | 'unit'> & { series: { name: SeriesName; query: MetricQuery }[] };

/** Reads the last hour of a node, a value a minute. What is behind a queue and its consumer is one: both have all of their charts. */
export async function readNodeMetrics(shop: DeployedShop, node: MapNode, now = new Date()): Promise<NodeMetrics> {
  const wanted = await chartsOf(shop, node);
  const queries = wanted.flatMap(({ series }) => series.map(({ query }) => query));
  const minute = Math.floor(now.getTime() / MINUTE_MS);
  const times = Array.from({ length: MINUTES }, (_, index) => new Date((minute - MINUTES + 1 + index) * MINUTE_MS));
  const datapointsOf = await readDatapoints(new CloudWatchClient(shop.config), queries, { minutes: MINUTES - 1, now });
  const charts = wanted.map(({ series, ...chart }) => ({
    ...chart,
    series: series.map(({ name, query }) => ({ name, values: valuesAt(times, datapointsOf(query)) })),
  }));
  return { times: times.map((time) => time.toISOString()), charts };
}

/** Puts datapoints, which come in any order and with gaps, at their minutes. */
export function valuesAt(times: readonly Date[], datapoints: readonly Datapoint[]): (number | null)[] {
  const byMinute = new Map(datapoints.map(({ time, value }) => [time.getTime(), value]));
  return times.map((time) => byMinute.get(time.getTime()) ?? null);
}

async function chartsOf(shop: DeployedShop, node: MapNode): Promise<WantedChart[]> {
  switch (node.kind) {
    case 'queue':
    case 'consumer':
    case 'partner':
      return readerCharts(shop, node);
    case 'dead-letter-queue':
    case 'parking-queue':
      return [depthOf(queueUrlOf(shop, node))];
    case 'topic':
      return [deliveriesOf(queueName(shop.output('OrdersTopicArn')))];
    case 'feed':
      return [deliveriesOf(queueName(shop.output('OrderLifecycleTopicArn')))];
    default:
      return [];
  }
}

async function readerCharts(shop: DeployedShop, { of }: MapNode): Promise<WantedChart[]> {
  const [queues] = findQueues(shop.outputs, of);
  if (queues === undefined) return [];
  const functions = await findFunctions(shop);
  const name = functions.find((one) => one.name === queues.consumer)?.functionName ?? queues.consumer;
  const own = metricQueriesFor(queues, name);
  const age: WantedChart = { name: 'age', unit: 'seconds', series: [{ name: 'oldest', query: own.age }] };
  const depth = depthOf(queues.queueUrl);
  if (queues.partner) {
    const done = queueMetric(queues.queueUrl, 'NumberOfMessagesDeleted', 'Sum');
    return [depth, age, { name: 'throughput', unit: 'messages', series: [{ name: 'done', query: done }] }];
  }
  return [
    depth,
    age,
    { name: 'throughput', unit: 'messages', series: [{ name: 'done', query: own.done }] },
    {
      name: 'latency',
      unit: 'milliseconds',
      series: [
        { name: 'waited', query: own.waited },
        { name: 'took', query: { ...own.waited, metric: 'Took' } },
      ],
    },
    {
      name: 'errors',
      unit: 'errors',
      series: [
        { name: 'retried', query: own.retried },
        { name: 'deadLettered', query: own.deadLettered },
        { name: 'functionErrors', query: own.functionErrors },
      ],
    },
  ];
}

function depthOf(queueUrl: string): WantedChart {
  const waiting = queueMetric(queueUrl, 'ApproximateNumberOfMessagesVisible', 'Maximum');
  const inFlight = queueMetric(queueUrl, 'ApproximateNumberOfMessagesNotVisible', 'Maximum');
  return {
    name: 'depth',
    unit: 'messages',
    series: [
      { name: 'waiting', query: waiting },
      { name: 'inFlight', query: inFlight },
    ],
  };
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html */
function deliveriesOf(topic: string): WantedChart {
  const query = (metric: string): MetricQuery => ({
    namespace: 'AWS/SNS',
    metric,
    dimensions: { TopicName: topic },
    statistic: 'Sum',
  });
  return {
    name: 'deliveries',
    unit: 'messages',
    series: [
      { name: 'published', query: query('NumberOfMessagesPublished') },
      { name: 'delivered', query: query('NumberOfNotificationsDelivered') },
      { name: 'failed', query: query('NumberOfNotificationsFailed') },
    ],
  };
}
