import { Duration } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { ShopAlarmProps } from './alarm.ts';
import type { Archive } from './archive.ts';
import type { Consumer } from './consumer.ts';
import { consumerMetric, MINUTE, ruleMetric } from './metrics.ts';
import type { MonitoredResources } from './monitoring.ts';
import type { Sweep } from './sweep.ts';

/** A message that is not done after this long is worth somebody's attention; one retry does not take that long. */
const LATE = Duration.minutes(10);

/** Takes what is deployed and gives every alarm on it. */
export function shopAlarms({
  consumers,
  sweep,
  archive,
  orders,
  lifecycle,
  bus,
}: MonitoredResources): ShopAlarmProps[] {
  return [
    ...Object.values(consumers).flatMap((consumer) => consumerAlarms(consumer, bus)),
    ...sweepAlarms(sweep),
    ...archiveAlarms(archive),
    failedDeliveryAlarm(
      'orders-topic',
      orders,
      'Some orders are done by halves: a part of the shop never heard of them.',
    ),
    failedDeliveryAlarm('lifecycle-feed', lifecycle, consumers.shipping.route.impact),
  ];
}

function consumerAlarms(consumer: Consumer, bus: EventBus): ShopAlarmProps[] {
  const { name, route } = consumer;
  const impact = route.impact;
  const alarms: ShopAlarmProps[] = [
    deadLetterAlarm(name, consumer.deadLetterQueue, {
      impact: `For the orders concerned: ${impact}`,
      cause: `Messages of ${name} were given up.`,
      firstCommand: `dlq list --consumer ${name}`,
    }),
    {
      name: `${name}-oldest-message`,
      kind: 'oldest-message',
      impact,
      cause: `A message has waited for ${LATE.toMinutes()} minutes in the queue of ${name} without being taken.`,
      firstCommand: 'status',
      metric: consumer.queue.metricApproximateAgeOfOldestMessage({ period: MINUTE, statistic: 'Maximum' }),
      threshold: LATE.toSeconds(),
      periods: [3, 3],
    },
    {
      // SQS leaves what was received three times out of the age above, so that an outage which is waited out would not show.
      name: `${name}-late-messages`,
      kind: 'late-messages',
      impact,
      cause: `Messages of ${name} are still being tried ${LATE.toMinutes()} minutes after they were sent.`,
      firstCommand: 'status',
      metric: consumerMetric(name, 'Waited', 'Maximum').with({ period: Duration.minutes(5) }),
      threshold: LATE.toMilliseconds(),
      // A wait between two tries can take fifteen minutes, in which there is no figure.
      periods: [1, 3],
    },
    functionErrorAlarm(name, consumer.function, impact),
  ];
  if (route.downstream !== undefined) {
    alarms.push({
      name: `${name}-breaker-open`,
      kind: 'breaker-open',
      impact,
      cause: `The ${route.downstream} keeps failing, so ${name} calls it only to see whether it is back.`,
      firstCommand: 'status',
      metric: consumerMetric(name, 'CircuitBreakerOpen', 'Maximum'),
      periods: [3, 5],
    });
  }
  if (consumer.rule !== undefined) {
    alarms.push({
      name: `${name}-failed-deliveries`,
      kind: 'failed-deliveries',
      impact: `For the orders concerned: ${impact}`,
      cause: `Events from the bus did not reach the queue of ${name}.`,
      firstCommand: `dlq list --consumer ${name}`,
      metric: ruleMetric(bus, consumer.rule, 'FailedInvocations'),
    });
  }
  return alarms;
}

function sweepAlarms(sweep: Sweep): ShopAlarmProps[] {
  const impact = 'Orders that got stuck stay undecided, and nobody tells their customers.';
  return [
    functionErrorAlarm('sweep', sweep.function, impact),
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
    functionErrorAlarm('archive', archive.function, impact),
    deadLetterAlarm('archive', archive.deadLetterQueue, {
      impact,
      cause: 'Events were not kept.',
      firstCommand: 'dlq list --consumer archive',
    }),
  ];
}

/** By what is visible in the queue: what SQS moves there itself is not counted as sent. */
function deadLetterAlarm(
  name: string,
  queue: Queue,
  says: Pick<ShopAlarmProps, 'impact' | 'cause' | 'firstCommand'>,
): ShopAlarmProps {
  return {
    name: `${name}-dead-letters`,
    kind: 'dead-letters',
    ...says,
    metric: queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: 'Maximum' }),
    // Of a queue that nobody has touched for hours SQS gives no figures, though the messages are still there.
    ignoreMissingData: true,
  };
}

function functionErrorAlarm(name: string, fn: LambdaFunction, impact: string): ShopAlarmProps {
  return {
    name: `${name}-function-errors`,
    kind: 'function-errors',
    impact,
    cause: `The function of ${name} cannot start, or dies or runs out of time without saying why.`,
    firstCommand: 'status',
    metric: fn.metricErrors({ period: MINUTE, statistic: 'Sum' }),
    // One that died costs its batch a retry, nothing else.
    periods: [3, 5],
  };
}

function failedDeliveryAlarm(name: string, topic: ITopic, impact: string): ShopAlarmProps {
  return {
    name: `${name}-failed-deliveries`,
    kind: 'failed-deliveries',
    impact,
    cause: 'A topic could not deliver to a queue.',
    firstCommand: 'dlq list',
    metric: topic.metricNumberOfNotificationsFailed({ period: MINUTE, statistic: 'Sum' }),
  };
}
