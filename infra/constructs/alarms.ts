import { Duration } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { PARTNER_RECEIVES } from '../partner-settings.ts';
import type { ShopAlarmProps } from './alarm.ts';
import type { Archive } from './archive.ts';
import type { Consumer } from './consumer.ts';
import { ruleAlarms, topicAlarms } from './delivery-alarms.ts';
import { functionAlarms, scheduleAlarms, type Weight } from './function-alarms.ts';
import type { Intake } from './intake.ts';
import { consumerMetric, MINUTE } from './metrics.ts';
import type { MonitoredResources } from './monitored-resources.ts';
import type { Partner } from './partner.ts';
import type { Sweep } from './sweep.ts';

/** A message that is not done after this long needs attention; a single retry does not take that long. */
const LATE = Duration.minutes(10);

/** A partner may read its queue now and then; who runs it is called when it stands still for this long. */
const PARTNER_LATE = Duration.hours(1);

/** So many hours into a pause somebody is reminded of it: the sweep cancels undecided orders after two days. */
const PAUSED_HOURS = 4;

/** Parked letters are renewed after seven of their fourteen days, so three days leave time to act. */
const UNATTENDED_HOURS = 72;

/** So many messages given up at once are not a publisher's mistake in some orders. */
const MANY = 10;

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
    ...archiveAlarms(archive, bus),
    ...(intake === undefined ? [] : intakeAlarms(intake)),
    ...topicAlarms('orders-topic', orders, 'Some orders are handled in part: a consumer never received them.'),
    ...topicAlarms('lifecycle-feed', lifecycle, feedImpact(consumers.shipping, partners)),
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
    {
      // A single letter can wait until the morning. A deployment that gives up every order cannot, and nothing else shows it: its function works.
      name: `${name}-many-dead-lettered`,
      kind: 'dead-letters',
      severity,
      impact: `For the orders concerned: ${impact}`,
      cause: `The function of ${name} gave up ${MANY} messages or more within five minutes.`,
      firstCommand: `dlq list --consumer ${name}`,
      metric: consumerMetric(name, 'DeadLettered', 'Sum').with({ period: Duration.minutes(5) }),
      threshold: MANY,
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
    ...functionAlarms(name, consumer.function, { severity, impact }),
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

function sweepAlarms(sweep: Sweep): ShopAlarmProps[] {
  const impact = 'Orders that got stuck stay undecided, and nobody tells their customers.';
  const shared = { severity: 'warning', impact } as const;
  const quarterHours = { period: Duration.minutes(15) };
  return [
    ...functionAlarms('sweep', sweep.function, shared),
    ...scheduleAlarms('sweep', sweep.function, shared),
    deadLetterAlarm('sweep', sweep.missedRuns, {
      impact,
      cause: 'Runs of the sweep did not take place.',
      firstCommand: 'dlq list --consumer sweep',
    }),
    {
      name: 'paused-consumers',
      kind: 'paused-consumers',
      severity: 'warning',
      impact: 'What a consumer does not take is not done, and is lost to it after a week.',
      cause: `A consumer has been paused or switched off for ${PAUSED_HOURS} hours.`,
      firstCommand: 'status',
      metric: consumerMetric('sweep', 'PausedHours', 'Maximum').with(quarterHours),
      threshold: PAUSED_HOURS,
    },
    {
      name: 'parked-letters-unattended',
      kind: 'missed-sweeps',
      severity: 'warning',
      impact: 'Dead letters that somebody looks after are lost two weeks after they were parked.',
      cause: `The sweep, which looks at parked letters once a day, has not got through them for ${UNATTENDED_HOURS / 24} days.`,
      firstCommand: 'logs sweep',
      metric: consumerMetric('sweep', 'ParkedUnattendedHours', 'Maximum').with(quarterHours),
      threshold: UNATTENDED_HOURS,
    },
  ];
}

function archiveAlarms(archive: Archive, bus: EventBus): ShopAlarmProps[] {
  const impact = 'Customers feel nothing; what is not kept cannot be replayed.';
  const shared = { severity: 'warning', impact } as const;
  const firstCommand = 'dlq list --consumer archive';
  return [
    ...functionAlarms('archive', archive.function, shared),
    oldestMessageAlarm('archive', archive.queue, { ...shared, late: LATE }),
    deadLetterAlarm('archive', archive.deadLetterQueue, { impact, cause: 'Events were not kept.', firstCommand }),
    deadLetterAlarm('archive-undelivered-steps', archive.undeliveredSteps, {
      impact,
      cause: 'Steps of the lifecycle feed did not reach the queue of the archive.',
      firstCommand,
    }),
    ...ruleAlarms({ name: 'archive', rules: archive.rules }, bus, shared),
  ];
}

function intakeAlarms({ function: fn }: Intake): ShopAlarmProps[] {
  const impact = 'What senders post does not become an order until they send it again, and some give up.';
  const shared = { kind: 'intake', severity: 'critical', impact, firstCommand: 'logs intake' } as const;
  return [
    // Nothing keeps a request for later.
    ...functionAlarms('intake', fn, { severity: 'critical', impact }, 'critical'),
    {
      ...shared,
      name: 'intake-failed',
      cause: 'The intake answered requests with 5xx.',
      metric: fn.metric('Url5xxCount', { period: MINUTE, statistic: 'Sum' }),
      // A single failure is made up for by the sender's next try.
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
