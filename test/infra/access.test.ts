import { describe, expect, test } from 'vitest';
import { routing } from '../../infra/routing.ts';
import { actionsOf, synthesise } from '../builders/template.ts';

const template = synthesise();
const names = Object.keys(routing);

// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
type Statement = any;

describe.each(names)('The function of %s', (name) => {
  const { role, queue, deadLetterQueue } = template.consumer(name);
  const statements: Statement[] = role.properties.PolicyDocument.Statement;

  test('may do nothing by wildcard', () => {
    expect(statements.flatMap(actionsOf).filter((action) => action.includes('*'))).toEqual([]);
  });

  test('may touch only what is named, but for what has no name: a phone number, and the traces', () => {
    const open = statements.filter(({ Resource }) =>
      [Resource].flat().some((one) => one === undefined || JSON.stringify(one).includes('*')),
    );
    const texts = { Effect: 'Allow', Action: 'sns:Publish', NotResource: expect.stringContaining(':sns:') };
    const traces = { Effect: 'Allow', Action: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], Resource: '*' };
    const known: Record<string, unknown[]> = { notification: [texts] };
    expect(open).toEqual([traces, ...(known[name] ?? [])]);
  });

  test('may receive from its own queue and send to its own dead-letter queue, and not the reverse', () => {
    const mayOn = (id: string) =>
      statements
        .filter(({ Resource }) => [Resource].flat().some((one) => one?.['Fn::GetAtt']?.[0] === id))
        .flatMap(actionsOf);
    expect(mayOn(queue.id)).toEqual(
      expect.arrayContaining(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility']),
    );
    expect(mayOn(queue.id)).not.toContain('sqs:SendMessage');
    expect(mayOn(deadLetterQueue.id)).toContain('sqs:SendMessage');
    expect(mayOn(deadLetterQueue.id)).not.toContain('sqs:ReceiveMessage');
  });

  test('may not touch what belongs to another consumer', () => {
    const others = names.filter((other) => other !== name).map((other) => template.consumer(other));
    const foreign = others.flatMap((other) => [other.queue.id, other.deadLetterQueue.id]);
    for (const id of foreign) expect(JSON.stringify(statements)).not.toContain(`"${id}"`);
  });
});

/** Those who keep orders: the topic's front door, and who hears from the bus what becomes of them. */
const DECIDERS = ['order', 'outcomes'];

describe('The lifecycle topic', () => {
  const topic = template.outputValue('OrderLifecycleTopicArn').Ref;

  test('is published to by those who keep orders only, who may publish to no other topic', () => {
    const mayPublish = names.flatMap((name) =>
      (template.consumer(name).role.properties.PolicyDocument.Statement as Statement[])
        .filter((statement) => actionsOf(statement).includes('sns:Publish') && statement.NotResource === undefined)
        .map(({ Resource }) => ({ name, Resource })),
    );
    expect(mayPublish).toEqual(DECIDERS.map((name) => ({ name, Resource: { Ref: topic } })));
  });

  test.each(DECIDERS)('is known to %s', (name) => {
    const { properties } = template.consumer(name).function;
    expect(properties.Environment.Variables.LIFECYCLE_TOPIC_ARN).toEqual({ Ref: topic });
  });
});

describe('Each table', () => {
  test('is written by one consumer only, but for the orders, which two keep by the same rules', () => {
    const orders = template.outputValue('OrdersTableName').Ref;
    for (const { id } of template.resources('AWS::DynamoDB::Table')) {
      const writers = [...names, 'archive'].filter((name) =>
        JSON.stringify(template.consumer(name).role.properties).includes(`"${id}"`),
      );
      if (id === orders) expect(writers).toEqual(DECIDERS);
      else expect(writers, id).toHaveLength(1);
    }
  });
});

describe('Everything that can be sent to', () => {
  const policies = [...template.resources('AWS::SQS::QueuePolicy'), ...template.resources('AWS::SNS::TopicPolicy')];
  const refusesPlainText = ({ Effect, Condition }: Statement) =>
    Effect === 'Deny' && Condition?.Bool?.['aws:SecureTransport'] === 'false';

  test.each(policies.map(({ id, properties }) => ({ id, properties })))(
    '$id takes nothing but TLS',
    ({ properties }) => {
      expect(properties.PolicyDocument.Statement.filter(refusesPlainText)).toHaveLength(1);
    },
  );

  test('has a policy: each queue and each topic', () => {
    const covered = policies
      .flatMap(({ properties }) => [...(properties.Queues ?? []), ...(properties.Topics ?? [])])
      .map(({ Ref }) => Ref);
    const senders = [...template.resources('AWS::SQS::Queue'), ...template.resources('AWS::SNS::Topic')].map(
      ({ id }) => id,
    );
    expect(covered.sort()).toEqual(senders.sort());
  });

  test('is open to nobody in general', () => {
    for (const { properties } of policies) {
      const allows = properties.PolicyDocument.Statement.filter(({ Effect }: Statement) => Effect === 'Allow');
      for (const { Principal } of allows) expect(Object.keys(Principal)).toEqual(['Service']);
    }
  });
});
