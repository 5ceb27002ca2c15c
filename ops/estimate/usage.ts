import { assumed, billedMilliseconds, type ConsumerLoad, MEMORY_MB } from './compute.ts';
import { consumerLoads, DAYS_PER_MONTH, interpolate, partnerLoads, type Scenario, SECONDS_PER_MONTH } from './load.ts';
import type { PriceId } from './prices.ts';

/** Billed units of one kind: per order, and per month whatever the number of orders. */
export type Usage = { service: string; what: string; price: PriceId; perOrder: number; fixed: number };

const GB = 1024 ** 3;
/** The size up to which SNS, SQS and EventBridge bill one request. */
const REQUEST_BYTES = 64 * 1024;
/** Pollers per queue and their long-poll wait (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html). */
export const POLLING = { pollers: 5, seconds: 20, messagesPerReceive: 10 };
const SWEEP_INTERVAL_SECONDS = 300;
/** DynamoDB's own bytes per item (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html). */
const ITEM_OVERHEAD = 100;
/** Compressed bytes of an archived object and of each message in it; `test/unit/archive/object.test.ts` measures them. */
export const ARCHIVE_BYTES = { object: 300, message: 65 };
/** Bytes that CloudWatch adds to a line and Lambda logs per invocation, and the compressed share that is billed as storage. */
const LOG = { lineOverhead: 26, platformBytes: 500, compression: 0.15 };
/** How long a data key is reused, in seconds: by SNS and DynamoDB, by SQS as the stack sets it, and by S3, which does not say, assumed. */
export const DATA_KEY_SECONDS = { topic: 300, table: 300, queue: 3600, bucket: 300 };

const sum = <T>(items: readonly T[], value: (item: T) => number) =>
  items.reduce((total, item) => total + value(item), 0);
const requests = (bytes: number) => Math.max(1, Math.ceil(bytes / REQUEST_BYTES));
const writeUnits = (bytes: number) => Math.max(1, Math.ceil(bytes / 1024));
const readUnits = (bytes: number) => Math.max(1, Math.ceil(bytes / 4096));

/** Computes everything that is billed; units that the deployment does not use are left out. */
export function usageOf(scenario: Scenario): Usage[] {
  const loads = consumerLoads(scenario);
  return [messagingUsage, lambdaUsage, tableUsage, archiveUsage, monitoringUsage, keyUsage]
    .flatMap((compute) => compute(scenario, loads))
    .filter(({ perOrder, fixed }) => perOrder > 0 || fixed > 0);
}

const usage = (service: string, what: string, price: PriceId, perOrder: number, fixed = 0): Usage => {
  return { service, what, price, perOrder, fixed };
};

function messagingUsage(scenario: Scenario, loads: readonly ConsumerLoad[]): Usage[] {
  const { facts, measured, ordersPerDay } = scenario;
  const { busEvents, feedEvents, consumers } = measured.batches['1'];
  // Payment's messages are not only orders.
  const orderBytes = consumers.order?.messageBytes ?? 0;
  const feedBytes = feedEvents.count * feedEvents.bytes;
  const filteredBytes = orderBytes * facts.bodyFilters.topic + feedBytes * facts.bodyFilters.feed;
  const archivedGb = facts.busArchiveDays > 0 ? (busEvents.count * busEvents.bytes) / GB : 0;
  const archivedGbMonths = archivedGb * ordersPerDay * facts.busArchiveDays;
  const partners = partnerLoads(scenario);
  const queues = (fifo: boolean) => [...loads, ...partners].filter((load) => load.fifo === fifo);
  const queueRequests = ({
    messages,
    messageBytes,
    batch,
    invocations,
  }: Omit<ConsumerLoad, 'name' | 'memoryMb' | 'calls'>) =>
    messages * requests(messageBytes) + 2 * invocations * Math.ceil(batch / POLLING.messagesPerReceive);
  // A partner polls alone.
  const pollers = (fifo: boolean) => sum(queues(fifo), (one) => ('name' in one ? POLLING.pollers : 1));
  const polls = (fifo: boolean) => pollers(fifo) * (SECONDS_PER_MONTH / POLLING.seconds);
  return [
    usage('SNS', 'orders published', 'sns.publish', requests(orderBytes)),
    usage('SNS', 'filters on the body', 'sns.payload-filter', filteredBytes / GB),
    usage('SNS', 'lifecycle steps published', 'sns.fifo-publish', feedEvents.count),
    usage('SNS', 'bytes published', 'sns.fifo-publish-bytes', feedBytes / GB),
    usage('SNS', 'lifecycle steps delivered', 'sns.fifo-delivery', feedEvents.count * facts.feedSubscriptions),
    usage('SNS', 'bytes delivered', 'sns.fifo-delivery-bytes', (feedBytes * facts.feedSubscriptions) / GB),
    usage('SQS', 'send, receive, delete (standard)', 'sqs.standard', sum(queues(false), queueRequests)),
    usage('SQS', 'empty receives (standard)', 'sqs.standard', 0, polls(false)),
    usage('SQS', 'send, receive, delete (FIFO)', 'sqs.fifo', sum(queues(true), queueRequests)),
    usage('SQS', 'empty receives (FIFO)', 'sqs.fifo', 0, polls(true)),
    usage('EventBridge', 'events put', 'events.put', busEvents.count * requests(busEvents.bytes)),
    usage('EventBridge', 'archive: ingestion', 'events.archive', archivedGb),
    usage('EventBridge', 'archive: storage', 'events.archive-storage', 0, archivedGbMonths),
  ];
}

function lambdaUsage({ facts: { architecture } }: Scenario, loads: readonly ConsumerLoad[]): Usage[] {
  const invocations = sum(loads, (load) => load.invocations);
  const sweeps = SECONDS_PER_MONTH / SWEEP_INTERVAL_SECONDS;
  const gbSeconds = (ms: number, memoryMb: number) => (ms / 1000) * (memoryMb / 1024);
  const perOrder = sum(loads, (load) => gbSeconds(load.invocations * billedMilliseconds(load), load.memoryMb));
  const fixed = gbSeconds(sweeps * assumed.sweep, MEMORY_MB);
  return [
    usage('Lambda', 'invocations', 'lambda.request', invocations, sweeps),
    usage('Lambda', 'GB-seconds', `lambda.${architecture}`, perOrder, fixed),
  ];
}

/** Returns the mean messages per batch of a consumer, one where it is not deployed. */
export const batchOf = (loads: readonly ConsumerLoad[], consumer: string): number =>
  loads.find(({ name }) => name === consumer)?.batch ?? 1;

function tableUsage({ facts, measured, ordersPerDay }: Scenario, loads: readonly ConsumerLoad[]): Usage[] {
  const { '1': one } = measured.batches;
  const units = writeUnitsPerOrder({ facts, measured, ordersPerDay }, batchOf(loads, 'stock'));
  const writes = one.indexWrites + sum(Object.values(units), (perOrder) => perOrder);
  const tables = Object.entries(one.tables);
  const reads = sum(tables, ([, { reads: perOrder, itemBytes }]) => perOrder * readUnits(itemBytes));
  // Stock items do not grow with orders.
  const bytes = sum(tables, ([name, { itemBytes }]) => (name === 'stock' ? 0 : itemBytes + ITEM_OVERHEAD));
  const recordGb = (bytes * ordersPerDay * DAYS_PER_MONTH) / GB;
  return [
    usage('DynamoDB', 'records: writes', 'dynamodb.write', writes),
    usage('DynamoDB', 'records: reads', 'dynamodb.read', reads),
    usage('DynamoDB', 'records: storage of one month', 'dynamodb.storage', 0, recordGb),
    usage('DynamoDB', 'point-in-time recovery', 'dynamodb.point-in-time', 0, facts.pointInTimeRecovery ? recordGb : 0),
  ];
}

/** The archive writes an object per batch; who reads it is not counted. */
function archiveUsage({ facts, ordersPerDay }: Scenario, loads: readonly ConsumerLoad[]): Usage[] {
  const { batch = 1, invocations = 0 } = loads.find(({ name }) => name === 'archive') ?? {};
  const storedGb = (invocations * (ARCHIVE_BYTES.object + ARCHIVE_BYTES.message * batch) * ordersPerDay) / GB;
  return [
    usage('S3', 'archive: objects written', 's3.put', invocations),
    usage('S3', 'archive: storage', 's3.storage', 0, storedGb * facts.archiveDays),
  ];
}

// The archive, which is not among the measured functions, counts what it stores.
const ARCHIVE_METRICS = 1;

function monitoringUsage({ facts, measured, ordersPerDay }: Scenario, loads: readonly ConsumerLoad[]): Usage[] {
  const { '1': one, '10': ten } = measured.batches;
  const invocations = sum(loads, (load) => load.invocations);
  const batch = sum(loads, ({ messages }) => messages) / invocations;
  const lines = interpolate(one.log.lines, ten.log.lines, batch);
  const bytes = interpolate(one.log.bytes, ten.log.bytes, batch);
  const loggedGb = (bytes + lines * LOG.lineOverhead + invocations * LOG.platformBytes) / GB;
  const tracesPerSecond = (ordersPerDay * DAYS_PER_MONTH * (1 + invocations)) / SECONDS_PER_MONTH;
  // X-Ray's default sampling: one trace per second and 5 % of the rest.
  const sampled = Math.min(tracesPerSecond, 1) + 0.05 * Math.max(0, tracesPerSecond - 1);
  return [
    usage('CloudWatch', 'log ingestion', 'logs.ingestion', loggedGb),
    usage('CloudWatch', 'log storage', 'logs.storage', 0, loggedGb * ordersPerDay * facts.logDays * LOG.compression),
    usage('CloudWatch', 'custom metrics', 'cloudwatch.metric', 0, one.metrics + ARCHIVE_METRICS),
    usage('CloudWatch', 'alarms', 'cloudwatch.alarm', 0, facts.alarmMetrics),
    usage('CloudWatch', 'composite alarms', 'cloudwatch.composite-alarm', 0, facts.compositeAlarms),
    usage('CloudWatch', 'dashboard', 'cloudwatch.dashboard', 0, facts.dashboards),
    usage('X-Ray', 'traces sampled', 'xray.trace', 0, facts.traced ? sampled * SECONDS_PER_MONTH : 0),
  ];
}

/** Writes of each table per order, in write units; without the index of open orders. */
export function writeUnitsPerOrder({ facts, measured }: Scenario, stockBatch: number): Record<string, number> {
  const { '1': one, '10': ten } = measured.batches;
  const units = Object.entries(one.tables).map(([name, { itemBytes, ...table }]): [string, number] => {
    const atTen = ten.tables[name]?.transactionalWrites ?? 0;
    const transactional = interpolate(table.transactionalWrites, atTen, stockBatch);
    const limits = name === 'notifications' && facts.textsLimited ? one.texts.count : 0;
    return [name, (table.writes + 2 * transactional) * writeUnits(itemBytes) + limits];
  });
  return Object.fromEntries(units);
}

/**
 * Returns the requests to KMS in a month. A data key is requested when it is needed and at most once per reuse period: twice by each sender, once
 * by a receiver.
 */
export function keyRequests({ facts, ordersPerDay }: Scenario): number {
  if (facts.keys === 0) return 0;
  const periods = (seconds: number) => Math.min(SECONDS_PER_MONTH / seconds, ordersPerDay * DAYS_PER_MONTH);
  // A topic has one sender; a queue has two (SNS and EventBridge) and one receiver.
  return (
    2 * facts.topics * periods(DATA_KEY_SECONDS.topic) +
    (2 * 2 + 1) * (Object.keys(facts.mappings).length + facts.partners.length) * periods(DATA_KEY_SECONDS.queue) +
    facts.tables * periods(DATA_KEY_SECONDS.table) +
    facts.buckets * periods(DATA_KEY_SECONDS.bucket)
  );
}

function keyUsage(scenario: Scenario): Usage[] {
  const { facts } = scenario;
  return [
    usage('KMS', 'keys', 'kms.key', 0, facts.keys),
    usage('KMS', 'requests', 'kms.request', 0, keyRequests(scenario)),
    usage('Secrets Manager', 'secrets', 'secrets.secret', 0, facts.secrets),
  ];
}
