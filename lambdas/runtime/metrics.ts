import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { OrderProgressed } from '../../contracts/lifecycle.ts';
import type { NotificationRefused, NotificationSent } from '../../contracts/notification.ts';
import type { OrderCancelled, OrderConfirmed } from '../../contracts/order.ts';
import type { PaymentCaptured, PaymentDeclined, PaymentRefunded } from '../../contracts/payment.ts';
import type { Attempt, Outcome } from './outcome.ts';

/** The CloudWatch namespace of everything that the functions count: the stack's name, so that two do not count as one. */
export const NAMESPACE = process.env.METRICS_NAMESPACE ?? 'ShopMessaging';

/** What became of a message, and of what it published so much as was taken; what is published again is not counted again. */
type Ended = Pick<Attempt, 'record' | 'published' | 'repeated'> & { outcome: Pick<Outcome, 'kind'> };

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

/** The business figure that an event raises by one; only types are imported, for this is part of every function. */
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

/** The business figures that are counted, without a dimension; `OrdersCancelled` also by `reason`. */
export const businessMetrics: readonly string[] = Object.values(metricOf);

const directive = (dimensions: string[][], unit: string, ...names: string[]): Directive => ({
  Namespace: NAMESPACE,
  Dimensions: dimensions,
  Metrics: names.map((Name) => ({ Name, Unit: unit })),
});

const OUTCOMES = directive([['consumer']], 'Count', 'Done', 'Retried', 'DeadLettered');
const TIMES = directive([['consumer']], 'Milliseconds', 'Waited', 'Took');

/**
 * Takes a consumer's name, the tries of one batch with their fates, and when the function got and ended it (in milliseconds since
 * 1970), and gives the batch's metrics in CloudWatch's embedded metric format, as lines of JSON for the log
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html):
 * one line, and one more for each further currency or reason, of which a line can name only one.
 */
export function metricLines(
  consumer: string,
  attempts: readonly Ended[],
  startedAt: number,
  now = Date.now(),
): string[] {
  const { counts, cancelled, money } = businessOf(attempts);
  const reasons = [...cancelled];
  const currencies = [...money];
  const lines: string[] = [];
  do {
    const first = lines.length === 0;
    const directives = first ? [OUTCOMES, TIMES] : [];
    const line: Record<string, unknown> = first
      ? {
          level: 'INFO',
          time: new Date(now).toISOString(),
          message: 'batch',
          consumer,
          Done: countOf(attempts, 'done'),
          Retried: countOf(attempts, 'will be tried again'),
          DeadLettered: countOf(attempts, 'dead-lettered'),
          Waited: attempts.map(({ record }) => Math.max(0, startedAt - Number(record.attributes.SentTimestamp))),
          Took: now - startedAt,
        }
      : {};
    if (first && counts.size > 0) {
      directives.push(directive([[]], 'Count', ...counts.keys()));
      for (const [name, count] of counts) line[name] = count;
    }
    const reason = reasons.shift();
    if (reason !== undefined) {
      directives.push(directive([[], ['reason']], 'Count', 'OrdersCancelled'));
      [line.reason, line.OrdersCancelled] = reason;
    }
    const currency = currencies.shift();
    if (currency !== undefined) {
      const [code, sums] = currency;
      directives.push(directive([['currency']], 'None', ...Object.keys(sums)));
      Object.assign(line, sums, { currency: code });
    }
    lines.push(JSON.stringify({ ...line, _aws: { Timestamp: now, CloudWatchMetrics: directives } }));
  } while (reasons.length > 0 || currencies.length > 0);
  return lines;
}

const countOf = (attempts: readonly Ended[], kind: Outcome['kind']) =>
  attempts.reduce((count, { outcome }) => (outcome.kind === kind ? count + 1 : count), 0);

function businessOf(attempts: readonly Ended[]) {
  const counts = new Map<string, number>();
  const cancelled = new Map<string, number>();
  const money = new Map<string, { RevenueCaptured?: number; RevenueRefunded?: number }>();
  for (const event of attempts.flatMap(({ published, repeated }) => (repeated ? [] : published))) {
    if (!isCounted(event)) continue;
    if (event.type === 'shop.order.cancelled.v1') {
      cancelled.set(event.data.reason, (cancelled.get(event.data.reason) ?? 0) + 1);
      continue;
    }
    // Of an order's steps the feed carries all; the others are counted as what they are on the bus.
    if (event.type === 'shop.order.progressed.v1' && event.data.step !== 'shop.order.placed.v1') continue;
    const name = metricOf[event.type];
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (event.type !== 'shop.payment.captured.v1' && event.type !== 'shop.payment.refunded.v1') continue;
    const { amount, currency } = event.data;
    const sums = money.get(currency) ?? {};
    const sum = event.type === 'shop.payment.captured.v1' ? 'RevenueCaptured' : 'RevenueRefunded';
    money.set(currency, { ...sums, [sum]: (sums[sum] ?? 0) + amount });
  }
  return { counts, cancelled, money };
}

const isCounted = (event: CloudEvent): event is Counted => Object.hasOwn(metricOf, event.type);
