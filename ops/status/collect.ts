import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { LambdaClient, paginateListEventSourceMappings } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type ConsumerQueues, findConsumerQueues } from '../consumers.ts';
import { functionLogReader, NOTHING_FOUND } from '../function-log.ts';
import { functionsAmong, listResources, type ShopFunction } from '../functions.ts';
import { lazily } from '../lazily.ts';
import { readPause } from '../pause/record.ts';
import {
  countDeliveryLetters,
  countParked,
  queueName,
  readQueueDepth,
  readVisibilityTimeout,
  totalMessages,
} from '../queues.ts';
import { isGatewayDown } from '../sandbox/gateway.ts';
import type { DeployedShop } from '../stack.ts';
import { readDatapoints } from './datapoints.ts';
import type { ConsumerStatus, EventSourceMapping, ShopStatus } from './health.ts';
import { lossReader } from './losses.ts';
import { BREAKER_MINUTES, computeMetrics, type Datapoint, type MetricQuery, metricQueriesFor } from './metrics.ts';
import { countOpenOrders, countOrders, type OrderCounts } from './orders.ts';
import { findPartners, readPartnerStatus } from './partners.ts';
import { pausedReader } from './paused.ts';
import { readDueRefunds } from './refunds.ts';
import { lateOrders, readWaitingOrders, type WaitingOrder } from './waiting.ts';

/** From this many orders on, a live status counts them only every so often. */
const MANY_ORDERS = 2_000;
const RECOUNT_SECONDS = 60;

/** What a status is collected from. */
export type CollectOptions = {
  /** Whether CloudWatch's metrics and the functions' logs are read. Without them rates, ages, breakers and failures are unknown. @default true */
  cloudWatch?: boolean;
};

/** Returns a function that collects the shop's status, with clients that are made once; it counts no orders when given counts. */
export function statusCollector(
  shop: DeployedShop,
  { cloudWatch = true }: CollectOptions = {},
): (knownOrders?: OrderCounts) => Promise<ShopStatus> {
  const sqs = new SQSClient(shop.config);
  const lambda = new LambdaClient(shop.config);
  const cloudwatch = new CloudWatchClient(shop.config);
  const readPaused = pausedReader(shop);
  const readFunctionLog = cloudWatch ? functionLogReader(shop) : async () => NOTHING_FOUND;
  const deployed = findConsumerQueues(shop.outputs).sort((one, other) => (one.consumer < other.consumer ? -1 : 1));
  const partners = findPartners(shop);
  const found = lazily(async () => (cloudWatch ? listResources(shop) : []));
  const readLosses = lossReader(shop, (queries, span) => readDatapoints(cloudwatch, queries, span));

  return async (knownOrders) => {
    const now = new Date();
    const resources = await found();
    const allFunctions = functionsAmong(resources);
    const functions = new Map(allFunctions.map((one) => [one.name, one]));
    const consumers = deployed.map((queues) => ({
      ...queues,
      queries: metricQueriesFor(queues, functions.get(queues.consumer)?.functionName ?? queues.consumer),
    }));
    const queries = cloudWatch
      ? [...consumers, ...partners].flatMap((one): MetricQuery[] => Object.values(one.queries))
      : [];
    const [datapointsOf, mappings, orders, waiting, gatewayDown, dueRefunds, sweep, ...letters] = await Promise.all([
      readDatapoints(cloudwatch, queries, { minutes: BREAKER_MINUTES, now }),
      eventSourceMappings(lambda),
      knownOrders ?? countOrders(shop),
      readWaitingOrders(shop),
      isGatewayDown(shop),
      readDueRefunds(shop),
      readFunctionLog(functions.get('sweep'), now),
      countParked(shop, sqs),
      countDeliveryLetters(shop, sqs),
      cloudWatch ? readLosses(resources, allFunctions, now) : [],
    ]);
    const [parked, undelivered, losses] = letters;
    const readConsumer = consumerReader(
      { sqs, readFunctionLog, readPaused },
      { functions, mappings, datapointsOf, waiting, now },
    );
    const statuses = await Promise.all([
      ...consumers.map(readConsumer),
      ...partners.map((one) => readPartnerStatus(sqs, one, datapointsOf, now)),
    ]);
    return {
      consumers: statuses,
      orders,
      late: lateOrders(waiting, now),
      gatewayDown,
      dueRefunds,
      parked,
      undelivered,
      losses,
      oldestOrder: waiting[0]?.orderId,
      sweep,
    };
  };
}

type Readers = {
  sqs: SQSClient;
  readFunctionLog: ReturnType<typeof functionLogReader>;
  readPaused: ReturnType<typeof pausedReader>;
};

/** What is known of the whole shop when its consumers are read one by one. */
type Known = {
  functions: ReadonlyMap<string, ShopFunction>;
  mappings: ReadonlyMap<string, EventSourceMapping>;
  datapointsOf: (query: MetricQuery) => readonly Datapoint[];
  waiting: readonly WaitingOrder[];
  now: Date;
};

/** Returns what reads how one consumer is doing. */
function consumerReader({ sqs, readFunctionLog, readPaused }: Readers, known: Known) {
  const { functions, mappings, datapointsOf, waiting, now } = known;
  return async (one: ConsumerQueues & { queries: ReturnType<typeof metricQueriesFor> }): Promise<ConsumerStatus> => {
    const [depth, deadLetterDepth, pause] = await Promise.all([
      readQueueDepth(sqs, one.queueUrl),
      readQueueDepth(sqs, one.deadLetterQueueUrl),
      readPause(sqs, one.queueUrl),
    ]);
    const name = one.consumer;
    const messages = totalMessages(depth);
    const metrics = computeMetrics(one.queries, datapointsOf, messages === 0, now);
    const mapping = mappings.get(queueName(one.queueUrl));
    const died = metrics.functionErrors > 0;
    const readLog = async () =>
      readFunctionLog(functions.get(name), now, {
        died,
        visibilitySeconds: await readVisibilityTimeout(sqs, one.queueUrl),
      });
    // What is switched off tries nothing.
    const isTrying = messages > 0 && mapping?.enabled === true;
    const inLog = isTrying ? await readLog() : NOTHING_FOUND;
    const deadLetters = totalMessages(deadLetterDepth);
    const oldestSeconds = oldestOf(metrics.oldestSeconds, inLog.waitingSince, now);
    const status = { name, ...depth, deadLetters, ...metrics, oldestSeconds, mapping, pause, ...inLog };
    if (pause === undefined || mapping?.enabled !== false) return { ...status, paused: null };
    const { concurrency } = mapping;
    return {
      ...status,
      paused: await readPaused({ name, pause, messages, oldestSeconds, concurrency }, waiting, now),
    };
  };
}

/** Returns the greater of an age that was measured, in seconds, and of that since a moment: the log knows to the second who waits. */
function oldestOf(measured: number | null, since: string | undefined, now: Date): number | null {
  if (since === undefined) return measured;
  return Math.max(measured ?? 0, Math.round((now.getTime() - Date.parse(since)) / 1_000));
}

/**
 * Returns a function that collects the status again and again: a large table of orders is counted at most every `recountSeconds`, and its
 * undecided orders, which are few, in their index.
 */
export function liveStatusCollector(
  shop: DeployedShop,
  { recountSeconds = RECOUNT_SECONDS, ...options }: CollectOptions & { recountSeconds?: number } = {},
): () => Promise<ShopStatus> {
  const collectStatus = statusCollector(shop, options);
  let orders: OrderCounts | undefined;
  let countedAt = 0;
  return async () => {
    const many = orders !== undefined && (orders.atLeast || orders.CONFIRMED + orders.CANCELLED > MANY_ORDERS);
    const known = many && Date.now() - countedAt < recountSeconds * 1_000 ? orders : undefined;
    if (known === undefined) countedAt = Date.now();
    const status = await collectStatus(known && { ...known, PLACED: await countOpenOrders(shop) });
    orders = status.orders;
    return status;
  };
}

/** Reads the event source mappings, by the name of their queue. */
async function eventSourceMappings(client: LambdaClient): Promise<Map<string, EventSourceMapping>> {
  const byQueue = new Map<string, EventSourceMapping>();
  for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client }, {})) {
    for (const { State = '', EventSourceArn = '', ScalingConfig } of EventSourceMappings) {
      const enabled = !['Disabled', 'Disabling'].includes(State);
      byQueue.set(queueName(EventSourceArn), { enabled, concurrency: ScalingConfig?.MaximumConcurrency });
    }
  }
  return byQueue;
}
