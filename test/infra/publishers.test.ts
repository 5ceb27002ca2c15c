import { describe, expect, test } from 'vitest';
import { synthesise } from '../builders/template.ts';

const template = synthesise();
const orders = template.outputValue('OrdersTopicArn');

const managedPolicies = (prefix: string) =>
  template.resources('AWS::IAM::ManagedPolicy').filter(({ id }) => id.startsWith(prefix));

/** The condition that SNS uses a key, on a publisher's behalf. */
const throughSns = {
  StringEquals: { 'kms:ViaService': { 'Fn::Join': ['', ['sns.', { Ref: 'AWS::Region' }, '.amazonaws.com']] } },
};

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
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: { 'Fn::GetAtt': [key?.id, 'Arn'] },
        Condition: throughSns,
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

  test('is, beside that for publishers and those of operators, the only managed policy', () => {
    expect(managedPolicies('').filter(({ id }) => !id.startsWith('Operator'))).toHaveLength(2);
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

describe('With a key that exists', () => {
  const KEY = 'arn:aws:kms:eu-central-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab';

  test('the policy for publishers still allows its use through SNS', () => {
    const [policy] = synthesise({ keyArn: KEY })
      .resources('AWS::IAM::ManagedPolicy')
      .filter(({ id }) => id.startsWith('PublishersPublishPolicy'));
    const [, use, ...others] = policy?.properties.PolicyDocument.Statement ?? [];
    expect(use).toEqual({
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: KEY,
      Condition: throughSns,
    });
    expect(others).toEqual([]);
  });

  test('the policy for publishers of a topic that exists too does not name it: that topic has a key of its own', () => {
    const ordersTopicArn = 'arn:aws:sns:eu-central-1:111111111111:shop-orders';
    const [policy] = synthesise({ keyArn: KEY, ordersTopicArn })
      .resources('AWS::IAM::ManagedPolicy')
      .filter(({ id }) => id.startsWith('PublishersPublishPolicy'));
    expect(policy?.properties.PolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: 'sns:Publish', Resource: ordersTopicArn },
    ]);
  });
});
