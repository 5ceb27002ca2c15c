import { App } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { settingsFrom } from '../../infra/settings.ts';
import { synthesise } from '../builders/template.ts';

const settings = (context: Record<string, unknown>) => settingsFrom(new App({ context }).node);

describe('Settings', () => {
  test('have defaults for everything', () => {
    expect(settings({})).toEqual({
      stage: 'dev',
      textWhenPlaced: false,
      archiveDays: 30,
      consumerConcurrency: 10,
      orderDeadlineHours: 48,
      reminderHours: 0,
      logDays: 30,
      publisherAccounts: [],
    });
  });

  test('are read from -c, where everything is a text', () => {
    expect(
      settings({
        stage: 'prod',
        textWhenPlaced: 'true',
        archiveDays: '7',
        consumerConcurrency: '50',
        orderDeadlineHours: '72',
        reminderHours: '71',
        logDays: '90',
        publisherAccounts: '111111111111, 022222222222,111111111111',
      }),
    ).toEqual({
      stage: 'prod',
      textWhenPlaced: true,
      archiveDays: 7,
      consumerConcurrency: 50,
      orderDeadlineHours: 72,
      reminderHours: 71,
      logDays: 90,
      publisherAccounts: ['111111111111', '022222222222'],
    });
  });

  test.each([
    ['stage', 'production', 'must be one of local, dev, prod'],
    ['stage', '', 'must be one of local, dev, prod'],
    ['textWhenPlaced', 'yes', 'must be one of true, false'],
    ['archiveDays', '0', 'must be a whole number from 1 to 3650'],
    ['archiveDays', '1.5', 'must be a whole number from 1 to 3650'],
    ['archiveDays', 'a month', 'must be a whole number from 1 to 3650'],
    ['archiveDays', '', 'must be a whole number from 1 to 3650'],
    ['consumerConcurrency', '1', 'must be a whole number from 2 to 1000'],
    ['consumerConcurrency', '1001', 'must be a whole number from 2 to 1000'],
    // A consumer waits out an outage of a day; an order must not be given up meanwhile.
    ['orderDeadlineHours', '24', 'must be a whole number from 25 to 336'],
    ['orderDeadlineHours', '337', 'must be a whole number from 25 to 336'],
    ['orderDeadlineHours', 'never', 'must be a whole number from 25 to 336'],
    // With the cancellation it would come too late.
    ['reminderHours', '48', 'must be a whole number from 0 to 47'],
    ['reminderHours', '-1', 'must be a whole number from 0 to 47'],
    ['publisherAccounts', '', 'must be AWS account ids of 12 digits, separated by commas'],
    ['publisherAccounts', '12345678901', 'must be AWS account ids of 12 digits, separated by commas'],
    ['publisherAccounts', '111111111111,', 'must be AWS account ids of 12 digits, separated by commas'],
    ['publisherAccounts', '*', 'must be AWS account ids of 12 digits, separated by commas'],
    ['alarmEmail', '', 'must be one e-mail address such as operators@example.com'],
    ['alarmEmail', 'operators', 'must be one e-mail address such as operators@example.com'],
    ['alarmEmail', 'a@example.com,b@example.com', 'must be one e-mail address such as operators@example.com'],
    ['logDays', '31', 'must be one of 1, 7, 14, 30, 90, 180, 365'],
  ])('that are wrong are refused with a sentence: -c %s=%s', (name, value, sentence) => {
    expect(() => settings({ [name]: value })).toThrow(`-c ${name}=${value}: ${sentence}`);
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

  test('cannot be destroyed by mistake, and keeps its tables, queues and logs', () => {
    expect(stack.terminationProtection).toBe(true);
    for (const type of ['AWS::DynamoDB::Table', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup']) {
      for (const { id, deletionPolicy } of resources(type)) expect(deletionPolicy, id).toBe('Retain');
    }
  });

  test('takes what was set into the template', () => {
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

  test('can be destroyed without leaving anything', () => {
    expect(stack.terminationProtection).toBeFalsy();
    for (const type of ['AWS::DynamoDB::Table', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup']) {
      for (const { id, deletionPolicy } of resources(type)) expect(deletionPolicy, id).toBe('Delete');
    }
  });
});
