import { describe, expect, test } from 'vitest';
import { OUTAGE_HOURS } from '../../lambdas/runtime/retry-policy.ts';
import { actionsOf, synthesise } from '../builders/template.ts';

const template = synthesise();
const { resources } = template;
const sweepResource = (type: string) => {
  const [found, ...others] = resources(type).filter(({ id }) => id.startsWith('Sweep'));
  if (found === undefined || others.length > 0) throw new Error(`The sweep has not one ${type}`);
  return found;
};
const fn = sweepResource('AWS::Lambda::Function');
const rule = sweepResource('AWS::Events::Rule');
const missedRuns = sweepResource('AWS::SQS::Queue');
const orders = template.outputValue('OrdersTableName').Ref;
const bus = template.outputValue('EventBusName');

describe('The index of orders that the sweep looks at', () => {
  const table = resources('AWS::DynamoDB::Table').find(({ id }) => id === orders);

  test('has a partition and a moment, and projects keys only', () => {
    expect(table?.properties.GlobalSecondaryIndexes).toEqual([
      {
        IndexName: 'open-orders',
        KeySchema: [
          { AttributeName: 'open', KeyType: 'HASH' },
          { AttributeName: 'openSince', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });

  test('is, beside that of due refunds, the only secondary index', () => {
    const others = resources('AWS::DynamoDB::Table').filter(({ id }) => id !== orders);
    for (const { id, properties } of others)
      expect(properties.GlobalSecondaryIndexes !== undefined).toBe(id.startsWith('PaymentsTable'));
  });
});

describe('The sweep', () => {
  test('runs every five minutes', () => {
    expect(rule.properties).toMatchObject({ ScheduleExpression: 'rate(5 minutes)', State: 'ENABLED' });
    expect(rule.properties.EventBusName, 'a schedule works on the default bus only').toBeUndefined();
  });

  test('is retried, and a failed start goes to a dead-letter queue', () => {
    expect(rule.properties.Targets).toEqual([
      expect.objectContaining({
        Arn: { 'Fn::GetAtt': [fn.id, 'Arn'] },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [missedRuns.id, 'Arn'] } },
        RetryPolicy: { MaximumRetryAttempts: 2 },
      }),
    ]);
    expect(missedRuns.properties).toMatchObject({ MessageRetentionPeriod: 1_209_600 });
  });

  test('can be started by its schedule only, which alone may send to its dead-letter queue', () => {
    const source = { 'Fn::GetAtt': [rule.id, 'Arn'] };
    const starts = resources('AWS::Lambda::Permission').filter(
      ({ properties }) => properties.FunctionName['Fn::GetAtt']?.[0] === fn.id,
    );
    expect(starts.map(({ properties }) => properties)).toEqual([
      expect.objectContaining({ Principal: 'events.amazonaws.com', SourceArn: source }),
    ]);
    const writes = resources('AWS::SQS::QueuePolicy')
      .filter(({ properties }) => properties.Queues[0].Ref === missedRuns.id)
      .flatMap(({ properties }) => properties.PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === 'Allow');
    expect(writes).toEqual([
      expect.objectContaining({
        Action: 'sqs:SendMessage',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': source } },
      }),
    ]);
  });

  test('times out before the next run', () => {
    expect(fn.properties.Timeout).toBeLessThan(300);
  });

  test('is configured with table, index, bus and a deadline longer than the outage consumers retry', () => {
    expect(fn.properties.Environment.Variables).toMatchObject({
      TABLE_NAME: { Ref: orders },
      SETTLE_SECONDS: '300',
      EVENT_BUS_NAME: bus,
      ORDER_DEADLINE_SECONDS: String(48 * 3600),
      REMINDER_SECONDS: '0',
      PHONE_DAYS: '30',
      RECORD_DAYS: '0',
      PARKED_LETTERS_QUEUE_URL: template.outputValue('ParkedLettersQueueUrl'),
      PARKED_DAYS: '90',
    });
    expect(Number(fn.properties.Environment.Variables.ORDER_DEADLINE_SECONDS)).toBeGreaterThan(OUTAGE_HOURS * 3600);
  });

  test('may query the index, read the records that it compares, move orders within the index, remove phones, publish, look after parked letters, see which consumers are paused, and nothing else', () => {
    const statements: object[] = sweepResource('AWS::IAM::Policy').properties.PolicyDocument.Statement;
    expect(statements.flatMap(actionsOf).sort()).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:GetItem',
      'dynamodb:PartiQLUpdate',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:Scan',
      'dynamodb:UpdateItem',
      'events:PutEvents',
      'kms:Decrypt',
      'lambda:GetEventSourceMapping',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:ReceiveMessage',
      'sqs:SendMessage',
      'sqs:SendMessage',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
    const resourceOf = (action: string) =>
      statements.flatMap((statement) =>
        actionsOf(statement).includes(action) && 'Resource' in statement ? [statement.Resource].flat() : [],
      );
    const arnOf = (output: string) => ({ 'Fn::GetAtt': [template.outputValue(output).Ref, 'Arn'] });
    expect(resourceOf('dynamodb:Query')).toEqual([
      { 'Fn::Join': ['', [{ 'Fn::GetAtt': [orders, 'Arn'] }, '/index/open-orders']] },
    ]);
    expect(resourceOf('sqs:ReceiveMessage')).toEqual([arnOf('ParkedLettersQueueUrl')]);
    expect(resourceOf('sqs:DeleteMessage')).toEqual([arnOf('ParkedLettersQueueUrl')]);
    expect(resourceOf('dynamodb:UpdateItem')).toEqual([arnOf('OrdersTableName')]);
    expect(resourceOf('dynamodb:PartiQLUpdate')).toEqual([arnOf('NotificationsTableName')]);
    expect(resourceOf('dynamodb:Scan')).toEqual(['PaymentsTableName', 'ReservationsTableName'].map(arnOf));
  });
});
