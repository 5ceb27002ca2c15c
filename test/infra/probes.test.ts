import { describe, expect, test } from 'vitest';
import { paymentReceived } from '../../contracts/payment.ts';
import { PROBE_SOURCE, probeTypeOf } from '../../lambdas/runtime/probe.ts';
import { matchPattern } from '../../ops/explain/pattern.ts';
import { expectedHops, originOf } from '../../ops/verify/hops.ts';
import { actionsOf, synthesise } from '../builders/template.ts';

const template = synthesise();
const hops = expectedHops();
const rules = template
  .resources('AWS::Events::Rule')
  .flatMap(({ id, properties }) =>
    properties.EventPattern === undefined ? [] : [{ id, pattern: properties.EventPattern }],
  );
const busHops = hops.filter(({ channel }) => channel === 'bus');

/** An event on the bus, as EventBridge matches it. */
const onBus = (outside: { source: string; type: string }, detail: { source: string; type: string } = outside) => ({
  value: { source: outside.source, 'detail-type': outside.type, detail },
  partial: false,
});
const passing = (subject: ReturnType<typeof onBus>) =>
  rules.filter(({ pattern }) => matchPattern(pattern, subject).verdict === 'yes').map(({ id }) => id);

describe('Every hop of the deployment', () => {
  test.each(hops.map((hop) => [originOf(hop), hop.consumer, hop] as const))(
    'from the %s to %s is deployed with the filter that ops verify expects',
    (_, consumer, { channel, filter }) => {
      const { subscriptions, rules: own } = template.consumer(consumer);
      const output = channel === 'topic' ? 'OrdersTopicArn' : 'OrderLifecycleTopicArn';
      const deployed =
        channel === 'bus'
          ? own.map(({ properties }) => properties.EventPattern)
          : subscriptions
              .filter(({ properties }) => properties.TopicArn.Ref === template.outputValue(output).Ref)
              .map(({ properties }) => properties.FilterPolicy);
      expect(deployed).toContainEqual(filter);
    },
  );

  test('is expected: as many as there are subscriptions of queues and rules on the bus', () => {
    const subscriptions = template
      .resources('AWS::SNS::Subscription')
      .filter(({ properties }) => properties.Protocol === 'sqs');
    expect(hops).toHaveLength(subscriptions.length + rules.length);
  });

  test('has a type of probe of its own, so that what was answered tells which way it came', () => {
    expect(new Set(hops.map(({ probe }) => probe)).size).toBe(hops.length);
  });
});

describe('A probe on the bus', () => {
  test.each(busHops.map((hop) => [originOf(hop), hop.consumer, hop.probe] as const))(
    'from %s to %s passes the one rule that it is for',
    (_, consumer, type) => {
      const [id, ...others] = passing(onBus({ source: PROBE_SOURCE, type }));
      expect(id).toMatch(new RegExp(`^${consumer}`, 'i'));
      expect(others).toEqual([]);
    },
  );

  test('opens nothing to whoever may send probes: no event passes under their source', () => {
    for (const { pattern } of rules)
      for (const type of pattern.$or[0]['detail-type'])
        for (const source of pattern.$or[0].source) {
          expect(passing(onBus({ source: PROBE_SOURCE, type }, { source, type }))).toEqual([]);
          for (const { probe } of busHops)
            expect(passing(onBus({ source: PROBE_SOURCE, type: probe }, { source, type }))).toEqual([]);
        }
  });

  test('cannot be sent by a reporter of payments, whose policy names the source and the type but not the detail', () => {
    const { type, source = '' } = paymentReceived;
    for (const { probe } of busHops)
      expect(passing(onBus({ source, type }, { source: PROBE_SOURCE, type: probe }))).toEqual([]);
    expect(passing(onBus({ source, type }))).toHaveLength(2);
  });

  test('can be put there by no function', () => {
    const statements = template
      .resources('AWS::IAM::Policy')
      .flatMap(({ properties }) => properties.PolicyDocument.Statement)
      .filter((statement) => actionsOf(statement).includes('events:PutEvents'));
    expect(statements).not.toEqual([]);
    for (const { Condition } of statements) {
      const sources = Condition['ForAllValues:StringEquals']['events:source'];
      expect([sources].flat()).not.toContain(PROBE_SOURCE);
    }
  });

  test('is not kept by the archive of the bus', () => {
    const [archive] = template.resources('AWS::Events::Archive');
    expect(archive?.properties.EventPattern.source).not.toContain(PROBE_SOURCE);
  });
});

test('the type of a probe changes with the values of its filter, in whatever order they stand', () => {
  expect(probeTypeOf('payment', ['a', 'b'])).toBe(probeTypeOf('payment', ['b', 'a']));
  expect(probeTypeOf('payment', ['a', 'b'])).not.toBe(probeTypeOf('payment', ['a']));
  expect(probeTypeOf('payment', ['a'])).not.toBe(probeTypeOf('stock', ['a']));
});

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
test('no pattern is longer than EventBridge takes by default', () => {
  for (const { id, pattern } of rules) expect(JSON.stringify(pattern).length, id).toBeLessThan(2_048);
});
