import { type EventBus, type EventPattern, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { type EventContract, sourcesOf } from '../../contracts/cloud-event.ts';

export type BusRulesProps = {
  bus: EventBus;
  /** What the queue is to get; contracts of other channels are ignored. */
  contracts: readonly EventContract[];
  queue: IQueue;
  deadLetterQueue: IQueue;
};

/** A rule on the bus; `reported` is the type of the event that it brings from outside, `undefined` for the stack's own events. */
export type BusRule = { rule: Rule; reported: string | undefined };

/**
 * Brings a queue what travels on the bus: the bare event, as on the topic, and only from the publisher the contract names.
 *
 * The stack's own functions may put anything on the bus, so one rule brings all that they publish. A service outside may use one source and one
 * detail type, as its policy says, but chooses the detail freely, and the detail is what arrives. So each event that services send has a
 * rule of its own, which also matches the type and the source in the detail: nobody can report what only the stack may say.
 */
export function busRules(scope: Construct, { bus, contracts, queue, deadLetterQueue }: BusRulesProps): BusRule[] {
  const onBus = contracts.filter(({ channel }) => channel === 'bus');
  const own = onBus.filter(({ sentBy }) => sentBy === 'stack');
  const reported = onBus.filter(({ sentBy }) => sentBy === 'services');
  const rule = (id: string, eventPattern: EventPattern) =>
    new Rule(scope, id, {
      eventBus: bus,
      eventPattern,
      targets: [new SqsQueue(queue, { message: RuleTargetInput.fromEventPath('$.detail'), deadLetterQueue })],
    });
  return [
    ...(own.length === 0
      ? []
      : [{ rule: rule('Rule', { source: sourcesOf(own), detailType: typesOf(own) }), reported: undefined }]),
    ...reported.map((contract) => ({
      rule: rule(`Rule ${contract.type}`, reportPattern(contract)),
      reported: contract.type,
    })),
  ];
}

const typesOf = (contracts: readonly EventContract[]) => contracts.map(({ type }) => type);

function reportPattern(contract: EventContract): EventPattern {
  const source = sourcesOf([contract]);
  const type = [contract.type];
  return { source, detailType: type, detail: { type, source } };
}
