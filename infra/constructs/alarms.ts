import { Duration } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { ShopAlarmProps } from './alarm.ts';
import type { Archive } from './archive.ts';
import type { Consumer } from './consumer.ts';
import { MINUTE, ofConsumer, ofRule } from './metrics.ts';
import type { Monitored } from './monitoring.ts';
import type { Sweep } from './sweep.ts';

/** A message that is not done after this long is worth somebody's attention; one retry does not take that long. */
const LATE = Duration.minutes(10);

/** Takes what is deployed and gives every alarm on it. */
export function alarmsOf({ consumers, sweep, archive, orders, lifecycle, bus }: Monitored): ShopAlarmProps[] {
  return [
    ...Object.values(consumers).flatMap((consumer) => ofOneConsumer(consumer, bus)),
    ...ofSweep(sweep),
    ...ofArchive(archive),
    failedDeliveries('orders-topic', orders, 'Some orders are done by halves: a part of the shop never heard of them.'),
    failedDeliveries('lifecycle-feed', lifecycle, consumers.shipping.route.withoutIt),
  ];
}

function ofOneConsumer(consumer: Consumer, bus: EventBus): ShopAlarmProps[] {
  const { name, route } = consumer;
  const customersFeel = route.withoutIt;
  const alarms: ShopAlarmProps[] = [
    deadLetters(name, consumer.deadLetterQueue, {
      customersFeel: `For the orders concerned: ${customersFeel}`,
      happened: `Messages of ${name} were given up.`,
      look: `dlq list --consumer ${name}`,
    }),
    {
      name: `${name}-oldest-message`,
      about: 'oldest-message',
      customersFeel,
      happened: `A message has waited for ${LATE.toMinutes()} minutes in the queue of ${name} without being taken.`,
      look: 'status',
      metric: consumer.queue.metricApproximateAgeOfOldestMessage({ period: MINUTE, statistic: 'Maximum' }),
      threshold: LATE.toSeconds(),
      periods: [3, 3],
    },
    {
      // SQS leaves what was received three times out of the age above, so that an outage which is waited out would not show.
      name: `${name}-late-messages`,
      about: 'late-messages',
      customersFeel,
      happened: `Messages of ${name} are still being tried ${LATE.toMinutes()} minutes after they were sent.`,
      look: 'status',
      metric: ofConsumer(name, 'Waited', 'Maximum').with({ period: Duration.minutes(5) }),
      threshold: LATE.toMilliseconds(),
      // A wait between two tries can take fifteen minutes, in which there is no figure.
      periods: [1, 3],
    },
    functionErrors(name, consumer.function, customersFeel),
  ];
  if (route.downstream !== undefined) {
    alarms.push({
      name: `${name}-breaker-open`,
      about: 'breaker-open',
      customersFeel,
      happened: `The ${route.downstream} keeps failing, so ${name} calls it only to see whether it is back.`,
      look: 'status',
      metric: ofConsumer(name, 'CircuitBreakerOpen', 'Maximum'),
      periods: [3, 5],
    });
  }
  if (consumer.rule !== undefined) {
    alarms.push({
      name: `${name}-failed-deliveries`,
      about: 'failed-deliveries',
      customersFeel: `For the orders concerned: ${customersFeel}`,
      happened: `Events from the bus did not reach the queue of ${name}.`,
      look: `dlq list --consumer ${name}`,
      metric: ofRule(bus, consumer.rule, 'FailedInvocations'),
    });
  }
  return alarms;
}

function ofSweep(sweep: Sweep): ShopAlarmProps[] {
  const customersFeel = 'Orders that got stuck stay undecided, and nobody tells their customers.';
  return [
    functionErrors('sweep', sweep.function, customersFeel),
    deadLetters('sweep', sweep.missedRuns, {
      customersFeel,
      happened: 'Runs of the sweep did not take place.',
      look: 'status',
    }),
  ];
}

function ofArchive(archive: Archive): ShopAlarmProps[] {
  const customersFeel = 'Customers feel nothing; what is not kept cannot be replayed.';
  return [
    functionErrors('archive', archive.function, customersFeel),
    deadLetters('archive', archive.deadLetterQueue, {
      customersFeel,
      happened: 'Events were not kept.',
      look: 'dlq list --consumer archive',
    }),
  ];
}

/** By what is visible in the queue: what SQS moves there itself is not counted as sent. */
function deadLetters(
  name: string,
  queue: Queue,
  says: Pick<ShopAlarmProps, 'customersFeel' | 'happened' | 'look'>,
): ShopAlarmProps {
  return {
    name: `${name}-dead-letters`,
    about: 'dead-letters',
    ...says,
    metric: queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: 'Maximum' }),
    // Of a queue that nobody has touched for hours SQS gives no figures, though the messages are still there.
    staysWithoutFigures: true,
  };
}

function functionErrors(name: string, fn: LambdaFunction, customersFeel: string): ShopAlarmProps {
  return {
    name: `${name}-function-errors`,
    about: 'function-errors',
    customersFeel,
    happened: `The function of ${name} cannot start, or dies or runs out of time without saying why.`,
    look: 'status',
    metric: fn.metricErrors({ period: MINUTE, statistic: 'Sum' }),
    // One that died costs its batch a retry, nothing else.
    periods: [3, 5],
  };
}

function failedDeliveries(name: string, topic: ITopic, customersFeel: string): ShopAlarmProps {
  return {
    name: `${name}-failed-deliveries`,
    about: 'failed-deliveries',
    customersFeel,
    happened: 'A topic could not deliver to a queue.',
    look: 'dlq list',
    metric: topic.metricNumberOfNotificationsFailed({ period: MINUTE, statistic: 'Sum' }),
  };
}
