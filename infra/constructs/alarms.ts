import { Duration } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { PARTNER_RECEIVES } from '../partner-settings.ts';
import type { ShopAlarmProps } from './alarm.ts';
import type { Archive } from './archive.ts';
import type { BusRule } from './bus-rules.ts';
import type { Consumer } from './consumer.ts';
import type { Intake } from './intake.ts';
import { consumerMetric, MINUTE, ruleMetric } from './metrics.ts';
import type { MonitoredResources } from './monitored-resources.ts';
import type { Partner } from './partner.ts';
import type { Sweep } from './sweep.ts';

/** A message that is not done after this long needs attention; a single retry does not take that long. */
const LATE = Duration.minutes(10);

/** A partner may read its queue now and then; who runs it is called when it stands still for this long. */
const PARTNER_LATE = Duration.hours(1);

/** Lists every alarm of the stack. */
export function shopAlarms({
  consumers,
  partners,
  sweep,
  archive,
  intake,
  orders,
  lifecycle,
  bus,
}: MonitoredResources): ShopAlarmProps[] {
  return [
    ...Object.values(consumers).flatMap((consumer) => consumerAlarms(consumer, bus)),
    ...partners.flatMap((partner) => partnerAlarms(partner, bus)),
    ...sweepAlarms(sweep),
    ...archiveAlarms(archive),
    ...(intake === undefined ? [] : intakeAlarms(intake)),
    failedDeliveryAlarm('orders-topic', orders, 'Some orders are handled in part: a consumer never received them.'),
    failedDeliveryAlarm('lifecycle-feed', lifecycle, feedImpact(consumers.shipping, partners)),
  ];
}

function consumerAlarms(consumer: Consumer, bus: EventBus): ShopAlarmProps[] {
  const { name, route } = consumer;
  const { impact, severity = 'critical' } = route;
  const alarms: ShopAlarmProps[] = [
    deadLetterAlarm(name, consumer.deadLetterQueue, {
      impact: `For the orders concerned: ${impact}`,
      cause: `Messages of ${name} were given up.`,
      firstCommand: `dlq list --consumer ${name}`,
    }),
    {
      // Counted by the function with the batch: the metrics of a queue that was idle begin up to 15 minutes late, after the end of a
      // deployment's watch.
      name: `${name}-dead-lettered`,
      kind: 'dead-letters',
      severity: 'warning',
      letters: 'made',
      impact: `For the orders concerned: ${impact}`,
      cause: `The function of ${name} gave up messages.`,
      firstCommand: `dlq list --consumer ${name}`,
      metric: consumerMetric(name, 'DeadLettered', 'Sum'),
      // One minute is enough; it stays for five, so that whoever looks now and then sees it.
      periods: [1, 5],
    },
    oldestMessageAlarm(name, consumer.queue, { severity, impact, late: LATE }),
    {
      // SQS excludes messages that were received three times from the age above, so an outage that is retried would not show.
      name: `${name}-late-messages`,
      kind: 'late-messages',
      severity,
      impact,
      cause: `Messages of ${name} are still being retried ${LATE.toMinutes()} minutes after they were sent.`,
      firstCommand: 'status',
      metric: consumerMetric(name, 'Waited', 'Maximum').with({ period: Duration.minutes(5) }),
      threshold: LATE.toMilliseconds(),
      // The delay between two attempts can be fifteen minutes, in which there is no data.
      periods: [1, 3],
    },
    ...functionErrorAlarms(name, consumer.function, { severity, impact }),
    recursionAlarm(name, consumer.function, impact),
  ];
  if (route.downstream !== undefined) {
    alarms.push({
      name: `${name}-breaker-open`,
      kind: 'breaker-open',
      severity,
      impact,
      cause: `The ${route.downstream} keeps failing, so ${name} calls it only to see whether it is back.`,
      firstCommand: 'status',
      metric: consumerMetric(name, 'CircuitBreakerOpen', 'Maximum'),
      periods: [3, 5],
    });
  }
  if (route.endpoints !== undefined) {
    alarms.push({
      name: `${name}-endpoint-disabled`,
      kind: 'webhook-disabled',
      severity: 'warning',
      impact,
      cause: 'Nothing is posted to an endpoint any more: it said that it is gone, or has failed for days.',
      firstCommand: 'webhooks list',
      metric: consumerMetric(name, 'WebhookEndpointDisabled', 'Sum'),
      // One minute is enough; it stays for five, so that whoever looks now and then sees it.
      periods: [1, 5],
    });
  }
  return [...alarms, ...ruleAlarms(consumer, bus, { severity, impact: `For the orders concerned: ${impact}` })];
}

/** Lists the alarms of a partner. What it does with a message the shop does not see, only how long that takes. */
function partnerAlarms({ name, queue, deadLetterQueue, rules }: Partner, bus: EventBus): ShopAlarmProps[] {
  const impact = partnersImpact([name]);
  return [
    deadLetterAlarm(name, deadLetterQueue, {
      impact,
      cause: `Messages were given up that the partner ${name} received ${PARTNER_RECEIVES} times, or that did not reach its queue.`,
      firstCommand: `dlq list --consumer ${name}`,
    }),
    oldestMessageAlarm(name, queue, { severity: 'warning', impact, late: PARTNER_LATE }),
    ...ruleAlarms({ name, rules }, bus, { severity: 'warning', impact }),
  ];
}

const partnersImpact = (names: readonly string[]) =>
  `What the ${names.length === 1 ? 'partner' : 'partners'} ${names.join(', ')} should do is late, or is not done.`;

/** Says what customers lose without the lifecycle feed. */
function feedImpact(shipping: Consumer, partners: readonly Partner[]): string {
  const readers = partners.filter(({ rules }) => rules.length === 0).map(({ name }) => name);
  return [shipping.route.impact, ...(readers.length === 0 ? [] : [partnersImpact(readers)])].join(' ');
}

/** What an alarm says about whom it hurts, and how soon. */
type Weight = Pick<ShopAlarmProps, 'severity' | 'impact'>;

function oldestMessageAlarm(
  name: string,
  queue: Queue,
  { late, ...weight }: Weight & { late: Duration },
): ShopAlarmProps {
  return {
    name: `${name}-oldest-message`,
    kind: 'oldest-message',
    ...weight,
    cause: `A message has waited for ${late.toMinutes()} minutes in the queue of ${name} without being taken.`,
    firstCommand: 'status',
    metric: queue.metricApproximateAgeOfOldestMessage({ period: MINUTE, statistic: 'Maximum' }),
    threshold: late.toSeconds(),
    periods: [3, 3],
  };
}

function ruleAlarms({ name, rules }: Pick<Partner, 'name' | 'rules'>, bus: EventBus, weight: Weight): ShopAlarmProps[] {
  return rules.map(({ rule, ...from }) => ({
    name: `${name}-failed-deliveries${suffixOf(from)}`,
    kind: 'failed-deliveries',
    ...weight,
    cause: `Events from the bus did not reach the queue of ${name}.`,
    firstCommand: `dlq list --consumer ${name}`,
    metric: ruleMetric(bus, rule, 'FailedInvocations'),
  }));
}

/** Tells the rules of a queue apart: empty for that of the stack's own events. */
function suffixOf({ reported, endpoint }: Omit<BusRule, 'rule'>): string {
  const parts = [endpoint, reported && shortName(reported)].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : `-of-${parts.join('-')}`;
}

/** Shortens an event's type to a part of an alarm's name: `payment-received`. */
const shortName = (type: string) => type.replaceAll(/^shop\.|\.v\d+$/g, '').replaceAll('.', '-');

function sweepAlarms(sweep: Sweep): ShopAlarmProps[] {
  const impact = 'Orders that got stuck stay undecided, and nobody tells their customers.';
  return [
    ...functionErrorAlarms('sweep', sweep.function, { severity: 'warning', impact }),
    deadLetterAlarm('sweep', sweep.missedRuns, {
      impact,
      cause: 'Runs of the sweep did not take place.',
      firstCommand: 'status',
    }),
  ];
}

function archiveAlarms(archive: Archive): ShopAlarmProps[] {
  const impact = 'Customers feel nothing; what is not kept cannot be replayed.';
  return [
    ...functionErrorAlarms('archive', archive.function, { severity: 'warning', impact }),
    recursionAlarm('archive', archive.function, impact),
    deadLetterAlarm('archive', archive.deadLetterQueue, {
      impact,
      cause: 'Events were not kept.',
      firstCommand: 'dlq list --consumer archive',
    }),
  ];
}

function intakeAlarms({ function: fn }: Intake): ShopAlarmProps[] {
  const impact = 'What senders post does not become an order until they send it again, and some give up.';
  const shared = { kind: 'intake', severity: 'critical', impact, firstCommand: 'logs intake' } as const;
  return [
    ...functionErrorAlarms('intake', fn, { severity: 'critical', impact }),
    {
      ...shared,
      name: 'intake-failed',
      cause: 'The intake answered requests with 5xx.',
      metric: fn.metric('Url5xxCount', { period: MINUTE, statistic: 'Sum' }),
      // A single failure is made up for by the sender's next try.
      periods: [3, 10],
    },
    {
      ...shared,
      name: 'intake-throttled',
      cause:
        'Requests of the intake were refused with 429, because the concurrency of its function, or of the account, is used up.',
      metric: fn.metricThrottles({ period: MINUTE, statistic: 'Sum' }),
      periods: [3, 10],
    },
  ];
}

/** Alarms on what is visible in the queue: messages that SQS itself moves there do not count as sent. */
function deadLetterAlarm(
  name: string,
  queue: Queue,
  text: Pick<ShopAlarmProps, 'impact' | 'cause' | 'firstCommand'>,
): ShopAlarmProps {
  return {
    name: `${name}-dead-letters`,
    kind: 'dead-letters',
    severity: 'warning',
    letters: 'lying',
    ...text,
    metric: queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: 'Maximum' }),
    // SQS publishes no metrics of a queue that is idle for hours, though its messages are still there.
    ignoreMissingData: true,
  };
}

function functionErrorAlarms(name: string, fn: LambdaFunction, weight: Weight): ShopAlarmProps[] {
  return [
    {
      // Counted by the function itself, at its first invocation: no retry mends it.
      name: `${name}-cannot-start`,
      kind: 'function-errors',
      ...weight,
      cause: `The function of ${name} cannot start, because a setting is missing or wrong: its log says which.`,
      firstCommand: 'status',
      metric: consumerMetric(name, 'StartFailed', 'Sum'),
      // One minute is enough; it stays until the messages have been received again without a failure.
      periods: [1, 10],
    },
    {
      name: `${name}-function-errors`,
      kind: 'function-errors',
      ...weight,
      cause: `The function of ${name} cannot be loaded, or dies or runs out of time without saying why.`,
      firstCommand: 'status',
      metric: fn.metricErrors({ period: MINUTE, statistic: 'Sum' }),
      // A single crash costs its batch a retry, nothing else. A lone message comes back after three minutes.
      periods: [3, 10],
    },
  ];
}

/**
 * Alarms where Lambda stops a chain of messages that came through the same function 16 times: no log line says so, and the messages
 * are tried again in vain for two days (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
 */
function recursionAlarm(name: string, fn: LambdaFunction, impact: string): ShopAlarmProps {
  return {
    name: `${name}-recursive-invocations`,
    kind: 'recursive-invocations',
    severity: 'warning',
    impact: `For the orders concerned: ${impact}`,
    cause: `Lambda takes messages of ${name} for an endless loop and no longer invokes its function with them.`,
    firstCommand: 'status',
    metric: fn.metric('RecursiveInvocationsDropped', { period: MINUTE, statistic: 'Sum' }),
  };
}

function failedDeliveryAlarm(name: string, topic: ITopic, impact: string): ShopAlarmProps {
  return {
    name: `${name}-failed-deliveries`,
    kind: 'failed-deliveries',
    severity: 'critical',
    impact,
    cause: 'A topic could not deliver to a queue.',
    firstCommand: 'dlq list',
    metric: topic.metricNumberOfNotificationsFailed({ period: MINUTE, statistic: 'Sum' }),
  };
}
