import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { describe, expect, test } from 'vitest';
import { AnyAlarm, fitRules } from '../../infra/constructs/any-alarm.ts';
import { synthesise, testSettings } from '../builders/template.ts';

const PREFIX = 'ShopMessaging-dev-';
const rich = {
  partners: { crm: ['shop.order.confirmed.v1'], ledger: 'lifecycle' },
  webhooks: {
    endpoints: { erp: { url: 'https://erp.example', events: ['shop.order.confirmed.v1'], secret: 'erp' } },
  },
  intake: { senders: { acme: { scheme: 'standard-webhooks', secret: 'acme' } } },
  alarmNoOrdersMinutes: 30,
  alarmSmsSpend: 80,
};

/** Reads a template's alarms, by their names after the prefix, with the names of those that a composite one refers to. */
function alarmsOf(settings: Record<string, unknown> = {}) {
  const template = synthesise(settings);
  const metric = template.resources('AWS::CloudWatch::Alarm');
  const composite = template.resources('AWS::CloudWatch::CompositeAlarm');
  const nameOf = ({ properties }: (typeof metric)[number]) => String(properties.AlarmName).slice(PREFIX.length);
  const nameOfId = new Map([...metric, ...composite].map((one) => [one.id, nameOf(one)]));
  const [topic] = template.resources('AWS::SNS::Topic').filter(({ id }) => id.startsWith('MonitoringAlarms'));
  return {
    template,
    topic,
    metric: new Map(metric.map((one) => [nameOf(one), one.properties])),
    composite: new Map(composite.map((one) => [nameOf(one), one.properties])),
    /** The alarms in the rule of one, which holds nothing but these. */
    childrenOf(name: string): string[] {
      const { AlarmRule } = composite.find((one) => nameOf(one) === name)?.properties ?? {};
      const parts: (string | { 'Fn::GetAtt': [string, string] })[] = AlarmRule['Fn::Join'][1];
      const text = parts.filter((part) => typeof part === 'string').join('…');
      expect(text).toMatch(/^ALARM\("(…"\) OR ALARM\(")*…"\)$/);
      return parts.flatMap((part) => (typeof part === 'string' ? [] : [nameOfId.get(part['Fn::GetAtt'][0]) ?? '?']));
    },
  };
}

const notifying = ({ AlarmActions = [], OKActions = [] }: { AlarmActions?: object[]; OKActions?: object[] }) => ({
  ALARM: AlarmActions,
  OK: OKActions,
});

describe('An outage is told once', () => {
  const alarms = alarmsOf(rich);
  const toTopic = [{ Ref: alarms.topic?.id }];
  const ill = alarms.childrenOf('shop-ill');
  const letters = [...alarms.childrenOf('letters'), ...alarms.childrenOf('new-letters')];

  test('when the shop falls ill, by any critical alarm, and when it is well again', () => {
    const critical = [...alarms.metric].filter(([, { AlarmDescription }]) => AlarmDescription.startsWith('Critical: '));
    expect(ill.sort()).toEqual(critical.map(([name]) => name).sort());
    expect(ill).toEqual(
      expect.arrayContaining(['payment-breaker-open', 'orders-topic-failed-deliveries', 'no-orders']),
    );
    expect(alarms.composite.get('shop-ill')?.AlarmDescription).toMatch(/^Critical: /);
    expect(notifying(alarms.composite.get('shop-ill') ?? {})).toEqual({ ALARM: toTopic, OK: toTopic });
  });

  test('when there are dead letters, in whichever queue, and when there are none any more', () => {
    const queues = alarms.template.resources('AWS::SQS::Queue').filter(({ id }) => id.includes('DeadLetterQueue'));
    const watched = alarms.childrenOf('letters').map((name) => alarms.metric.get(name)?.Dimensions[0].Value);
    expect(watched).toEqual(expect.arrayContaining(queues.map(({ id }) => ({ 'Fn::GetAtt': [id, 'QueueName'] }))));
    expect(notifying(alarms.composite.get('letters') ?? {})).toEqual({ ALARM: toTopic, OK: toTopic });
  });

  test('when a function gives up more while others still lie there; that it stopped is not told', () => {
    const made = alarms.childrenOf('new-letters');
    expect(made).toEqual(expect.arrayContaining(['payment-dead-lettered', 'webhooks-dead-lettered']));
    for (const name of made) expect(alarms.metric.get(name)?.MetricName).toBe('DeadLettered');
    expect(notifying(alarms.composite.get('new-letters') ?? {})).toEqual({ ALARM: toTopic, OK: [] });
  });

  test('and never by what one of these three tells of; every other alarm tells of itself, and when it is over', () => {
    for (const [name, properties] of alarms.metric) {
      const isTold = ill.includes(name) || letters.includes(name);
      expect(notifying(properties), name).toEqual(isTold ? { ALARM: [], OK: [] } : { ALARM: toTopic, OK: toTopic });
    }
    expect(notifying(alarms.metric.get('archive-function-errors') ?? {}).ALARM).toEqual(toTopic);
  });

  test('with a page of the runbook that exists, and a description within the limit', () => {
    for (const { AlarmDescription } of alarms.composite.values()) {
      expect(AlarmDescription).toMatch(/ Run: npm run ops -- (alarm|dlq) list\. Read: docs\/runbook\/[\w-]+\.md$/);
      expect(AlarmDescription.length).toBeLessThanOrEqual(1024);
    }
  });
});

const described = {
  kind: 'shop-ill',
  severity: 'critical',
  impact: 'Orders stop.',
  cause: 'An alarm went off.',
  firstCommand: 'alarm list',
} as const;

describe('More alarms than one rule can name', () => {
  const named = (count: number, length: number) => Array.from({ length: count }, () => ({ name: 'n'.repeat(length) }));

  test('are divided by their number and by the length of the rule, and none is lost', () => {
    expect(fitRules(named(100, 5)).map((part) => part.length)).toEqual([100]);
    expect(fitRules(named(101, 5)).map((part) => part.length)).toEqual([100, 1]);
    const long = fitRules(named(90, 200));
    expect(long.flat()).toHaveLength(90);
    for (const part of long) expect(part.length * (200 + 73)).toBeLessThanOrEqual(10_240);
  });

  test('go off through parts, each within the limits, which notify nobody', () => {
    const stack = new Stack(new App(), 'Many');
    const metric = new Metric({ namespace: 'n', metricName: 'm' });
    const alarms = Array.from({ length: 150 }, (_, index) => {
      const name = `ShopMessaging-production-consumer-failed-deliveries-of-${index}`;
      return { name, alarm: new Alarm(stack, name, { alarmName: name, metric, threshold: 1, evaluationPeriods: 1 }) };
    });
    new AnyAlarm(stack, 'ill', { name: 'ill', ...described, alarms });
    const composite = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::CompositeAlarm'));
    const rules = composite.map(({ Properties }) => {
      const text = JSON.stringify(Properties.AlarmRule);
      const ids = [...text.matchAll(/"Fn::GetAtt":\["(\w+)"/g)].map(([, id]) => id);
      return { name: Properties.AlarmName, children: ids.length, actions: Properties.AlarmActions };
    });
    const [parts, [whole]] = [rules.filter(({ name }) => name !== 'ill'), rules.filter(({ name }) => name === 'ill')];
    expect(parts.length).toBeGreaterThan(1);
    expect(whole?.children).toBe(parts.length);
    expect(parts.reduce((sum, { children }) => sum + children, 0)).toBe(150);
    for (const { actions } of parts) expect(actions).toBeUndefined();
  });
});

describe('The dashboard', () => {
  test('shows no more alarms in one widget than CloudWatch takes', () => {
    const partners = Object.fromEntries(Array.from({ length: 18 }, (_, index) => [`p${index}`, 'lifecycle']));
    const [dashboard] = synthesise({ ...rich, partners }).resources('AWS::CloudWatch::Dashboard');
    const parts: (string | object)[] = dashboard?.properties.DashboardBody['Fn::Join'][1];
    const body = parts.map((part) => (typeof part === 'string' ? part : 'token')).join('');
    const lists = JSON.parse(body).widgets.flatMap((widget: { type: string; properties: { alarms: string[] } }) =>
      widget.type === 'alarm' ? [widget.properties.alarms.length] : [],
    );
    expect(lists.length).toBeGreaterThan(1);
    for (const length of lists) expect(length).toBeLessThanOrEqual(100);
  });
});

describe('Alarms that the settings ask for', () => {
  test('are not there without a number', () => {
    expect([...alarmsOf().metric.keys()]).not.toEqual(expect.arrayContaining(['no-orders']));
    expect(alarmsOf().metric.has('sms-spend')).toBe(false);
  });

  test('tell that no order was placed, which the metric shows by being absent', () => {
    expect(alarmsOf({ alarmNoOrdersMinutes: 45 }).metric.get('no-orders')).toMatchObject({
      Namespace: { Ref: 'AWS::StackName' },
      MetricName: 'OrdersPlaced',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 45,
      DatapointsToAlarm: 45,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
  });

  test('tell what the texts of the month have cost', () => {
    const alarm = alarmsOf({ alarmSmsSpend: 80 }).metric.get('sms-spend');
    expect(alarm).toMatchObject({
      Namespace: 'AWS/SNS',
      MetricName: 'SMSMonthToDateSpentUSD',
      Statistic: 'Maximum',
      Threshold: 80,
      TreatMissingData: 'ignore',
    });
    expect(alarm?.Dimensions).toBeUndefined();
  });
});

describe('Targets of alarms', () => {
  const subscriptions = (settings: Record<string, unknown>) => {
    const { template, topic } = alarmsOf(settings);
    return template
      .resources('AWS::SNS::Subscription')
      .filter(({ properties }) => properties.TopicArn.Ref === topic?.id)
      .map(({ properties }) => properties);
  };

  test('are nobody without a setting, and the address in alarmEmail', () => {
    expect(subscriptions({})).toEqual([]);
    const [email, ...others] = subscriptions({ alarmEmail: 'operators@example.com' });
    expect(email).toMatchObject({ Protocol: 'email', Endpoint: 'operators@example.com' });
    expect(others).toEqual([]);
  });

  test('get the alarms of their severity only, by the first word of the description', () => {
    const [pager, team] = subscriptions({
      alarmTargets: {
        pager: { severity: 'critical', webhook: 'https://pager.example/in' },
        team: { email: 'team@example.com' },
      },
    });
    expect(pager).toMatchObject({
      Protocol: 'https',
      Endpoint: 'https://pager.example/in',
      FilterPolicyScope: 'MessageBody',
      FilterPolicy: { AlarmDescription: [{ prefix: 'Critical: ' }] },
    });
    expect(team).toMatchObject({ Protocol: 'email', Endpoint: 'team@example.com' });
    expect(team).not.toHaveProperty('FilterPolicy');
  });

  test('that are webhooks are tried for most of an hour, which is the most that SNS does', () => {
    const [{ DeliveryPolicy }] = subscriptions({ alarmTargets: { own: { webhook: 'https://own.example' } } });
    const { numRetries, minDelayTarget, maxDelayTarget } = DeliveryPolicy.healthyRetryPolicy;
    expect(numRetries * maxDelayTarget).toBeGreaterThan(1_800);
    expect(minDelayTarget).toBeLessThanOrEqual(10);
  });

  test('may be the address in a secret, which does not stand in the template', () => {
    const [pager] = subscriptions({ alarmTargets: { pager: { webhookSecret: 'pagerduty' } } });
    expect(pager).toMatchObject({
      Protocol: 'https',
      Endpoint: '{{resolve:secretsmanager:pagerduty:SecretString:::}}',
    });
  });

  test('may be topics of their own, one for each severity', () => {
    const topicOf = (name: string) => `arn:aws:sns:eu-west-1:111111111111:${name}`;
    const { composite, metric, topic } = alarmsOf({
      alarmTargets: {
        night: { severity: 'critical', topicArn: topicOf('night') },
        chat: { topicArn: topicOf('chat') },
      },
    });
    const own = { Ref: topic?.id };
    const critical = [own, topicOf('night'), topicOf('chat')];
    expect(notifying(composite.get('shop-ill') ?? {})).toEqual({ ALARM: critical, OK: critical });
    const warning = [own, topicOf('chat')];
    expect(notifying(composite.get('letters') ?? {})).toEqual({ ALARM: warning, OK: warning });
    expect(notifying(metric.get('archive-function-errors') ?? {}).ALARM).toEqual(warning);
  });

  test.each([
    [{}, 'exactly one of email, webhook, webhookSecret, topicArn'],
    [{ email: 'a@example.com', webhook: 'https://a.example' }, 'exactly one of'],
    [{ webhook: 'http://pager.example' }, 'must begin with https://'],
    [{ webhook: 'https://user:word@pager.example' }, 'name a webhookSecret'],
    [{ webhook: 'https://pager.example', severity: 'urgent' }, 'must be one of critical, warning'],
    [{ slack: 'C123' }, 'there is no such setting'],
  ])('are refused where SNS could not use them: %j', (target, problem) => {
    expect(() => testSettings({ alarmTargets: { pager: target } })).toThrow(problem);
  });

  test('are refused where an alarm cannot notify as many topics', () => {
    const topics = Array.from({ length: 5 }, (_, index) => [
      `t${index}`,
      { topicArn: `arn:aws:sns:eu-west-1:111111111111:t${index}` },
    ]);
    expect(() => testSettings({ alarmTargets: Object.fromEntries(topics) })).toThrow('4 topics at most and names 5');
  });
});
