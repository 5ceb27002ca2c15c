import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  MathExpression,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { cancelReason } from '../../contracts/order.ts';
import { chunk } from '../../lambdas/runtime/chunk.ts';
import type { Consumer } from './consumer.ts';
import { businessMetric, consumerMetric, MINUTE, NAMESPACE, ruleMetric } from './metrics.ts';
import type { MonitoredResources } from './monitored-resources.ts';
import type { Partner } from './partner.ts';

const COLUMNS = 24;

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
const MAX_ALARMS_OF_WIDGET = 100;

export type ShopDashboardProps = MonitoredResources & { alarms: readonly IAlarm[]; name: string };

/** One page: alarms, business metrics, a row per consumer and partner, and failed deliveries. */
export class ShopDashboard extends Construct {
  constructor(scope: Construct, id: string, props: ShopDashboardProps) {
    const { alarms, name, consumers, partners, orders, lifecycle, bus } = props;
    super(scope, id);
    const dashboard = new Dashboard(this, 'Resource', { dashboardName: name });
    for (const some of chunk(alarms, MAX_ALARMS_OF_WIDGET)) {
      dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', alarms: some, width: COLUMNS, height: 6 }));
    }
    dashboard.addWidgets(...business());
    for (const consumer of Object.values(consumers)) {
      const markdown = `## ${consumer.name}\nWithout it: ${consumer.route.impact}`;
      dashboard.addWidgets(new TextWidget({ markdown, width: COLUMNS, height: 2 }));
      dashboard.addWidgets(...ofOneConsumer(consumer));
    }
    for (const partner of partners) dashboard.addWidgets(...ofOnePartner(partner));
    dashboard.addWidgets(
      ...row({
        'Topics: not delivered': [...undelivered('orders', orders), ...undelivered('lifecycle', lifecycle)],
        'Bus: not delivered': [...Object.values(consumers), ...partners].flatMap(({ name: each, rules }) =>
          rules.flatMap(({ rule, endpoint, reported }) =>
            notInvoked([each, endpoint, reported].filter((part) => part !== undefined).join(', '), bus, rule),
          ),
        ),
      }),
    );
  }
}

/** Places graphs side by side over the whole width. */
const row = (graphs: Record<string, IMetric[]>): GraphWidget[] =>
  Object.entries(graphs).map(
    ([title, left], _, all) =>
      new GraphWidget({ title, left, width: COLUMNS / all.length, height: 5, leftYAxis: { min: 0 } }),
  );

function ofOneConsumer({ name, queue, deadLetterQueue, function: fn }: Consumer): GraphWidget[] {
  const byMinute = { period: MINUTE, statistic: 'Maximum' };
  const waiting = queue.metricApproximateNumberOfMessagesVisible({ ...byMinute, label: 'waiting' });
  const done = consumerMetric(name, 'Done', 'Sum').with({ label: 'done' });
  const drained = new MathExpression({
    expression: 'waiting / (FILL(done, 0) / PERIOD(done))',
    usingMetrics: { waiting, done },
    label: 'seconds until drained',
    period: MINUTE,
  });
  return row({
    'Throughput, a minute': [done],
    Depth: [
      waiting,
      queue.metricApproximateNumberOfMessagesNotVisible({ ...byMinute, label: 'in flight or waiting for a retry' }),
    ],
    'Age of the oldest, s': [queue.metricApproximateAgeOfOldestMessage({ ...byMinute, label: 'oldest' })],
    'Latency, ms': [
      consumerMetric(name, 'Waited', 'p50').with({ label: 'waited, half' }),
      consumerMetric(name, 'Waited', 'p99').with({ label: 'waited, 99 %' }),
      consumerMetric(name, 'Took', 'p99').with({ label: 'batch took, 99 %' }),
    ],
    Errors: [
      consumerMetric(name, 'Retried', 'Sum').with({ label: 'retried' }),
      consumerMetric(name, 'DeadLettered', 'Sum').with({ label: 'dead-lettered' }),
      deadLetterQueue.metricApproximateNumberOfMessagesVisible({ ...byMinute, label: 'dead letters there' }),
      fn.metricErrors({ period: MINUTE, label: 'function errors' }),
      fn.metricThrottles({ period: MINUTE, label: 'function throttles' }),
    ],
    'Time to drain, s': [drained],
  });
}

function ofOnePartner({ name, queue, deadLetterQueue }: Partner): GraphWidget[] {
  const byMinute = { period: MINUTE, statistic: 'Maximum' };
  return row({
    [`Partner ${name}: depth`]: [
      queue.metricApproximateNumberOfMessagesVisible({ ...byMinute, label: 'waiting' }),
      queue.metricApproximateNumberOfMessagesNotVisible({ ...byMinute, label: 'in flight' }),
    ],
    'Age of the oldest, s': [queue.metricApproximateAgeOfOldestMessage({ ...byMinute, label: 'oldest' })],
    'Deleted, a minute': [queue.metricNumberOfMessagesDeleted({ period: MINUTE, label: 'deleted' })],
    'Dead letters': [deadLetterQueue.metricApproximateNumberOfMessagesVisible({ ...byMinute, label: 'there' })],
  });
}

function business(): GraphWidget[] {
  const revenue = (metric: string) =>
    new MathExpression({
      // A search finds currencies that are used for the first time.
      expression: `SEARCH('{${NAMESPACE},currency} MetricName="${metric}"', 'Sum', 300)`,
      label: metric,
      usingMetrics: {},
    });
  return row({
    Orders: ['OrdersPlaced', 'OrdersConfirmed', 'OrdersCancelled'].map((name) => businessMetric(name)),
    'Cancelled, by reason': cancelReason.options.map((reason) =>
      businessMetric('OrdersCancelled', { reason }).with({ label: reason }),
    ),
    'Payments and texts': ['PaymentsCaptured', 'PaymentsDeclined', 'PaymentsRefunded', 'TextsSent', 'TextsRefused'].map(
      (name) => businessMetric(name),
    ),
    'Revenue, in minor units of its currency': [revenue('RevenueCaptured'), revenue('RevenueRefunded')],
  });
}

const undelivered = (name: string, topic: ITopic): IMetric[] =>
  ['Failed', 'RedrivenToDlq', 'FailedToRedriveToDlq'].map((what) =>
    topic.metric(`NumberOfNotifications${what}`, { period: MINUTE, statistic: 'Sum', label: `${name}: ${what}` }),
  );

const notInvoked = (name: string, bus: EventBus, rule: Rule): IMetric[] =>
  ['FailedInvocations', 'ThrottledRules', 'InvocationsSentToDlq', 'InvocationsFailedToBeSentToDlq'].map((what) =>
    ruleMetric(bus, rule, what).with({ label: `${name}: ${what}` }),
  );
