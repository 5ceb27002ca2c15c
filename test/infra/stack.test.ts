import { describe, expect, test } from 'vitest';
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

  test('keeps its records without expiry, except the archive', () => {
    const records = tables.filter(({ id }) => !id.startsWith('Archive'));
    for (const { properties } of records) expect(properties.TimeToLiveSpecification).toBeUndefined();
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
