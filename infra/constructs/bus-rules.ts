import { CfnRule, type EventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { BusPattern, EventBranch, EventPattern } from '../filters.ts';

export type BusRulesProps = {
  bus: EventBus;
  /** What the queue is to get. */
  patterns: readonly (BusPattern | EventPattern)[];
  queue: IQueue;
  deadLetterQueue: IQueue;
};

/**
 * A rule on the bus; `reported` is the type of the event that it brings from outside, `undefined` for the stack's own events; `endpoint` is whom
 * its events are meant for, where they are meant for one of several.
 */
export type BusRule = { rule: Rule; reported: string | undefined; endpoint?: string };

/** Brings a queue what travels on the bus, as the patterns say: the bare event, as on the topic. */
export function busRules(scope: Construct, { bus, patterns, queue, deadLetterQueue }: BusRulesProps): BusRule[] {
  return patterns.map(({ reported, pattern }) => {
    const branches = '$or' in pattern ? pattern.$or : [pattern];
    const rule = new Rule(scope, reported === undefined ? 'Rule' : `Rule ${reported}`, {
      eventBus: bus,
      eventPattern: { source: branches.flatMap(({ source }) => source) },
      targets: [new SqsQueue(queue, { message: RuleTargetInput.fromEventPath('$.detail'), deadLetterQueue })],
    });
    setPattern(rule, pattern);
    return { rule, reported };
  });
}

/** Sets a pattern that CDK's own type of a pattern has no place for: it does not know `$or`. */
export function setPattern({ node: { defaultChild } }: Rule, pattern: BusPattern['pattern'] | EventBranch): void {
  if (defaultChild instanceof CfnRule) defaultChild.eventPattern = pattern;
}
