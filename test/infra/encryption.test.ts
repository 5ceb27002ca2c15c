import { describe, expect, test } from 'vitest';
import { routing } from '../../infra/routing.ts';
import { actionsOf, type Resource, synthesise } from '../builders/template.ts';

const template = synthesise();
const [key, ...otherKeys] = template.resources('AWS::KMS::Key');
const arn = { 'Fn::GetAtt': [key?.id, 'Arn'] };
// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
const statements: any[] = key?.properties.KeyPolicy.Statement;

// The partition's domain and the region are the deployment's.
const throughSns = {
  StringEquals: { 'kms:ViaService': { 'Fn::Join': ['', ['sns.', { Ref: 'AWS::Region' }, '.amazonaws.com']] } },
};

describe('The encryption key of the stack', () => {
  test('is the only key and is rotated every year', () => {
    expect(otherKeys).toEqual([]);
    expect(key?.properties.EnableKeyRotation).toBe(true);
  });

  test('encrypts every topic, table, log group, and queue but the dead-letter queues', () => {
    const of = (type: string) => template.resources(type).map(({ properties }) => properties);
    for (const { KmsMasterKeyId } of of('AWS::SNS::Topic')) expect(KmsMasterKeyId).toEqual(arn);
    for (const { KmsKeyId } of of('AWS::Logs::LogGroup')) expect(KmsKeyId).toEqual(arn);
    for (const name of [...Object.keys(routing), 'archive']) {
      const { queue } = template.function(name);
      expect(queue?.properties).toMatchObject({ KmsMasterKeyId: arn, KmsDataKeyReusePeriodSeconds: 3600 });
    }
    for (const { SSESpecification } of of('AWS::DynamoDB::Table')) {
      expect(SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: arn });
    }
  });

  test('is governed by the IAM policies of its account', () => {
    const [account] = statements;
    expect(account).toMatchObject({ Effect: 'Allow', Action: 'kms:*' });
    expect(JSON.stringify(account.Principal)).toMatch(/"AWS::AccountId"\},":root"/);
  });

  test.each([
    ['sns.amazonaws.com', ['kms:Decrypt', 'kms:GenerateDataKey'], 'aws:SourceArn', ':ShopMessaging-*'],
    ['cloudwatch.amazonaws.com', ['kms:Decrypt', 'kms:GenerateDataKey*'], 'aws:SourceAccount', 'AWS::AccountId'],
    [
      'logs.',
      ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
      'kms:EncryptionContext:aws:logs:arn',
      ':log-group:ShopMessaging-*',
    ],
  ])("can be used by %s for the stack's own resources only", (service, actions, condition, value) => {
    const found = statements.filter(({ Principal }) => JSON.stringify(Principal).includes(`"${service}`));
    expect(found.map(actionsOf)).toEqual([actions]);
    const [wanted] = Object.values(found[0].Condition);
    expect(Object.keys(wanted as object)).toEqual([condition]);
    expect(JSON.stringify(wanted)).toContain(value);
  });

  test('can be used by EventBridge without a condition, as in its own documentation; the policies of the queues name the rules', () => {
    const found = statements.filter(({ Principal }) => Principal.Service === 'events.amazonaws.com');
    expect(found.map(actionsOf)).toEqual([['kms:Decrypt', 'kms:GenerateDataKey']]);
    expect(found[0]).not.toHaveProperty('Condition');
    const senders = template
      .resources('AWS::SQS::QueuePolicy')
      .flatMap(({ properties }) => properties.PolicyDocument.Statement)
      .filter(({ Principal }) => Principal.Service === 'events.amazonaws.com');
    expect(senders.length).toBeGreaterThan(5);
    for (const { Condition } of senders) expect(Object.keys(Condition.ArnEquals)).toEqual(['aws:SourceArn']);
  });

  test('can be used by no other service', () => {
    expect(statements).toHaveLength(5);
  });

  test('does not depend on the resources it encrypts', () => {
    expect(JSON.stringify(key?.properties)).not.toContain('Fn::GetAtt');
    expect(JSON.stringify(key?.properties).match(/"Ref":"(?!AWS::)/g)).toBeNull();
  });

  test('can be used for publishing by another account that may publish', () => {
    const [shop] = synthesise({ publisherAccounts: '111111111111' }).resources('AWS::KMS::Key');
    const foreign = shop?.properties.KeyPolicy.Statement.filter((one: object) => JSON.stringify(one).includes('1111'));
    expect(foreign.map(actionsOf)).toEqual([['kms:Decrypt', 'kms:GenerateDataKey']]);
    expect(foreign[0].Condition).toEqual(throughSns);
  });

  test('is retained in prod, because retained data would be unreadable without it', () => {
    expect(synthesise({ stage: 'prod' }).resources('AWS::KMS::Key')[0]?.deletionPolicy).toBe('RetainExceptOnCreate');
    expect(key?.deletionPolicy).toBe('Delete');
  });
});

const KEY_ARN = 'arn:aws:kms:eu-central-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab';

describe.each([
  {},
  { stage: 'prod' },
  { encryption: 'aws' },
  { keyArn: KEY_ARN },
  { ordersTopicArn: 'arn:aws:sns:eu-central-1:111111111111:shop-orders' },
])('A dead-letter queue, with %j', (settings) => {
  const { resources } = synthesise(settings);
  const queues = new Map(resources('AWS::SQS::Queue').map(({ id, properties }) => [id, properties]));
  const targets = deadLetterTargets(resources);

  test('does not fail together with what it stands in for: it hangs on no key of the customer', () => {
    for (const [source, id] of targets) {
      expect(queues.get(id), source).toMatchObject({ SqsManagedSseEnabled: true });
      expect(queues.get(id), source).not.toHaveProperty('KmsMasterKeyId');
    }
  });

  test('stands behind every queue with a function, every subscription of a queue and every target of a rule', () => {
    const { length } = targets;
    const sources = ['AWS::Lambda::EventSourceMapping', 'AWS::SNS::Subscription', 'AWS::Events::Rule'].flatMap(
      resources,
    );
    expect(length).toBe(sources.length);
  });
});

describe('With encryption=aws', () => {
  const without = synthesise({ encryption: 'aws' });

  test('there is no KMS key and no grant for one', () => {
    expect(without.resources('AWS::KMS::Key')).toEqual([]);
    const policies = [...without.resources('AWS::IAM::Policy'), ...without.resources('AWS::IAM::ManagedPolicy')];
    expect(JSON.stringify(policies)).not.toContain('kms:');
  });

  test('queues are encrypted by SQS', () => {
    for (const { properties } of without.resources('AWS::SQS::Queue')) {
      expect(properties).toMatchObject({ SqsManagedSseEnabled: true });
    }
  });
});

/** Returns what has a dead-letter queue (a queue, a subscription, the target of a rule), with the id of that queue. */
function deadLetterTargets(resources: (type: string) => Resource[]): [source: string, queue: string][] {
  const idOf = (arn: { 'Fn::GetAtt': [string, string] }) => arn['Fn::GetAtt'][0];
  const redriven = [...resources('AWS::SQS::Queue'), ...resources('AWS::SNS::Subscription')].flatMap(
    ({ id, properties: { RedrivePolicy } }): [string, string][] =>
      RedrivePolicy === undefined ? [] : [[id, idOf(RedrivePolicy.deadLetterTargetArn)]],
  );
  const targets = resources('AWS::Events::Rule').flatMap(({ id, properties }) =>
    properties.Targets.map(({ DeadLetterConfig }: { DeadLetterConfig: { Arn: never } }): [string, string] => [
      id,
      idOf(DeadLetterConfig.Arn),
    ]),
  );
  return [...redriven, ...targets];
}
