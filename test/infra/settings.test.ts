import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { readSettings } from '../../infra/settings.ts';
import { synthesise } from '../builders/template.ts';

const settings = (context: Record<string, unknown>) => readSettings(new App({ context }).node);

describe('Settings', () => {
  test('have defaults', () => {
    expect(settings({})).toMatchObject({
      stackName: 'ShopMessaging',
      stage: 'dev',
      encryption: 'customer',
      textWhenPlaced: false,
      archiveDays: 30,
      consumerConcurrency: 10,
      batchSize: 10,
      batchWindowSeconds: 0,
      orderDeadlineHours: 48,
      reminderHours: 0,
      logDays: 30,
      publisherAccounts: [],
      alarmEmail: undefined,
    });
  });

  test('are read as strings from -c', () => {
    expect(
      settings({
        stackName: 'ShopMessaging-2',
        stage: 'prod',
        encryption: 'aws',
        textWhenPlaced: 'true',
        archiveDays: '7',
        consumerConcurrency: '50',
        batchSize: '100',
        batchWindowSeconds: '1',
        orderDeadlineHours: '72',
        reminderHours: '71',
        logDays: '90',
        publisherAccounts: '111111111111, 022222222222,111111111111',
      }),
    ).toMatchObject({
      stackName: 'ShopMessaging-2',
      stage: 'prod',
      encryption: 'aws',
      textWhenPlaced: true,
      archiveDays: 7,
      consumerConcurrency: 50,
      batchSize: 100,
      batchWindowSeconds: 1,
      orderDeadlineHours: 72,
      reminderHours: 71,
      logDays: 90,
      publisherAccounts: ['111111111111', '022222222222'],
    });
  });

  test.each([
    ['stage', 'production', 'must be one of local, dev, prod'],
    ['stage', '', 'must be one of local, dev, prod'],
    ['stackName', '', 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['stackName', 'Shop Messaging', 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['stackName', '2', 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['encryption', 'none', 'must be one of customer, aws'],
    ['textWhenPlaced', 'yes', 'must be one of true, false'],
    ['archiveDays', '0', 'must be a whole number from 1 to 3650'],
    ['archiveDays', '1.5', 'must be a whole number from 1 to 3650'],
    ['archiveDays', 'a month', 'must be a whole number from 1 to 3650'],
    ['archiveDays', '', 'must be a whole number from 1 to 3650'],
    ['consumerConcurrency', '1', 'must be a whole number from 2 to 1000'],
    ['consumerConcurrency', '1001', 'must be a whole number from 2 to 1000'],
    ['batchSize', '0', 'must be a whole number from 1 to 100'],
    ['batchSize', '11', 'more than 10 needs -c batchWindowSeconds=1 or more'],
    ['batchWindowSeconds', '61', 'must be a whole number from 0 to 60'],
    // Consumers retry through an outage of a day, in which an order must not time out.
    ['orderDeadlineHours', '24', 'must be a whole number from 25 to 336'],
    ['orderDeadlineHours', '337', 'must be a whole number from 25 to 336'],
    ['orderDeadlineHours', 'never', 'must be a whole number from 25 to 336'],
    // A reminder after the deadline would be too late.
    ['reminderHours', '48', 'must be a whole number from 0 to 47'],
    ['reminderHours', '-1', 'must be a whole number from 0 to 47'],
    ['publisherAccounts', '', 'must be AWS account ids of 12 digits, separated by commas'],
    ['publisherAccounts', '12345678901', 'must be AWS account ids of 12 digits, separated by commas'],
    ['publisherAccounts', '111111111111,', 'must be AWS account ids of 12 digits, separated by commas'],
    ['publisherAccounts', '*', 'must be AWS account ids of 12 digits, separated by commas'],
    ['alarmEmail', '', 'must be one e-mail address such as operators@example.com'],
    ['alarmEmail', 'operators', 'must be one e-mail address such as operators@example.com'],
    ['alarmEmail', 'a@example.com,b@example.com', 'must be one e-mail address such as operators@example.com'],
    ...['kr', 'KOR', 'Korea', 'ZZ', '+82', '', 'toString'].map((value) => [
      'smsDefaultCountry',
      value,
      'must be the ISO 3166 code of a country, two capital letters such as KR',
    ]),
    ['logDays', '31', 'must be one of 1, 7, 14, 30, 90, 180, 365'],
  ])('are refused with a reason when they are invalid: -c %s=%s', (name, value, sentence) => {
    expect(() => settings({ [name]: value })).toThrow(`-c ${name}=${value}: ${sentence}`);
  });
});

test('A default country is taken in every stage, and reaches the settings of texts', () => {
  expect(settings({ smsDefaultCountry: 'JP' }).sms.defaultCountry).toBe('JP');
  expect(settings({ smsDefaultCountry: 'GB', stage: 'local' }).sms.defaultCountry).toBe('GB');
});

describe('An unknown setting', () => {
  test.each(['Stage', 'archivedays', 'logDay', 'log_days'])('is refused: -c %s', (name) => {
    expect(() => settings({ [name]: '7' })).toThrow(`-c ${name}: there is no such setting; there are alarmEmail, `);
  });

  test("does not include CDK's own context keys", () => {
    const ofCdk = {
      '@aws-cdk/core:flag': true,
      'aws:cdk:toolkit': 'x',
      'availability-zones:account=1:region=eu-west-1': [],
    };
    expect(() => settings(ofCdk)).not.toThrow();
  });
});

describe('The table of settings in the README', () => {
  const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
  const [, section = ''] = readme.split('## Deploy to AWS');
  const lines = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)` \| (.+?) \|/gm)];
  const readNames = new Set<string>();
  const app = new App();
  const tryGetContext = app.node.tryGetContext.bind(app.node);
  app.node.tryGetContext = (name: string) => {
    readNames.add(name);
    return tryGetContext(name);
  };
  const defaults = new Map(Object.entries(readSettings(app.node)));

  test('has each setting once', () => {
    expect(lines.map(([, name]) => name).sort()).toEqual([...readNames].sort());
  });

  test.each(lines.map(([, name = '', said = '']) => [name, said]))('has the default of %s: %s', (name, said) => {
    const value = defaults.get(name);
    // Settings grouped in one variable have their own test.
    if (value === undefined && name.startsWith('sms')) return;
    const written = /^`(.+)`/.exec(said)?.[1];
    expect(written).toBe(value === undefined || Array.isArray(value) ? undefined : String(value));
  });
});

describe('The stage prod', () => {
  const { stack, resources } = synthesise({
    stage: 'prod',
    consumerConcurrency: '50',
    archiveDays: '7',
    textWhenPlaced: 'true',
    orderDeadlineHours: '72',
    reminderHours: '6',
  });

  test('has termination protection and retains tables, queues and logs', () => {
    expect(stack.terminationProtection).toBe(true);
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup']) {
      for (const { id, deletionPolicy } of resources(type)) expect(deletionPolicy, id).toBe('Retain');
    }
  });

  test('has tables with deletion protection and point-in-time recovery', () => {
    for (const { id, properties } of resources('AWS::DynamoDB::Table')) {
      expect(properties.DeletionProtectionEnabled, id).toBe(true);
      expect(properties.PointInTimeRecoverySpecification, id).toEqual({ PointInTimeRecoveryEnabled: true });
    }
  });

  test('applies its settings to the template', () => {
    for (const { properties } of resources('AWS::Lambda::EventSourceMapping')) {
      expect(properties.ScalingConfig).toEqual({ MaximumConcurrency: 50 });
    }
    expect(resources('AWS::Events::Archive')[0]?.properties.RetentionDays).toBe(7);
    const variables = resources('AWS::Lambda::Function').map(({ properties }) => properties.Environment.Variables);
    expect(variables.filter(({ TEXT_WHEN_PLACED }) => TEXT_WHEN_PLACED === 'true')).toHaveLength(1);
    expect(variables.filter(({ ORDER_DEADLINE_SECONDS }) => ORDER_DEADLINE_SECONDS === '259200')).toHaveLength(1);
    expect(variables.filter(({ REMINDER_SECONDS }) => REMINDER_SECONDS === '21600')).toHaveLength(1);
  });
});

describe('Any other stage', () => {
  const { stack, resources } = synthesise();

  test('can be destroyed completely', () => {
    expect(stack.terminationProtection).toBeFalsy();
    for (const { properties } of resources('AWS::DynamoDB::Table')) {
      expect(properties.DeletionProtectionEnabled).toBeFalsy();
    }
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup']) {
      for (const { id, deletionPolicy } of resources(type)) expect(deletionPolicy, id).toBe('Delete');
    }
  });
});
