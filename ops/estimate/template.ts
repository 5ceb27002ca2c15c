import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { readStageFile, resolveSettings, type Settings } from '../../infra/settings.ts';
import { ShopMessagingStack } from '../../infra/shop-messaging-stack.ts';

// A template is plain JSON of many shapes.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;

/** A CloudFormation template as `cdk synth` writes it. */
export type Template = { Metadata?: Json; Resources: Record<string, { Type: string; Properties?: Json }> };

/** What costs depend on in a template. */
export type TemplateFacts = ReturnType<typeof readFacts>;

/** An event source mapping with the memory of its function and its instances at most; a FIFO queue has no window. */
export type Mapping = {
  batchSize: number;
  windowSeconds: number;
  concurrency: number;
  fifo: boolean;
  memoryMb: number;
};

/** How many instances a mapping may have where nothing limits it (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html). */
const MAX_CONCURRENCY = 1_000;

/** The resource types that have a price here or are free: policies, roles, names, rules, standard parameters, what empties a bucket. */
const COVERED_TYPES: Readonly<Record<string, readonly string[]>> = {
  CDK: ['Metadata'],
  CloudWatch: ['Alarm', 'CompositeAlarm', 'Dashboard'],
  Custom: ['S3AutoDeleteObjects'],
  DynamoDB: ['Table'],
  Events: ['Archive', 'EventBus', 'EventBusPolicy', 'Rule'],
  IAM: ['ManagedPolicy', 'Policy', 'Role'],
  KMS: ['Alias', 'Key'],
  Lambda: ['EventSourceMapping', 'Function', 'Permission', 'Url'],
  Logs: ['LogGroup'],
  S3: ['Bucket', 'BucketPolicy'],
  SNS: ['Subscription', 'Topic', 'TopicPolicy'],
  SQS: ['Queue', 'QueuePolicy'],
  SSM: ['Parameter'],
  SecretsManager: ['Secret'],
  XRay: ['ResourcePolicy'],
};

/** Synthesizes the stack of a stage with settings that may differ from its file; without a gateway, with the sandbox. */
export function synthesize({ stage = 'prod', ...values }: Readonly<Record<string, string>>): Template {
  const { context: flags } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
  const outdir = mkdtempSync(join(tmpdir(), 'shop-messaging-estimate-'));
  try {
    const app = new App({ outdir, context: flags });
    const given = { paymentGateway: 'sandbox', ...readStageFile(stage), ...values };
    const settings = resolveSettings(stage, given, { overridden: Object.keys(values) });
    const stack = new ShopMessagingStack(app, settings.stackName, settings);
    return app.synth().getStackArtifact(stack.artifactId).template as Template;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** Reads what costs depend on. Throws for resource types and billing modes that the estimate does not cover. */
export function readFacts({ Metadata, Resources }: Template) {
  assertCovered({ Resources });
  const of = (type: string): Json[] =>
    Object.values(Resources).flatMap(({ Type, Properties = {} }) => (Type === `AWS::${type}` ? [Properties] : []));
  const isFifo = (reference: Json): boolean => {
    const { FifoTopic, FifoQueue } = Resources[reference?.Ref ?? reference?.['Fn::GetAtt']?.[0]]?.Properties ?? {};
    return FifoTopic === true || FifoQueue === true;
  };
  const memoryMbOf = (functionId: string) => Number(Resources[functionId]?.Properties?.MemorySize ?? 128);
  const mappings = of('Lambda::EventSourceMapping').map((mapping): [string, Mapping] => [
    mapping.FunctionName.Ref.slice(0, mapping.FunctionName.Ref.indexOf('Function')).toLowerCase(),
    {
      memoryMb: memoryMbOf(mapping.FunctionName.Ref),
      batchSize: Number(mapping.BatchSize ?? 10),
      windowSeconds: Number(mapping.MaximumBatchingWindowInSeconds ?? 0),
      concurrency: Number(mapping.ScalingConfig?.MaximumConcurrency ?? MAX_CONCURRENCY),
      fifo: isFifo(mapping.EventSourceArn),
    },
  ]);
  const subscriptions = of('SNS::Subscription').filter(({ Protocol }) => Protocol === 'sqs');
  const feed = subscriptions.filter(({ TopicArn }) => isFifo(TopicArn));
  const bodyFilters = (some: Json[]) => some.filter((one) => one.FilterPolicyScope === 'MessageBody').length;
  const alarmMetrics = of('CloudWatch::Alarm').map(
    ({ Metrics = [] }) => Metrics.filter((m: Json) => m.MetricStat).length,
  );
  const { partners = {}, webhooks }: Partial<Settings> = Metadata?.Settings ?? {};
  // The stack gives all functions the same architecture.
  const [{ Architectures = [], TracingConfig } = {}] = of('Lambda::Function');
  const environment = Object.assign({}, ...of('Lambda::Function').map((fn) => fn.Environment?.Variables));
  return {
    architecture: Architectures[0] === 'arm64' ? ('arm64' as const) : ('x86_64' as const),
    mappings: Object.fromEntries(mappings),
    /** What each partner, and each endpoint of the webhooks, gets. */
    partners: Object.values(partners).map(({ events }) => events),
    endpoints: Object.values(webhooks?.endpoints ?? {}).map(({ events }) => events),
    bodyFilters: { topic: bodyFilters(subscriptions) - bodyFilters(feed), feed: bodyFilters(feed) },
    /** Queues that get an order from the topic. */
    topicSubscriptions: subscriptions.length - feed.length,
    feedSubscriptions: feed.length,
    topics: of('SNS::Topic').length,
    tables: of('DynamoDB::Table').length,
    pointInTimeRecovery: of('DynamoDB::Table').some(
      (table) => table.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled === true,
    ),
    keys: of('KMS::Key').length,
    // A secret outside the stack costs the same.
    secrets:
      of('SecretsManager::Secret').length +
      new Set(readSecrets(of('IAM::Policy')).map((arn) => JSON.stringify(arn))).size,
    alarmMetrics: alarmMetrics.reduce((sum, metrics) => sum + Math.max(1, metrics), 0),
    compositeAlarms: of('CloudWatch::CompositeAlarm').length,
    dashboards: of('CloudWatch::Dashboard').length,
    logDays: Math.max(0, ...of('Logs::LogGroup').map(({ RetentionInDays = 0 }) => Number(RetentionInDays))),
    buckets: of('S3::Bucket').length,
    archiveDays: Number(of('S3::Bucket')[0]?.LifecycleConfiguration.Rules[0].ExpirationInDays ?? 0),
    busArchiveDays: Number(of('Events::Archive')[0]?.RetentionDays ?? 0),
    traced: TracingConfig?.Mode === 'Active',
    // A daily limit per number takes one more write per text.
    textsLimited: /"perDay":[1-9]/.test(environment.SMS_SETTINGS ?? ''),
  };
}

/** Lists the ARNs of the secrets that policies allow to read. */
const readSecrets = (policies: readonly Json[]): Json[] =>
  policies
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .filter(({ Action }) => [Action].flat().includes('secretsmanager:GetSecretValue'))
    .flatMap(({ Resource }) => Resource);

function assertCovered({ Resources }: Template): void {
  const types = Object.values(Resources).map(({ Type }) => Type.split('::'));
  const unknown = types.filter((parts) => {
    const [service = '', resource = ''] = parts.slice(-2);
    return !COVERED_TYPES[service]?.includes(resource);
  });
  const names = new Set(unknown.map((parts) => parts.join('::')));
  if (names.size > 0) throw new Error(`The estimate has no price for ${[...names].sort().join(', ')}.`);
  for (const [id, { Type, Properties }] of Object.entries(Resources)) {
    if (Type === 'AWS::DynamoDB::Table' && Properties?.BillingMode !== 'PAY_PER_REQUEST')
      throw new Error(`${id} does not pay per request, and the estimate has no other prices.`);
  }
}
