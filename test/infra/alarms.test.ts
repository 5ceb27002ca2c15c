import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import { synthesise } from '../builders/template.ts';

const root = join(import.meta.dirname, '..', '..');
const template = synthesise();
const alarms = template.resources('AWS::CloudWatch::Alarm').map(({ properties }) => properties);
const alarm = (name: string) => alarms.find(({ AlarmName }) => AlarmName === `ShopMessaging-dev-${name}`);
const topic = template.resources('AWS::SNS::Topic').find(({ id }) => id.startsWith('MonitoringAlarms'));
const consumers = Object.entries<Route>(routing);

describe.each(consumers)('The alarms of %s', (name, route) => {
  const { queue, deadLetterQueue, function: fn, rules } = template.consumer(name);
  const nameOf = (target: { id: string }) => ({ 'Fn::GetAtt': [target.id, 'QueueName'] });

  test('fire on the first visible dead letter and stay while there is one', () => {
    expect(alarm(`${name}-dead-letters`)).toMatchObject({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: nameOf(deadLetterQueue) }],
      Statistic: 'Maximum',
      Threshold: 1,
      EvaluationPeriods: 1,
      TreatMissingData: 'ignore',
    });
  });

  test('fire when its function gives up a message, and stay long enough for a deployment to see it', () => {
    expect(alarm(`${name}-dead-lettered`)).toMatchObject({
      Namespace: { Ref: 'AWS::StackName' },
      MetricName: 'DeadLettered',
      Dimensions: [{ Name: 'consumer', Value: name }],
      Statistic: 'Sum',
      Period: 60,
      Threshold: 1,
      DatapointsToAlarm: 1,
      EvaluationPeriods: 5,
      TreatMissingData: 'notBreaching',
    });
    expect(alarm(`${name}-dead-lettered`)?.AlarmDescription).toContain('docs/runbook/dead-letters.md');
  });

  test('wake somebody when its function gives up many messages at once', () => {
    expect(alarm(`${name}-many-dead-lettered`)).toMatchObject({
      MetricName: 'DeadLettered',
      Dimensions: [{ Name: 'consumer', Value: name }],
      Statistic: 'Sum',
      Period: 300,
      Threshold: 10,
      EvaluationPeriods: 1,
      AlarmDescription: expect.stringMatching(/^Critical: /),
      TreatMissingData: 'notBreaching',
    });
  });

  test('count in the namespace in which its function publishes', () => {
    expect(alarm(`${name}-dead-lettered`)?.Namespace).toEqual({ Ref: 'AWS::StackName' });
    expect(fn.properties.Environment.Variables.METRICS_NAMESPACE).toBe(template.stack.stackName);
  });

  test('fire when Lambda takes its messages for a loop and drops them', () => {
    expect(alarm(`${name}-recursive-invocations`)).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'RecursiveInvocationsDropped',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: fn.id } }],
      Statistic: 'Sum',
      Threshold: 1,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test('fire when a message waits for long, whether received or not', () => {
    expect(alarm(`${name}-oldest-message`)).toMatchObject({
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: [{ Name: 'QueueName', Value: nameOf(queue) }],
      Threshold: 600,
      TreatMissingData: 'notBreaching',
    });
    expect(alarm(`${name}-late-messages`)).toMatchObject({
      Namespace: { Ref: 'AWS::StackName' },
      MetricName: 'Waited',
      Dimensions: [{ Name: 'consumer', Value: name }],
      Statistic: 'Maximum',
      Threshold: 600_000,
      TreatMissingData: 'notBreaching',
    });
  });

  test('cover a longer period than the longest backoff, in which there is no data', () => {
    const { Period, EvaluationPeriods, DatapointsToAlarm } = alarm(`${name}-late-messages`);
    expect(DatapointsToAlarm).toBe(1);
    expect(Period * EvaluationPeriods).toBeGreaterThanOrEqual(900);
  });

  test('fire when its function fails repeatedly, and not on a single failure', () => {
    expect(alarm(`${name}-function-errors`)).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: fn.id } }],
      DatapointsToAlarm: 3,
    });
  });

  test('fire when its function fails with a lone message, which comes back after the visibility timeout', () => {
    const { Period, EvaluationPeriods, DatapointsToAlarm } = alarm(`${name}-function-errors`);
    const between = queue.properties.VisibilityTimeout;
    expect(Period * EvaluationPeriods).toBeGreaterThan(between * (DatapointsToAlarm - 1));
  });

  test('fire when a rule on the bus cannot deliver to it', () => {
    const ruleOf = ({ Dimensions }: (typeof alarms)[number]) =>
      Dimensions.find(({ Name }: { Name: string }) => Name === 'RuleName').Value;
    const watched = alarms.filter(({ AlarmName }) =>
      AlarmName.startsWith(`ShopMessaging-dev-${name}-failed-deliveries`),
    );
    expect(watched.map(ruleOf)).toEqual(
      rules.map(({ id }) => ({ 'Fn::Select': [2, { 'Fn::Split': ['/', { 'Fn::GetAtt': [id, 'Arn'] }] }] })),
    );
    for (const one of watched) {
      expect(one).toMatchObject({ Namespace: 'AWS/Events', MetricName: 'FailedInvocations' });
      expect(one.Dimensions).toContainEqual({
        Name: 'EventBusName',
        Value: { Ref: expect.stringMatching(/^Bus/) },
      });
    }
  });

  test('fire when its circuit breaker stays open, if it calls a downstream', () => {
    const breaker = alarm(`${name}-breaker-open`);
    expect(breaker !== undefined).toBe(readHandler(name).includes('circuitBreaker('));
    if (breaker === undefined) return;
    expect(breaker).toMatchObject({
      MetricName: 'CircuitBreakerOpen',
      Dimensions: [{ Name: 'consumer', Value: name }],
    });
    for (const part of [`downstream: '${route.downstream}'`, `onTransition: logBreakerTransitions('${name}')`]) {
      expect(readHandler(name)).toContain(part);
    }
  });

  test('describe the impact on customers', () => {
    const own = alarms.filter(({ AlarmName }) => AlarmName.startsWith(`ShopMessaging-dev-${name}-`));
    expect(own.length).toBeGreaterThanOrEqual(4);
    for (const { AlarmDescription } of own) expect(AlarmDescription).toContain(route.impact);
  });
});

describe("Alarms beside the consumers'", () => {
  test.each(['orders-topic', 'lifecycle-feed'])('fire on failed deliveries of the %s', (name) => {
    expect(alarm(`${name}-failed-deliveries`)).toMatchObject({
      Namespace: 'AWS/SNS',
      MetricName: 'NumberOfNotificationsFailed',
      Statistic: 'Sum',
      Threshold: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test('fire when the archive fails', () => {
    expect(alarm('archive-function-errors')?.MetricName).toBe('Errors');
    expect(alarm('archive-dead-letters')?.MetricName).toBe('ApproximateNumberOfMessagesVisible');
    expect(alarm('archive-recursive-invocations')?.MetricName).toBe('RecursiveInvocationsDropped');
  });

  test.each([...consumers.map(([name]) => name), 'sweep', 'archive'])('fire at once when %s cannot start', (name) => {
    expect(alarm(`${name}-cannot-start`)).toMatchObject({
      Namespace: { Ref: 'AWS::StackName' },
      MetricName: 'StartFailed',
      Dimensions: [{ Name: 'consumer', Value: name }],
      Statistic: 'Sum',
      Period: 60,
      Threshold: 1,
      DatapointsToAlarm: 1,
      TreatMissingData: 'notBreaching',
    });
    const { Period, EvaluationPeriods } = alarm(`${name}-cannot-start`) ?? {};
    const longest = template.resources('AWS::SQS::Queue').map(({ properties }) => properties.VisibilityTimeout ?? 30);
    expect(Period * EvaluationPeriods).toBeGreaterThan(Math.max(...longest));
  });

  test('fire when the sweep fails or does not run', () => {
    expect(alarm('sweep-function-errors')?.MetricName).toBe('Errors');
    expect(alarm('sweep-dead-letters')?.MetricName).toBe('ApproximateNumberOfMessagesVisible');
  });
});

describe('Every alarm', () => {
  const names = alarms.map(({ AlarmName }) => String(AlarmName));
  const instructionsIn = (name: string) =>
    /Run: npm run ops -- (?<command>.+?)\. Read: (?<page>docs\/runbook\/[\w-]+\.md)$/.exec(
      alarms.find(({ AlarmName }) => AlarmName === name)?.AlarmDescription,
    )?.groups ?? {};
  const helpTexts = new Map<string, string>();
  /** Returns the words of a command that name it: `dlq list` of `dlq list --consumer stock`. */
  const pathOf = (command: string) =>
    command
      .split(' ')
      .slice(0, /^(dlq|webhooks) /.test(command) ? 2 : 1)
      .join(' ');

  beforeAll(() => {
    for (const path of new Set(names.map((name) => pathOf(instructionsIn(name).command ?? '')))) {
      const words = [...path.split(' '), '--help'];
      helpTexts.set(path, execFileSync(process.execPath, ['ops/main.ts', ...words], { cwd: root, encoding: 'utf8' }));
    }
  }, 60_000);

  test.each(names)('names an existing command with existing options: %s', (name) => {
    const { command = '' } = instructionsIn(name);
    const path = pathOf(command);
    expect(helpTexts.get(path)).toContain(`Usage: ops ${path}`);
    for (const option of command.split(' ').filter((word) => word.startsWith('--'))) {
      expect(helpTexts.get(path)).toContain(option);
    }
  });

  test.each(names)('names a runbook page with all its sections: %s', (name) => {
    const { page = '' } = instructionsIn(name);
    expect(existsSync(join(root, page)), page).toBe(true);
    for (const section of ['What customers feel', 'Look first', 'Likely causes', 'Repair', 'When it is over']) {
      expect(readFileSync(join(root, page), 'utf8')).toContain(`## ${section}`);
    }
  });

  test('is evaluated on a single metric, which every engine supports', () => {
    for (const { AlarmName, MetricName } of alarms) expect(MetricName, AlarmName).toBeTruthy();
  });

  test('says how soon somebody must act, in a description within the limit', () => {
    for (const { AlarmDescription } of alarms) {
      expect(AlarmDescription).toMatch(/^(Critical|Warning): /);
      expect(AlarmDescription.length).toBeLessThanOrEqual(1024);
    }
  });
});

describe('The alarm topic', () => {
  const policies = template
    .resources('AWS::SNS::TopicPolicy')
    .filter(({ properties }) => properties.Topics.some(({ Ref }: { Ref: string }) => Ref === topic?.id))
    .flatMap(({ properties }) => properties.PolicyDocument.Statement);
  const [key] = template.resources('AWS::KMS::Key');

  test('is a stack output', () => {
    expect(template.outputValue('AlarmTopicArn')).toEqual({ Ref: topic?.id });
  });

  test('is encrypted with a key that CloudWatch of this account may use', () => {
    expect(topic?.properties.KmsMasterKeyId).toEqual({ 'Fn::GetAtt': [key?.id, 'Arn'] });
    expect(key?.properties.EnableKeyRotation).toBe(true);
    expect(key?.properties.KeyPolicy.Statement).toContainEqual(
      expect.objectContaining({
        Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    );
  });

  test('accepts messages from CloudWatch of this account, and nothing without TLS', () => {
    expect(policies).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    );
    expect(policies).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });
});

describe('The dashboard', () => {
  const [dashboard] = template.resources('AWS::CloudWatch::Dashboard');
  const body = JSON.stringify(dashboard?.properties.DashboardBody).replaceAll('\\', '');

  test.each(Object.keys(routing))(
    'shows throughput, depth, age, latency, errors, dead letters and time to drain of %s',
    (name) => {
      const { queue, deadLetterQueue } = template.consumer(name);
      for (const metric of ['Done', 'Retried', 'DeadLettered', 'Waited', 'Took']) {
        expect(body).toContain(`"${metric}","consumer","${name}"`);
      }
      for (const { id } of [queue, deadLetterQueue]) expect(body).toContain(`"${id}","QueueName"`);
      expect(body).toContain('waiting / (FILL(done, 0) / PERIOD(done))');
    },
  );

  test.each([
    'NumberOfNotificationsFailed',
    'NumberOfNotificationsFailedToRedriveToDlq',
    'FailedInvocations',
    'ThrottledRules',
    'OrdersPlaced',
    'PaymentsDeclined',
    'RevenueCaptured',
    'TextsSent',
    'TextsRefused',
  ])('shows %s', (metric) => {
    expect(body).toContain(metric);
  });
});

/** Returns the code of a consumer's handlers and of what they share. */
const readHandler = (name: string) => {
  const folder = join(root, 'lambdas', name);
  const files = readdirSync(folder).filter((file) => file.endsWith('handler.ts') || file.endsWith('-consumer.ts'));
  return files.map((file) => readFileSync(join(folder, file), 'utf8')).join('');
};
