import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { ShopAlarmProps } from './alarm.ts';
import type { BusRule } from './bus-rules.ts';
import type { Weight } from './function-alarms.ts';
import { MINUTE, ruleMetric } from './metrics.ts';

/** A queue, and the rules that bring it events from the bus. */
type Ruled = { name: string; rules: readonly BusRule[] };

/** What is lost is in no queue: the alarm stays for five minutes, so that whoever looks now and then sees it. */
const LOST = { kind: 'lost-messages', firstCommand: 'status', periods: [1, 5] } as const;

/** Lists the alarms of a queue's rules: what did not reach it, and of that what did not even reach its dead-letter queue. */
export function ruleAlarms({ name, rules }: Ruled, bus: EventBus, weight: Weight): ShopAlarmProps[] {
  return rules.flatMap(({ rule, ...from }): ShopAlarmProps[] => [
    {
      name: `${name}-failed-deliveries${suffixOf(from)}`,
      kind: 'failed-deliveries',
      ...weight,
      cause: `Events from the bus did not reach the queue of ${name}.`,
      firstCommand: `dlq list --consumer ${name}`,
      metric: ruleMetric(bus, rule, 'FailedInvocations'),
    },
    {
      ...LOST,
      name: `${name}-lost-events${suffixOf(from)}`,
      ...weight,
      cause: `Events from the bus reached neither the queue of ${name} nor its dead-letter queue.`,
      metric: ruleMetric(bus, rule, 'InvocationsFailedToBeSentToDlq'),
    },
  ]);
}

/** Tells the rules of a queue apart: empty for that of the stack's own events. */
function suffixOf({ reported, endpoint }: Omit<BusRule, 'rule'>): string {
  const parts = [endpoint, reported && shortName(reported)].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : `-of-${parts.join('-')}`;
}

/** Shortens an event's type to a part of an alarm's name: `payment-received`. */
const shortName = (type: string) => type.replaceAll(/^shop\.|\.v\d+$/g, '').replaceAll('.', '-');

/** Lists the alarms of a topic's subscriptions: AWS counts them together, those of other teams too. */
export function topicAlarms(name: string, topic: ITopic, impact: string): ShopAlarmProps[] {
  const sum = { period: MINUTE, statistic: 'Sum' };
  return [
    {
      name: `${name}-failed-deliveries`,
      kind: 'failed-deliveries',
      severity: 'critical',
      impact,
      cause: 'A topic could not deliver to a queue.',
      firstCommand: 'dlq list',
      metric: topic.metricNumberOfNotificationsFailed(sum),
    },
    {
      ...LOST,
      name: `${name}-lost-messages`,
      severity: 'critical',
      impact,
      cause: 'Messages of a topic reached neither a queue nor its dead-letter queue.',
      metric: topic.metric('NumberOfNotificationsFailedToRedriveToDlq', sum),
    },
  ];
}
