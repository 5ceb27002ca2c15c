import { EventField, type IRuleTarget, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { Grant, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { EventContract } from '../../contracts/cloud-event.ts';
import { busPatterns } from '../filters.ts';
import { type BusRule, type BusRulesProps, setPattern } from './bus-rules.ts';

export type EndpointRulesProps = Omit<BusRulesProps, 'patterns' | 'queue' | 'deadLetterQueue'> & {
  /** Whose queue it is. */
  consumer: string;
  queue: Queue;
  deadLetterQueue: Queue;
  /** What each endpoint gets. */
  endpoints: Readonly<Record<string, readonly EventContract[]>>;
};

/** Brings a queue what travels on the bus once for each endpoint that gets it, in an envelope: `{"endpoint": "erp", "event": …}`. */
export function endpointRules(scope: Construct, { endpoints, ...props }: EndpointRulesProps): BusRule[] {
  const rules = Object.entries(endpoints).flatMap(([endpoint, contracts]) =>
    rulesOf(scope, endpoint, contracts, props),
  );
  for (const queue of [props.queue, props.deadLetterQueue]) allowRules(queue, rules);
  return rules;
}

function rulesOf(
  scope: Construct,
  endpoint: string,
  contracts: readonly EventContract[],
  { consumer, bus, queue, deadLetterQueue }: Omit<EndpointRulesProps, 'endpoints'>,
): BusRule[] {
  // AWS puts the JSON of a variable in the place of a value, whatever the strings in it are
  // (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html).
  const input = RuleTargetInput.fromObject({ endpoint, event: EventField.fromPath('$.detail') });
  const target: IRuleTarget = {
    bind: () => ({ arn: queue.queueArn, input, deadLetterConfig: { arn: deadLetterQueue.queueArn } }),
  };
  return busPatterns(consumer, contracts, endpoint).map(({ reported, pattern }) => {
    const rule = new Rule(scope, `Rule ${endpoint}${reported === undefined ? '' : ` ${reported}`}`, {
      eventBus: bus,
      eventPattern: { source: pattern.$or.flatMap(({ source }) => source) },
      targets: [target],
    });
    setPattern(rule, pattern);
    return { rule, reported, endpoint };
  });
}

/**
 * Lets all rules send in one statement. CDK's own target adds one a rule, and SQS takes 20 statements and 10 conditions
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html).
 */
function allowRules(queue: Queue, rules: readonly BusRule[]): void {
  Grant.addToPrincipalOrResource({
    grantee: new ServicePrincipal('events.amazonaws.com'),
    actions: ['sqs:SendMessage'],
    resourceArns: [queue.queueArn],
    resource: queue,
    conditions: { ArnEquals: { 'aws:SourceArn': rules.map(({ rule }) => rule.ruleArn) } },
  });
}
