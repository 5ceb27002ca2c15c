import { describe, expect, test } from 'vitest';
import { EXPIRY_ATTRIBUTE } from '../../lambdas/runtime/tombstone.ts';
import { synthesise } from '../builders/template.ts';

const template = synthesise();

describe('The stack outputs', () => {
  test.each([
    'OrdersTopicArn',
    'OrderLifecycleTopicArn',
    'EventBusName',
    'OrdersTableName',
    'PaymentsTableName',
    'StockTableName',
    'NotificationsTableName',
    ...['Order', 'Payment', 'Stock', 'Notification', 'Shipping'].flatMap((name) => [
      `${name}QueueUrl`,
      `${name}DeadLetterQueueUrl`,
    ]),
  ])('include %s', (name) => {
    expect(template.outputs).toContain(name);
  });

  test.each(['Order', 'Payment', 'Stock', 'Notification', 'Shipping'])(
    'of the queues of %s refer to its own queues',
    (name) => {
      const { queue, deadLetterQueue } = template.consumer(name.toLowerCase());
      expect(template.outputValue(`${name}QueueUrl`)).toEqual({ Ref: queue.id });
      expect(template.outputValue(`${name}DeadLetterQueueUrl`)).toEqual({ Ref: deadLetterQueue.id });
    },
  );
});

describe('Every table', () => {
  const tables = template.resources('AWS::DynamoDB::Table');

  test('is billed per request and has point-in-time recovery', () => {
    expect(tables.length).toBeGreaterThanOrEqual(7);
    for (const { properties } of tables) {
      expect(properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
    }
  });

  test('lets its tombstones expire where it has any, and keeps all other records', () => {
    const expiring = tables.flatMap(({ id, properties: { TimeToLiveSpecification: expiry } }) =>
      expiry === undefined ? [] : [{ table: id.slice(0, id.indexOf('Table')), ...expiry }],
    );
    expect(expiring).toEqual(
      ['Orders', 'Payments', 'Reservations', 'Notifications', 'Shipments'].map((table) => ({
        table,
        AttributeName: EXPIRY_ATTRIBUTE,
        Enabled: true,
      })),
    );
  });
});

describe("The key of the customers' hashes", () => {
  const [secret, ...others] = template.resources('AWS::SecretsManager::Secret');

  test('is generated, 256 bits long, and kept in production', () => {
    expect(others).toEqual([]);
    expect(secret?.properties.GenerateSecretString).toEqual({ PasswordLength: 43, ExcludePunctuation: true });
    const [kept] = synthesise({ stage: 'prod' }).resources('AWS::SecretsManager::Secret');
    expect(kept?.deletionPolicy).toBe('RetainExceptOnCreate');
  });

  test('reaches the functions that keep customers, and no other, without a call', () => {
    const reference = { 'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: secret?.id }, ':SecretString:::}}']] };
    const given = template
      .resources('AWS::Lambda::Function')
      .filter(({ properties }) => 'CUSTOMER_HASH_KEY' in properties.Environment.Variables);
    expect(given.map(({ id }) => id.slice(0, id.indexOf('Function'))).sort()).toEqual([
      'Notification',
      'Order',
      'Outcomes',
      'Payment',
      'Stock',
    ]);
    for (const { properties } of given) expect(properties.Environment.Variables.CUSTOMER_HASH_KEY).toEqual(reference);
    const policies = JSON.stringify(template.resources('AWS::IAM::Policy'));
    expect(policies).not.toContain('secretsmanager');
  });
});

describe('Every function', () => {
  const functions = template.resources('AWS::Lambda::Function');

  test('runs a pinned Node version with a log retention', () => {
    for (const { properties } of functions) {
      expect(properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        LoggingConfig: { LogGroup: expect.anything() },
      });
    }
    for (const { properties } of template.resources('AWS::Logs::LogGroup')) expect(properties.RetentionInDays).toBe(30);
  });

  test('has its own role', () => {
    const roles = functions.map(({ properties }) => JSON.stringify(properties.Role));
    expect(new Set(roles).size).toBe(functions.length);
  });
});
