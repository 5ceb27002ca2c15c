import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { OrderProgressed } from '../../contracts/lifecycle.ts';
import type { NotificationRefused, NotificationSent } from '../../contracts/notification.ts';
import type { OrderCancelled, OrderConfirmed } from '../../contracts/order.ts';
import type { PaymentCaptured, PaymentDeclined, PaymentRefunded } from '../../contracts/payment.ts';
import { chunk } from './chunk.ts';
import type { Attempt, Outcome } from './outcome.ts';

/** The CloudWatch namespace of all metrics of the functions: the stack's name, so that two stacks are counted separately. */
export const NAMESPACE = process.env.METRICS_NAMESPACE ?? 'ShopMessaging';

/** A resolved attempt; `repeated` events were counted when they were published first. */
type Resolved = Pick<Attempt, 'record' | 'published' | 'repeated'> & { outcome: Pick<Outcome, 'kind'> };

type Directive = { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] };

type Counted =
  | OrderProgressed
  | OrderConfirmed
  | OrderCancelled
  | PaymentCaptured
  | PaymentDeclined
  | PaymentRefunded
  | NotificationRefused
  | NotificationSent;

/** The business metric that an event counts for; only types are imported, because this is in the bundle of every function. */
const metricOf = {
  'shop.order.progressed.v1': 'OrdersPlaced',
  'shop.order.confirmed.v1': 'OrdersConfirmed',
  'shop.order.cancelled.v1': 'OrdersCancelled',
  'shop.payment.captured.v1': 'PaymentsCaptured',
  'shop.payment.declined.v1': 'PaymentsDeclined',
  'shop.payment.refunded.v1': 'PaymentsRefunded',
  'shop.notification.sent.v1': 'TextsSent',
  'shop.notification.refused.v1': 'TextsRefused',
} as const satisfies Record<Counted['type'], string>;

/** The business metrics, without a dimension; `OrdersCancelled` also by `reason`. */
export const businessMetrics: readonly string[] = Object.values(metricOf);

const directive = (dimensions: string[][], unit: string, ...names: string[]): Directive => ({
  Namespace: NAMESPACE,
  Dimensions: dimensions,
  Metrics: names.map((Name) => ({ Name, Unit: unit })),
});

const OUTCOMES = directive([['consumer']], 'Count', 'Done', 'Retried', 'DeadLettered');
const TIMES = directive([['consumer']], 'Milliseconds', 'Took', 'Waited');
const WAITED = directive([['consumer']], 'Milliseconds', 'Waited');

// CloudWatch refuses a whole line with more.
const MAX_VALUES_OF_METRIC = 100;

/**
 * Formats the metrics of one batch in CloudWatch's embedded metric format, as lines of JSON for the log
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html):
 * one line, and one more for each further cancellation reason or currency, of which a line can name only one, and for each further
 * hundred waiting times. Times in milliseconds since 1970.
 */
export function metricLines(
  consumer: string,
  attempts: readonly Resolved[],
  startedAt: number,
  now = Date.now(),
): string[] {
  const events = attempts.flatMap(({ published, repeated }) => (repeated ? [] : published)).filter(isCounted);
  const counts = countEvents(events);
  const reasons = [...countCancellations(events)];
  const revenues = [...sumRevenue(events)];
  const waits = attempts.map(({ record }) => Math.max(0, startedAt - Number(record.attributes.SentTimestamp)));
  const waited = chunk(waits, MAX_VALUES_OF_METRIC);
  const batch: Line = {
    directives: [OUTCOMES, TIMES, ...(counts.size > 0 ? [directive([[]], 'Count', ...counts.keys())] : [])],
    fields: {
      level: 'INFO',
      time: new Date(now).toISOString(),
      message: 'batch',
      consumer,
      Done: countOf(attempts, 'done'),
      Retried: countOf(attempts, 'will be tried again'),
      DeadLettered: countOf(attempts, 'dead-lettered'),
      Waited: waited[0] ?? [],
      Took: now - startedAt,
      ...Object.fromEntries(counts),
    },
  };
  const lineCount = Math.max(1, waited.length, reasons.length, revenues.length);
  return Array.from({ length: lineCount }, (_, index) => {
    const parts = [
      index === 0 ? batch : waitingTimes(consumer, waited[index]),
      cancellations(reasons[index]),
      revenue(revenues[index]),
    ];
    const given = parts.filter((part) => part !== undefined);
    const fields = Object.assign({}, ...given.map((part) => part.fields));
    const CloudWatchMetrics = given.flatMap(({ directives }) => directives);
    return JSON.stringify({ ...fields, _aws: { Timestamp: now, CloudWatchMetrics } });
  });
}

/** Formats the one metric of a function that handles no messages of orders: how many messages it has done, as a line of JSON for the log. */
export const doneLine = (consumer: string, count: number, now = Date.now()): string =>
  valueLine(consumer, { Done: count }, 'batch', now);

/** Formats metrics of one function without a unit of their own, as a line of JSON for the log with a message that says what they are about. */
export const valueLine = (
  consumer: string,
  values: Readonly<Record<string, number>>,
  message: string,
  now = Date.now(),
): string =>
  JSON.stringify({
    level: 'INFO',
    time: new Date(now).toISOString(),
    message,
    consumer,
    ...values,
    _aws: { Timestamp: now, CloudWatchMetrics: [directive([['consumer']], 'Count', ...Object.keys(values))] },
  });

/** A part of a line: the metrics it declares, and their values. */
type Line = { directives: Directive[]; fields: Record<string, unknown> };

const waitingTimes = (consumer: string, Waited: number[] | undefined): Line | undefined =>
  Waited && { directives: [WAITED], fields: { consumer, Waited } };

function cancellations(entry: [reason: string, count: number] | undefined): Line | undefined {
  if (entry === undefined) return undefined;
  const [reason, OrdersCancelled] = entry;
  return { directives: [directive([[], ['reason']], 'Count', 'OrdersCancelled')], fields: { reason, OrdersCancelled } };
}

function revenue(entry: [currency: string, sums: Revenue] | undefined): Line | undefined {
  if (entry === undefined) return undefined;
  const [currency, sums] = entry;
  return {
    directives: [directive([['currency']], 'None', ...Object.keys(sums))],
    fields: { ...sums, currency },
  };
}

const countOf = (attempts: readonly Resolved[], kind: Outcome['kind']) =>
  attempts.reduce((count, { outcome }) => (outcome.kind === kind ? count + 1 : count), 0);

function countEvents(events: readonly Counted[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const event of events) {
    if (event.type === 'shop.order.cancelled.v1') continue;
    // The feed carries all steps of an order; those after `placed` are counted by their own event on the bus.
    if (event.type === 'shop.order.progressed.v1' && event.data.step !== 'shop.order.placed.v1') continue;
    const name = metricOf[event.type];
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function countCancellations(events: readonly Counted[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { type, data } of events) {
    if (type === 'shop.order.cancelled.v1') counts.set(data.reason, (counts.get(data.reason) ?? 0) + 1);
  }
  return counts;
}

/** Sums in minor units of one currency. */
type Revenue = { RevenueCaptured?: number; RevenueRefunded?: number };

function sumRevenue(events: readonly Counted[]): Map<string, Revenue> {
  const revenues = new Map<string, Revenue>();
  for (const { type, data } of events) {
    if (type !== 'shop.payment.captured.v1' && type !== 'shop.payment.refunded.v1') continue;
    const name = type === 'shop.payment.captured.v1' ? 'RevenueCaptured' : 'RevenueRefunded';
    const sums = revenues.get(data.currency) ?? {};
    revenues.set(data.currency, { ...sums, [name]: (sums[name] ?? 0) + data.amount });
  }
  return revenues;
}

const isCounted = (event: CloudEvent): event is Counted => Object.hasOwn(metricOf, event.type);
