import { describe, expect, test } from 'vitest';
import { customRoutes } from '../../infra/custom/routes.ts';
import { constructIdOf } from '../../infra/names.ts';
import type { Route } from '../../infra/route.ts';
import { EXPIRY_ATTRIBUTE } from '../../lambdas/runtime/tombstone.ts';
import { synthesise, testSettings } from '../builders/template.ts';

const template = synthesise();
/** The consumers that a shop has beside those that the tests name. */
const ownRoutes: [string, Route][] = Object.entries(customRoutes);

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
    const own = ownRoutes.flatMap(([, { tables: of }]) => Object.values(of?.(testSettings()) ?? {}));
    const expected = [
      ...['Orders', 'Payments', 'Reservations', 'Notifications', 'Shipments'],
      ...own.flatMap(({ id, expiryAttribute }) => (expiryAttribute === undefined ? [] : [id.replace(/Table$/, '')])),
    ];
    expect(expiring).toEqual(expected.map((table) => ({ table, AttributeName: EXPIRY_ATTRIBUTE, Enabled: true })));
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
    const own = ownRoutes.filter(([, { hashesCustomers }]) => hashesCustomers).map(([name]) => constructIdOf(name));
    const expected = ['Notification', 'Order', 'Outcomes', 'Payment', 'Stock', ...own].sort();
    expect(given.map(({ id }) => id.slice(0, id.indexOf('Function'))).sort()).toEqual(expected);
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
