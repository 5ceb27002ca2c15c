import { Aws, Duration, Fn } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { EventBus, Rule } from 'aws-cdk-lib/aws-events';

/** Where the functions' figures are (`METRICS_NAMESPACE`): the stack's name. */
export const NAMESPACE = Aws.STACK_NAME;

/** Figures are looked at by the minute, which is how often AWS takes most of them. */
export const MINUTE = Duration.minutes(1);

/** What a consumer counts itself (`lambdas/runtime/metrics.ts`), by the minute. */
export const consumerMetric = (consumer: string, metricName: string, statistic: string): Metric =>
  new Metric({ namespace: NAMESPACE, metricName, dimensionsMap: { consumer }, statistic, period: MINUTE });

/** A business figure, by five minutes. */
export const businessMetric = (metricName: string, dimensionsMap: Record<string, string> = {}): Metric =>
  new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap,
    statistic: 'Sum',
    period: Duration.minutes(5),
  });

/** What EventBridge counts about a rule on a bus of ours, by the minute. */
export const ruleMetric = (bus: EventBus, rule: Rule, metricName: string): Metric =>
  new Metric({
    namespace: 'AWS/Events',
    metricName,
    // Of a rule on a bus of one's own, `Ref` gives `bus|rule`, which no figure is filed under: the ARN ends in /bus/rule.
    dimensionsMap: { EventBusName: bus.eventBusName, RuleName: Fn.select(2, Fn.split('/', rule.ruleArn)) },
    statistic: 'Sum',
    period: MINUTE,
  });
