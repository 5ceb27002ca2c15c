import { describe, expect, test } from 'vitest';
import { existing, type TemplateJson, templateOf, variants } from '../builders/variants.ts';

// A template is JSON of many shapes.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;

const outside = {
  partners: { crm: ['shop.order.confirmed.v1'], ledger: 'lifecycle' },
  webhooks: {
    endpoints: { erp: { url: 'https://erp.example', events: ['shop.order.confirmed.v1'], secret: 'erp' } },
  },
  intake: { senders: { acme: { scheme: 'stripe', secret: 'acme' } } },
};
const stacks = { ...variants, existing, 'partners, webhooks, intake': outside };

/** A metric that an alarm has to watch: of AWS about a resource, or of the functions themselves. */
type Watched = { metric: string; of?: string; consumer?: string };

/** What CDK adds to empty a bucket in `dev`; none of the shop's messages pass it. */
const isCdks = (id: string) => id.startsWith('CustomS3AutoDeleteObjects');

/** Lists, for each resource through which messages go or by which they are lost, the metrics that its alarms must watch. */
function needed({ Resources }: TemplateJson): Record<string, Watched[]> {
  const all = Object.entries(Resources).filter(([id]) => !isCdks(id));
  const ofType = (type: string) =>
    all.flatMap(([id, { Type, Properties }]): [string, Json][] => (Type === type ? [[id, Properties]] : []));
  const idOf = (reference: Json): string => reference?.['Fn::GetAtt']?.[0] ?? reference?.Ref ?? reference;
  const deadLetterQueues = new Set(
    [
      ...ofType('AWS::SQS::Queue').map(([, { RedrivePolicy }]) => RedrivePolicy?.deadLetterTargetArn),
      ...ofType('AWS::SNS::Subscription').map(([, { RedrivePolicy }]) => RedrivePolicy?.deadLetterTargetArn),
      ...ofType('AWS::Events::Rule').flatMap(([, { Targets }]) =>
        Targets.map(({ DeadLetterConfig }: Json) => DeadLetterConfig?.Arn),
      ),
    ].map(idOf),
  );
  const queueNeeds = (id: string): Watched[] => {
    if (deadLetterQueues.has(id)) return [{ metric: 'ApproximateNumberOfMessagesVisible', of: id }];
    // Whoever looks at parked letters receives them, and SQS leaves what was received three times out of the age.
    if (id.startsWith('ParkedLetters')) return [{ metric: 'ParkedUnattendedHours', consumer: 'sweep' }];
    return [{ metric: 'ApproximateAgeOfOldestMessage', of: id }];
  };
  const ruleNeeds = (id: string, { ScheduleExpression, Targets }: Json): Watched[] =>
    ScheduleExpression === undefined
      ? ['FailedInvocations', 'InvocationsFailedToBeSentToDlq'].map((metric) => ({ metric, of: id }))
      : Targets.flatMap(({ Arn }: Json) =>
          ['Invocations', 'AsyncEventsDropped'].map((metric) => ({ metric, of: idOf(Arn) })),
        );
  const topicNeeds = ({ TopicArn }: Json): Watched[] => {
    const of = String(idOf(TopicArn)).split(':').at(-1) ?? '';
    return ['NumberOfNotificationsFailed', 'NumberOfNotificationsFailedToRedriveToDlq'].map((metric) => ({
      metric,
      of,
    }));
  };
  const functionNeeds = (id: string): Watched[] => {
    const construct = id.replace(/Function[\dA-F]{8}$/, '');
    return [
      ...['Errors', 'Throttles', 'RecursiveInvocationsDropped'].map((metric) => ({ metric, of: id })),
      { metric: 'StartFailed', consumer: construct.charAt(0).toLowerCase() + construct.slice(1) },
    ];
  };
  return Object.fromEntries([
    ...ofType('AWS::SQS::Queue').map(([id]) => [id, queueNeeds(id)]),
    ...ofType('AWS::Events::Rule').map(([id, properties]) => [id, ruleNeeds(id, properties)]),
    ...ofType('AWS::SNS::Subscription').flatMap(([id, properties]) =>
      // Whom alarms are told: the alarm stands all the same.
      idOf(properties.TopicArn).startsWith('Monitoring') ? [] : [[id, topicNeeds(properties)]],
    ),
    ...ofType('AWS::Lambda::Function').map(([id]) => [id, functionNeeds(id)]),
    ...ofType('AWS::Lambda::EventSourceMapping').map(([id]) => [id, [{ metric: 'PausedHours', consumer: 'sweep' }]]),
  ]);
}

const alarmsOf = ({ Resources }: TemplateJson): [string, Json][] =>
  Object.entries(Resources).flatMap(([id, { Type, Properties }]) =>
    Type === 'AWS::CloudWatch::Alarm' ? [[id, Properties]] : [],
  );

/** Tells whether an alarm watches a metric of a resource, which its dimension refers to in one of several ways. */
function watches({ MetricName, Dimensions = [] }: Json, { metric, of, consumer }: Watched): boolean {
  if (MetricName !== metric) return false;
  const values = Dimensions.map(({ Value }: Json) => JSON.stringify(Value));
  const wanted = JSON.stringify(of ?? consumer);
  return values.some((value: string) => value === wanted || (of !== undefined && value.includes(wanted)));
}

/** Lists in sentences what has no alarm. */
const unwatched = (template: TemplateJson): string[] =>
  Object.entries(needed(template)).flatMap(([id, metrics]) =>
    metrics
      .filter((one) => !alarmsOf(template).some(([, alarm]) => watches(alarm, one)))
      .map(({ metric }) => `${id} has no alarm on ${metric}`),
  );

describe.each(Object.entries(stacks))('In the template of %s', (_, settings) => {
  const template = templateOf(settings);

  test('every queue, rule, subscription, event source mapping, function and schedule has its alarms', () => {
    expect(Object.keys(needed(template)).length).toBeGreaterThan(40);
    expect(unwatched(template)).toEqual([]);
  });

  test('the sweep measures the pause of every event source mapping', () => {
    const [, sweep]: Json = Object.entries(template.Resources).find(([id]) => /^SweepFunction[\dA-F]{8}$/.test(id));
    const variables = JSON.stringify(sweep.Properties.Environment.Variables.EVENT_SOURCE_MAPPINGS);
    const mappings = Object.entries(template.Resources).filter(([, { Type }]) => Type.endsWith('EventSourceMapping'));
    for (const [id] of mappings) expect(variables).toContain(`{"Ref":"${id}"}`);
  });
});

describe('An alarm that is taken away', () => {
  const template = templateOf(outside);
  const required = alarmsOf(template).filter(([, alarm]) =>
    Object.values(needed(template)).some((metrics) => metrics.some((one) => watches(alarm, one))),
  );

  test.each(required.map(([id, { AlarmName }]) => [AlarmName, id]))('is missed: %s', (_, id) => {
    const { [id]: taken, ...Resources } = template.Resources;
    expect(taken).toBeDefined();
    expect(unwatched({ ...template, Resources })).not.toEqual([]);
  });
});

test('the alarm on runs that do not take place goes off without data, and only that one', () => {
  const withoutData = alarmsOf(templateOf()).filter(([, { TreatMissingData }]) => TreatMissingData === 'breaching');
  expect(withoutData.map(([, alarm]) => alarm)).toEqual([
    expect.objectContaining({
      AlarmName: 'ShopMessaging-dev-sweep-not-running',
      MetricName: 'Invocations',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      Period: 300,
      DatapointsToAlarm: 3,
      EvaluationPeriods: 3,
    }),
  ]);
});
