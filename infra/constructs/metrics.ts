import { Aws, Duration, Fn } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { EventBus, Rule } from 'aws-cdk-lib/aws-events';

/** The namespace of the functions' metrics (`METRICS_NAMESPACE`): the stack's name. */
export const NAMESPACE = Aws.STACK_NAME;

/** The period of most metrics, which is how often AWS publishes them. */
export const MINUTE = Duration.minutes(1);

/** A metric that a consumer publishes itself (`lambdas/runtime/metrics.ts`), per minute. */
export const consumerMetric = (consumer: string, metricName: string, statistic: string): Metric =>
  new Metric({ namespace: NAMESPACE, metricName, dimensionsMap: { consumer }, statistic, period: MINUTE });

/** A business metric, per five minutes. */
export const businessMetric = (metricName: string, dimensionsMap: Record<string, string> = {}): Metric =>
  new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap,
    statistic: 'Sum',
    period: Duration.minutes(5),
  });

/** A metric of EventBridge about a rule on our bus, per minute. */
export const ruleMetric = (bus: EventBus, rule: Rule, metricName: string): Metric =>
  new Metric({
    namespace: 'AWS/Events',
    metricName,
    // For a rule on a custom bus, `Ref` returns `bus|rule`, which no metric has as its dimension; the ARN ends in /bus/rule.
    dimensionsMap: { EventBusName: bus.eventBusName, RuleName: Fn.select(2, Fn.split('/', rule.ruleArn)) },
    statistic: 'Sum',
    period: MINUTE,
  });
