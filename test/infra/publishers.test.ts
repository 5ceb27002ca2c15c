import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { Publishers } from '../../infra/constructs/publishers.ts';
import { synthesise } from '../builders/template.ts';

const template = synthesise();
const orders = template.outputValue('OrdersTopicArn');

const managedPolicies = (prefix: string) =>
  template.resources('AWS::IAM::ManagedPolicy').filter(({ id }) => id.startsWith(prefix));

describe('The managed policy for publishers', () => {
  const policies = managedPolicies('PublishersPublishPolicy');
  const [key] = template.resources('AWS::KMS::Key');

  test('allows publishing to the orders topic and nothing else', () => {
    expect(policies).toHaveLength(1);
    expect(policies[0]?.properties.PolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: 'sns:Publish', Resource: orders },
      // SNS needs these to encrypt on behalf of the publisher.
      {
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        Resource: { 'Fn::GetAtt': [key?.id, 'Arn'] },
      },
    ]);
  });

  test('is attached to no role and is a stack output', () => {
    expect(policies[0]?.properties).not.toHaveProperty('Roles');
    expect(template.outputValue('PublishPolicyArn')).toEqual({ Ref: policies[0]?.id });
  });

  test('has no fixed name, so that several stages fit into one account', () => {
    expect(policies[0]?.properties).not.toHaveProperty('ManagedPolicyName');
  });
});

describe('The managed policy for who reports payments', () => {
  const [policy, ...others] = managedPolicies('PublishersPaymentReporterPolicy');
  const allowed = { 'events:source': ['/shop/payments'], 'events:detail-type': ['shop.payment.received.v1'] };
  const [bus] = template.resources('AWS::Events::EventBus');

  test('allows putting that one event on the bus, under its source, in every entry, and nothing else', () => {
    expect(policy?.properties.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Resource: { 'Fn::GetAtt': [bus?.id, 'Arn'] },
        Condition: {
          'ForAllValues:StringEquals': allowed,
          Null: { 'events:source': 'false', 'events:detail-type': 'false' },
        },
      },
    ]);
  });

  test('is attached to no role, has no fixed name and is a stack output', () => {
    expect(others).toEqual([]);
    expect(Object.keys(policy?.properties).sort()).toEqual(['Description', 'Path', 'PolicyDocument']);
    expect(template.outputValue('PaymentReporterPolicyArn')).toEqual({ Ref: policy?.id });
  });

  test('is, beside that for publishers, the only managed policy', () => {
    expect(managedPolicies('')).toHaveLength(2);
  });
});

describe('The SSM parameters for publishers', () => {
  const names = (stage: string) =>
    Object.fromEntries(
      synthesise({ stage })
        .resources('AWS::SSM::Parameter')
        .map(({ properties }) => [properties.Name, properties.Value]),
    );

  test('contain the topics, the bus and the policies', () => {
    expect(names('dev')).toEqual({
      '/ShopMessaging/dev/orders-topic-arn': orders,
      '/ShopMessaging/dev/order-lifecycle-topic-arn': template.outputValue('OrderLifecycleTopicArn'),
      '/ShopMessaging/dev/event-bus-name': template.outputValue('EventBusName'),
      '/ShopMessaging/dev/publish-policy-arn': template.outputValue('PublishPolicyArn'),
      '/ShopMessaging/dev/payment-reporter-policy-arn': template.outputValue('PaymentReporterPolicyArn'),
    });
  });

  test('have different names in each stage', () => {
    const [dev, prod] = [Object.keys(names('dev')), Object.keys(names('prod'))];
    expect(prod).toHaveLength(dev.length);
    expect(prod.filter((name) => dev.includes(name))).toEqual([]);
  });
});

describe('Another account', () => {
  // biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
  const statementsOf = (context: Record<string, string>, output: string): any[] => {
    const shop = synthesise(context);
    return shop
      .resources('AWS::SNS::TopicPolicy')
      .filter(({ properties }) =>
        properties.Topics.some(({ Ref }: { Ref: string }) => Ref === shop.outputValue(output).Ref),
      )
      .flatMap(({ properties }) => properties.PolicyDocument.Statement);
  };
  const root = (account: string) => ({
    'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::${account}:root`]],
  });
  const two = { publisherAccounts: '111111111111,222222222222' };

  test('may not publish by default', () => {
    expect(statementsOf({}, 'OrdersTopicArn').filter(({ Effect }) => Effect === 'Allow')).toEqual([]);
  });

  test('in publisherAccounts may publish orders over TLS and do nothing else', () => {
    const [refusal, permission, ...rest] = statementsOf(two, 'OrdersTopicArn');
    expect(permission).toMatchObject({
      Effect: 'Allow',
      Action: 'sns:Publish',
      Resource: orders,
      Principal: { AWS: [root('111111111111'), root('222222222222')] },
    });
    expect(refusal).toMatchObject({
      Effect: 'Deny',
      Action: 'sns:Publish',
      Principal: '*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
    expect(rest).toEqual([]);
  });

  test('in publisherAccounts may not publish to the lifecycle feed', () => {
    expect(statementsOf(two, 'OrderLifecycleTopicArn')).toEqual(statementsOf({}, 'OrderLifecycleTopicArn'));
  });
});

test("Publishers may use a topic's own key for publishing only", () => {
  const stack = new Stack(new App(), 'Encrypted');
  const key = new Key(stack, 'Key');
  const topic = new Topic(stack, 'Orders', { masterKey: key });
  new Publishers(stack, 'Publishers', {
    orders: topic,
    lifecycle: new Topic(stack, 'Lifecycle'),
    bus: new EventBus(stack, 'Bus'),
    settings: { shop: 'Encrypted', stage: 'dev', publisherAccounts: ['111111111111'] },
  });
  const found = Template.fromStack(stack);
  const policies = found.findResources('AWS::IAM::ManagedPolicy');
  const policy = Object.entries(policies).find(([id]) => id.startsWith('PublishersPublishPolicy'))?.[1];
  const ofPolicy = policy?.Properties.PolicyDocument.Statement;
  expect(ofPolicy).toHaveLength(2);
  expect(ofPolicy).toContainEqual({
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    Resource: stack.resolve(key.keyArn),
  });
  const [{ Properties } = { Properties: undefined }] = Object.values(found.findResources('AWS::KMS::Key'));
  const foreign = Properties.KeyPolicy.Statement.filter((one: unknown) => JSON.stringify(one).includes('111111111111'));
  expect(foreign).toMatchObject([{ Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey*'] }]);
});
