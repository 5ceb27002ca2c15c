import type { EventBus } from 'aws-cdk-lib/aws-events';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { type EventContract, sourcesOf } from '../../contracts/cloud-event.ts';

/** Grants to put these events on the bus, each under the source in its contract, and no others; contracts of other channels are ignored. */
export function grantPutEvents(bus: EventBus, grantee: IGrantable, contracts: readonly EventContract[]): void {
  const onBus = contracts.filter(({ channel }) => channel === 'bus');
  if (onBus.length === 0) return;
  Grant.addToPrincipal({
    grantee,
    actions: ['events:PutEvents'],
    resourceArns: [bus.eventBusArn],
    // A call has up to ten entries. `ForAllValues` demands an allowed value of each of them, but is also true of a request without the key, so
    // `Null` demands that. (`StringEquals` might refuse entries of two types: it is true of single values.)
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html#eb-allowed-sources-events-pattern
    conditions: {
      'ForAllValues:StringEquals': {
        'events:source': sourcesOf(onBus),
        'events:detail-type': onBus.map(({ type }) => type),
      },
      Null: { 'events:source': 'false', 'events:detail-type': 'false' },
    },
  });
}
