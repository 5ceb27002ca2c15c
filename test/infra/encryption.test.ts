import { describe, expect, test } from 'vitest';
import { actionsOf, synthesise } from '../builders/template.ts';

const template = synthesise();
const [key, ...otherKeys] = template.resources('AWS::KMS::Key');
const arn = { 'Fn::GetAtt': [key?.id, 'Arn'] };
// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
const statements: any[] = key?.properties.KeyPolicy.Statement;

describe("The stack's key", () => {
  test('is the only one, and is renewed every year', () => {
    expect(otherKeys).toEqual([]);
    expect(key?.properties.EnableKeyRotation).toBe(true);
  });

  test('is over every topic, queue, table and log', () => {
    const of = (type: string) => template.resources(type).map(({ properties }) => properties);
    for (const { KmsMasterKeyId } of of('AWS::SNS::Topic')) expect(KmsMasterKeyId).toEqual(arn);
    for (const { KmsKeyId } of of('AWS::Logs::LogGroup')) expect(KmsKeyId).toEqual(arn);
    for (const queue of of('AWS::SQS::Queue')) {
      expect(queue).toMatchObject({ KmsMasterKeyId: arn, KmsDataKeyReusePeriodSeconds: 3600 });
    }
    for (const { SSESpecification } of of('AWS::DynamoDB::Table')) {
      expect(SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: arn });
    }
  });

  test('is governed by the IAM of its account', () => {
    const [account] = statements;
    expect(account).toMatchObject({ Effect: 'Allow', Action: 'kms:*' });
    expect(JSON.stringify(account.Principal)).toMatch(/"AWS::AccountId"\},":root"/);
  });

  test.each([
    ['sns.amazonaws.com', ['kms:Decrypt', 'kms:GenerateDataKey'], 'aws:SourceArn', ':ShopMessaging-*'],
    ['events.amazonaws.com', ['kms:Decrypt', 'kms:GenerateDataKey'], 'aws:SourceAccount', 'AWS::AccountId'],
    ['cloudwatch.amazonaws.com', ['kms:Decrypt', 'kms:GenerateDataKey*'], 'aws:SourceAccount', 'AWS::AccountId'],
    [
      'logs.',
      ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
      'kms:EncryptionContext:aws:logs:arn',
      ':log-group:ShopMessaging-*',
    ],
  ])('serves %s, for what is ours only', (service, actions, condition, value) => {
    const found = statements.filter(({ Principal }) => JSON.stringify(Principal).includes(`"${service}`));
    expect(found.map(actionsOf)).toEqual([actions]);
    const [wanted] = Object.values(found[0].Condition);
    expect(Object.keys(wanted as object)).toEqual([condition]);
    expect(JSON.stringify(wanted)).toContain(value);
  });

  test('serves nobody else', () => {
    expect(statements).toHaveLength(5);
  });

  test('does not depend on what it encrypts, which depends on it', () => {
    expect(JSON.stringify(key?.properties)).not.toContain('Fn::GetAtt');
    expect(JSON.stringify(key?.properties).match(/"Ref":"(?!AWS::)/g)).toBeNull();
  });

  test('can be used for publishing by another account that may publish', () => {
    const [shop] = synthesise({ publisherAccounts: '111111111111' }).resources('AWS::KMS::Key');
    const foreign = shop?.properties.KeyPolicy.Statement.filter((one: object) => JSON.stringify(one).includes('1111'));
    expect(foreign.map(actionsOf)).toEqual([['kms:Decrypt', 'kms:GenerateDataKey*']]);
  });

  test('is kept in prod, without which nothing kept could be read', () => {
    expect(synthesise({ stage: 'prod' }).resources('AWS::KMS::Key')[0]?.deletionPolicy).toBe('Retain');
    expect(key?.deletionPolicy).toBe('Delete');
  });
});

describe('With encryption=aws', () => {
  const without = synthesise({ encryption: 'aws' });

  test('there is no key to pay for, and nobody is granted any', () => {
    expect(without.resources('AWS::KMS::Key')).toEqual([]);
    const policies = [...without.resources('AWS::IAM::Policy'), ...without.resources('AWS::IAM::ManagedPolicy')];
    expect(JSON.stringify(policies)).not.toContain('kms:');
  });

  test('queues are encrypted by SQS all the same', () => {
    for (const { properties } of without.resources('AWS::SQS::Queue')) {
      expect(properties).toMatchObject({ SqsManagedSseEnabled: true });
    }
  });
});
