import { describe, expect, test } from 'vitest';
import { routing } from '../../infra/routing.ts';
import { actionsOf, synthesise } from '../builders/template.ts';

const template = synthesise();
const names = Object.keys(routing);

// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
type Statement = any;

describe.each(names)('The role of %s', (name) => {
  const { role, queue, deadLetterQueue } = template.consumer(name);
  const statements: Statement[] = role.properties.PolicyDocument.Statement;

  test('allows no action by wildcard', () => {
    expect(statements.flatMap(actionsOf).filter((action) => action.includes('*'))).toEqual([]);
  });

  test('names every resource, except for phone numbers and traces', () => {
    const open = statements.filter(({ Resource }) =>
      [Resource].flat().some((one) => one === undefined || JSON.stringify(one).includes('*')),
    );
    const texts = {
      Effect: 'Allow',
      Action: 'sns:Publish',
      NotResource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':sns:*:*:*']] },
    };
    const traces = { Effect: 'Allow', Action: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], Resource: '*' };
    const exceptions: Record<string, unknown[]> = { notification: [texts] };
    expect(open).toEqual([traces, ...(exceptions[name] ?? [])]);
  });

  test("allows receiving from the consumer's queue and sending to its dead-letter queue only", () => {
    const actionsOn = (id: string) =>
      statements
        .filter(({ Resource }) => [Resource].flat().some((one) => one?.['Fn::GetAtt']?.[0] === id))
        .flatMap(actionsOf);
    expect(actionsOn(queue.id)).toEqual(
      expect.arrayContaining(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility']),
    );
    expect(actionsOn(queue.id)).not.toContain('sqs:SendMessage');
    expect(actionsOn(deadLetterQueue.id)).toContain('sqs:SendMessage');
    expect(actionsOn(deadLetterQueue.id)).not.toContain('sqs:ReceiveMessage');
  });

  test("allows no access to another consumer's queues", () => {
    const others = names.filter((other) => other !== name).map((other) => template.consumer(other));
    const foreign = others.flatMap((other) => [other.queue.id, other.deadLetterQueue.id]);
    for (const id of foreign) expect(JSON.stringify(statements)).not.toContain(`"${id}"`);
  });
});

/** The two consumers that write orders: one reads the orders topic, one reads outcomes from the bus. */
const ORDER_CONSUMERS = ['order', 'outcomes'];

describe('The lifecycle topic', () => {
  const topic = template.outputValue('OrderLifecycleTopicArn').Ref;

  test('can be published to by the order consumers only, and order alone to the orders topic too', () => {
    const mayPublish = names.flatMap((name) =>
      (template.consumer(name).role.properties.PolicyDocument.Statement as Statement[])
        .filter((statement) => actionsOf(statement).includes('sns:Publish') && statement.NotResource === undefined)
        .map(({ Resource }) => ({ name, Resource })),
    );
    const orders = template.outputValue('OrdersTopicArn');
    expect(mayPublish).toEqual([
      { name: 'order', Resource: [{ Ref: topic }, orders] },
      { name: 'outcomes', Resource: { Ref: topic } },
    ]);
  });

  test.each(ORDER_CONSUMERS)('is configured for %s', (name) => {
    const { properties } = template.consumer(name).function;
    expect(properties.Environment.Variables.LIFECYCLE_TOPIC_ARN).toEqual({ Ref: topic });
  });
});

describe('Each table', () => {
  test('is written by one consumer, except the orders table, which two write', () => {
    const orders = template.outputValue('OrdersTableName').Ref;
    for (const { id } of template.resources('AWS::DynamoDB::Table')) {
      const writers = [...names, 'archive'].filter((name) =>
        JSON.stringify(template.consumer(name).role.properties).includes(`"${id}"`),
      );
      if (id === orders) expect(writers).toEqual(ORDER_CONSUMERS);
      else expect(writers, id).toHaveLength(1);
    }
  });
});

describe('A queue or topic policy', () => {
  const policies = [...template.resources('AWS::SQS::QueuePolicy'), ...template.resources('AWS::SNS::TopicPolicy')];
  const refusesPlainText = ({ Effect, Condition }: Statement) =>
    Effect === 'Deny' && Condition?.Bool?.['aws:SecureTransport'] === 'false';

  test.each(policies.map(({ id, properties }) => ({ id, properties })))(
    'denies requests without TLS: $id',
    ({ properties }) => {
      expect(properties.PolicyDocument.Statement.filter(refusesPlainText)).toHaveLength(1);
    },
  );

  test('exists for each queue and each topic', () => {
    const covered = policies
      .flatMap(({ properties }) => [...(properties.Queues ?? []), ...(properties.Topics ?? [])])
      .map(({ Ref }) => Ref);
    const senders = [...template.resources('AWS::SQS::Queue'), ...template.resources('AWS::SNS::Topic')].map(
      ({ id }) => id,
    );
    expect(covered.sort()).toEqual(senders.sort());
  });

  test('allows only AWS services', () => {
    for (const { properties } of policies) {
      const allows = properties.PolicyDocument.Statement.filter(({ Effect }: Statement) => Effect === 'Allow');
      for (const { Principal } of allows) expect(Object.keys(Principal)).toEqual(['Service']);
    }
  });
});
