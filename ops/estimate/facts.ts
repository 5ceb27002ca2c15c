import type { Batching } from './batches.ts';

// A template is plain JSON of many shapes, taken apart field by field.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;

/** A CloudFormation template, as `cdk synth` writes it. */
export type Template = { Resources: Record<string, { Type: string; Properties?: Json }> };

/** What the template says that money depends on. Consumers, functions and tables by the names of their constructs, in lower case. */
export type Facts = {
  functions: Readonly<Record<string, { memoryMb: number; architecture: 'arm64' | 'x86_64' }>>;
  mappings: Readonly<Record<string, Batching & { fifo: boolean }>>;
  /** Subscriptions whose filter looks into the body, of the orders topic and of the lifecycle feed. */
  bodyFilters: { topic: number; feed: number };
  /** Subscriptions of the lifecycle feed. */
  feedSubscriptions: number;
  /** Every consumer is sent every message of the topic and the bus. */
  unfiltered: boolean;
  tables: Readonly<Record<string, { pointInTime: boolean; customerKey: boolean }>>;
  /** How long one data key of a customer's key is used, in seconds, for each topic and each consumer's queue that has one. */
  keyReuse: { topics: readonly number[]; queues: readonly number[] };
  keys: number;
  secrets: number;
  alarmMetrics: number;
  dashboards: number;
  logDays: number;
  /** Days our own archive keeps an event, 0 where there is none. */
  archiveDays: number;
  /** Days the bus's archive keeps an event, 0 where there is none. */
  busArchiveDays: number;
  /** Minutes between two runs of the sweep. */
  sweepMinutes: number;
  traced: boolean;
  /** Texts are counted by number, so that nobody gets more than so many a day: a write for each. */
  textsCounted: boolean;
};

// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html and
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
const DATA_KEY_SECONDS = 300;
const READS_SECRET = 'secretsmanager:GetSecretValue';

/** Takes a template and gives the facts. */
export function factsOf({ Resources }: Template): Facts {
  const resources = Object.entries(Resources).map(([id, { Type, Properties = {} }]) => ({
    id,
    type: Type,
    properties: Properties,
  }));
  const of = (type: string) => resources.filter((one) => one.type === type);
  const nameOf = (id: string, kind: string) => id.slice(0, id.indexOf(kind)).toLowerCase();
  const isFifo = (reference: Json, attribute: string): boolean =>
    Resources[reference?.Ref ?? reference?.['Fn::GetAtt']?.[0]]?.Properties?.[attribute] === true;

  const mappings = of('AWS::Lambda::EventSourceMapping').map(({ properties }) => ({
    name: nameOf(properties.FunctionName.Ref, 'Function'),
    queue: String(properties.EventSourceArn['Fn::GetAtt'][0]),
    batchSize: Number(properties.BatchSize ?? 10),
    windowSeconds: Number(properties.MaximumBatchingWindowInSeconds ?? 0),
    fifo: isFifo(properties.EventSourceArn, 'FifoQueue'),
  }));
  const consumed = new Set(mappings.map(({ queue }) => queue));
  const subscriptions = of('AWS::SNS::Subscription')
    .filter(({ properties }) => properties.Protocol === 'sqs')
    .map(({ properties }) => ({
      feed: isFifo(properties.TopicArn, 'FifoTopic'),
      looksInside: properties.FilterPolicyScope === 'MessageBody',
    }));
  const looksInside = (feed: boolean) => subscriptions.filter((one) => one.looksInside && one.feed === feed).length;
  const archive = of('AWS::Lambda::Function').find(({ properties }) => properties.Environment?.Variables?.ARCHIVE_DAYS);
  const schedule = of('AWS::Events::Rule').find(({ properties }) => properties.ScheduleExpression)?.properties;

  return {
    functions: Object.fromEntries(
      of('AWS::Lambda::Function').map(({ id, properties }) => [
        nameOf(id, 'Function'),
        { memoryMb: Number(properties.MemorySize ?? 128), architecture: properties.Architectures?.[0] ?? 'x86_64' },
      ]),
    ),
    mappings: Object.fromEntries(
      mappings.map(({ name, batchSize, windowSeconds, fifo }) => [name, { batchSize, windowSeconds, fifo }]),
    ),
    bodyFilters: { topic: looksInside(false), feed: looksInside(true) },
    feedSubscriptions: subscriptions.filter(({ feed }) => feed).length,
    unfiltered: false,
    tables: Object.fromEntries(
      of('AWS::DynamoDB::Table').map(({ id, properties }) => {
        if (properties.BillingMode !== 'PAY_PER_REQUEST')
          throw new Error(`${id} does not pay per request, and the estimate knows nothing else.`);
        return [
          nameOf(id, 'Table'),
          {
            pointInTime: properties.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled === true,
            customerKey: properties.SSESpecification?.KMSMasterKeyId !== undefined,
          },
        ];
      }),
    ),
    keyReuse: {
      topics: of('AWS::SNS::Topic').flatMap(({ properties }) =>
        properties.KmsMasterKeyId === undefined ? [] : [DATA_KEY_SECONDS],
      ),
      queues: of('AWS::SQS::Queue').flatMap(({ id, properties }) =>
        properties.KmsMasterKeyId === undefined || !consumed.has(id)
          ? []
          : [Number(properties.KmsDataKeyReusePeriodSeconds ?? DATA_KEY_SECONDS)],
      ),
    },
    keys: of('AWS::KMS::Key').length,
    // One that somebody else keeps costs as much.
    secrets: Math.max(
      of('AWS::SecretsManager::Secret').length,
      JSON.stringify(Resources).includes(READS_SECRET) ? 1 : 0,
    ),
    alarmMetrics: of('AWS::CloudWatch::Alarm').reduce(
      (sum, { properties }) =>
        sum + Math.max(1, (properties.Metrics ?? []).filter((one: Json) => one.MetricStat).length),
      0,
    ),
    dashboards: of('AWS::CloudWatch::Dashboard').length,
    logDays: Math.max(0, ...of('AWS::Logs::LogGroup').map(({ properties }) => Number(properties.RetentionInDays ?? 0))),
    archiveDays: Number(archive?.properties.Environment.Variables.ARCHIVE_DAYS ?? 0),
    busArchiveDays: Number(of('AWS::Events::Archive')[0]?.properties.RetentionDays ?? 0),
    sweepMinutes: Number(/rate\((\d+) minute/.exec(schedule?.ScheduleExpression ?? '')?.[1] ?? 5),
    textsCounted: /"perDay":[1-9]/.test(
      of('AWS::Lambda::Function')
        .map(({ properties }) => properties.Environment?.Variables?.SMS_SETTINGS ?? '')
        .join(),
    ),
    traced: of('AWS::Lambda::Function').some(({ properties }) => properties.TracingConfig?.Mode === 'Active'),
  };
}
