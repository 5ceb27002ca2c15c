/** What a quota is in each region; `others` where the region is not listed. */
type ByRegion = { regions: Readonly<Record<string, number>>; others: number };

/** A metric of CloudWatch that shows how much of a quota is used. `<…>` in a dimension is the name of a resource. */
export type QuotaMetric = {
  namespace: string;
  name: string;
  statistic: string;
  dimensions: Readonly<Record<string, string>>;
};

/** A quota of a fresh account, by AWS's own pages. */
export type Quota = {
  name: string;
  /** What is counted. */
  unit: string;
  limit: number | ByRegion;
  /** Whether the mean counts, over a month, instead of the busiest moment. */
  perMonth?: true;
  /** How to ask for more: the quota's code in Service Quotas, or a sentence. */
  more: { service: string; code: string } | string;
  page: string;
  metric: QuotaMetric;
};

const by = (others: number, ...groups: readonly [number, string][]): ByRegion => ({
  others,
  regions: Object.fromEntries(
    groups.flatMap(([limit, regions]) => regions.split(' ').map((region) => [region, limit])),
  ),
});

const BIGGEST = 'us-east-1 us-west-2 eu-west-1';
const SNS_PAGE = 'https://docs.aws.amazon.com/general/latest/gr/sns.html';
const EVENTS_PAGE = 'https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html';
const DYNAMODB_PAGE = 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html';
const SNS_USAGE = { Service: 'SNS', Type: 'Resource', Resource: 'NumberOfMessagesPublishedPerAccount', Class: 'None' };
const KMS_USAGE = { Service: 'KMS', Type: 'API', Resource: 'CryptographicOperationsSymmetric', Class: 'None' };
const metric = (
  namespace: string,
  name: string,
  statistic: string,
  dimensions: Readonly<Record<string, string>> = {},
): QuotaMetric => ({ namespace, name, statistic, dimensions });

/** The quotas that more orders come to, as they were on 2026-11-27. `docs/quotas.md` has the same table; a test compares them. */
export const quotas = {
  'sms-spend': {
    name: 'SNS: spend for texts',
    unit: 'dollars a month',
    limit: 1,
    perMonth: true,
    more: '"Account spend threshold for SMS" in the console of Service Quotas, then `aws sns set-sms-attributes` ([texts](sms.md#before-the-first-real-text))',
    page: SNS_PAGE,
    metric: metric('AWS/SNS', 'SMSMonthToDateSpentUSD', 'Maximum'),
  },
  'lambda-concurrency': {
    name: 'Lambda: concurrent executions',
    unit: 'executions at once',
    // AWS's page says "reduced"; 10 is what accounts get.
    limit: 10,
    more: { service: 'lambda', code: 'L-B99A9384' },
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html',
    metric: metric('AWS/Lambda', 'ConcurrentExecutions', 'Maximum'),
  },
  'sms-rate': {
    name: 'SNS: texts',
    unit: 'texts a second',
    limit: 20,
    more: 'a sender of its own in AWS End User Messaging, whose rate depends on its kind and country',
    page: SNS_PAGE,
    metric: metric('AWS/SNS', 'NumberOfMessagesPublished', 'Sum', { PhoneNumber: 'PhoneNumberDirect' }),
  },
  'events-put': {
    name: 'EventBridge: PutEvents',
    unit: 'requests a second',
    limit: by(
      400,
      [10_000, BIGGEST],
      [2_400, 'us-east-2 eu-central-1 eu-south-2'],
      [1_200, 'us-west-1 ap-northeast-1 ap-southeast-1 ap-southeast-2 eu-west-2'],
      [600, 'ap-east-1 ap-northeast-2 ap-south-1 ca-central-1 eu-north-1 eu-west-3 sa-east-1'],
    ),
    more: { service: 'events', code: 'L-9B653E91' },
    page: EVENTS_PAGE,
    metric: metric('AWS/Events', 'PutEventsApproximateCallCount', 'Sum'),
  },
  'events-invocations': {
    name: 'EventBridge: invocations of targets',
    unit: 'invocations a second',
    limit: by(
      750,
      [18_750, BIGGEST],
      [4_500, 'us-east-2 eu-central-1 eu-south-2'],
      [2_250, 'us-west-1 ap-northeast-1 ap-southeast-1 ap-southeast-2 eu-west-2'],
      [1_100, 'ap-east-1 ap-northeast-2 ap-south-1 ca-central-1 eu-north-1 eu-west-3 sa-east-1'],
    ),
    more: { service: 'events', code: 'L-5540C5E3' },
    page: EVENTS_PAGE,
    metric: metric('AWS/Events', 'ThrottledRules', 'Sum'),
  },
  'sns-publish': {
    name: 'SNS: messages published',
    unit: 'messages a second',
    limit: by(
      300,
      [30_000, 'us-east-1'],
      [9_000, 'us-west-2 eu-west-1'],
      [
        1_500,
        'us-east-2 us-west-1 ap-south-1 ap-northeast-2 ap-southeast-1 ap-southeast-2 ap-northeast-1 eu-central-1',
      ],
    ),
    more: { service: 'sns', code: 'L-F8E2BA85' },
    page: SNS_PAGE,
    metric: metric('AWS/Usage', 'ResourceCount', 'Sum', SNS_USAGE),
  },
  'sns-fifo': {
    name: 'SNS: messages on FIFO topics',
    unit: 'messages a second',
    limit: by(3_000, [30_000, 'us-east-1'], [9_000, 'us-west-2 eu-west-1']),
    more: { service: 'sns', code: 'L-F8E2BA85' },
    page: SNS_PAGE,
    metric: metric('AWS/SNS', 'NumberOfMessagesPublished', 'Sum', { TopicName: '<the lifecycle topic>' }),
  },
  'sqs-fifo': {
    name: 'SQS: calls of one kind on a FIFO queue',
    unit: 'calls a second',
    limit: by(
      2_400,
      [70_000, BIGGEST],
      [19_000, 'us-east-2 eu-central-1'],
      [9_000, 'ap-south-1 ap-southeast-1 ap-southeast-2 ap-northeast-1'],
      [4_500, 'eu-west-2 sa-east-1'],
    ),
    more: 'a case at AWS Support',
    page: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html',
    metric: metric('AWS/SQS', 'NumberOfMessagesSent', 'Sum', { QueueName: '<the queue of shipping>' }),
  },
  'dynamodb-table': {
    name: 'DynamoDB: writes of a new table',
    unit: 'write units a second',
    limit: 4_000,
    more: 'more traffic: a table takes twice its highest peak at once, up to 40,000 (`dynamodb`, `L-AB614373`)',
    page: DYNAMODB_PAGE,
    metric: metric('AWS/DynamoDB', 'WriteThrottleEvents', 'Sum', { TableName: '<OrdersTableName>' }),
  },
  'dynamodb-item': {
    name: 'DynamoDB: writes of one SKU',
    unit: 'write units a second, were every order of one SKU',
    limit: 1_000,
    more: 'nothing raises it: larger batches (`consumers.stock.batchSize` with a window) share one write',
    page: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html',
    metric: metric('AWS/DynamoDB', 'WriteThrottleEvents', 'Sum', { TableName: '<StockTableName>' }),
  },
  kms: {
    name: 'KMS: cryptographic operations',
    unit: 'requests a second',
    limit: by(
      10_000,
      [100_000, BIGGEST],
      [20_000, 'us-east-2 ap-southeast-1 ap-southeast-2 ap-northeast-1 eu-central-1 eu-west-2'],
    ),
    more: '"Cryptographic operations (symmetric) request rate" in the console of Service Quotas',
    page: 'https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html',
    metric: metric('AWS/Usage', 'CallCount', 'Sum', KMS_USAGE),
  },
} as const satisfies Readonly<Record<string, Quota>>;

export type QuotaId = keyof typeof quotas;

export const isQuotaId = (name: string): name is QuotaId => Object.hasOwn(quotas, name);

/** All quotas with their ids. */
export const quotaEntries = (): readonly [QuotaId, Quota][] =>
  Object.entries(quotas).flatMap(([id, quota]) => (isQuotaId(id) ? [[id, quota]] : []));

/** Returns a quota's default in a region. */
export const defaultLimit = ({ limit }: Quota, region: string): number =>
  typeof limit === 'number' ? limit : (limit.regions[region] ?? limit.others);
