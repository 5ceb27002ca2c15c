import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { RootConstruct } from 'constructs';
import { consumerNameOf } from '../../infra/names.ts';
import type { Route, TableUse } from '../../infra/route.ts';
import { type ConsumerName, routing } from '../../infra/routing.ts';
import { readSettings } from '../../infra/settings.ts';
import { NO_SHARED_CONFIG } from '../../localstack/environment.ts';
import { type Clients, CREDENTIALS, type Endpoints, REGION } from './local-aws.ts';

/** Every consumer of the stack; each contestant has all of them. */
export const consumers = Object.keys(routing) as ConsumerName[];
const routeOf = (consumer: ConsumerName): Route => routing[consumer];

/** The settings of a local deployment. */
const settings = readSettings(localContext());
function localContext() {
  const { node } = new RootConstruct('bench');
  node.setContext('stage', 'local');
  return node;
}

const ACCOUNT = '000000000000';
const VISIBILITY_SECONDS = '180';

export const isFifo = (consumer: ConsumerName): boolean =>
  routeOf(consumer).consumes.every(({ channel }) => channel === 'lifecycle');

/** Names the consumer's queue; `shop` is the prefix of everything that one contestant has. */
export const queueName = (shop: string, consumer: ConsumerName) =>
  `${shop}-${consumer}${isFifo(consumer) ? '.fifo' : ''}`;

/** Names the consumer of a queue that `queueName` named. */
export const consumerOfQueue = (queueUrl: string) => queueUrl.replace('.fifo', '').split('-').at(-1) ?? '';

const tablesOf = (consumer: ConsumerName): [variable: string, use: TableUse][] =>
  Object.entries(routeOf(consumer).tables?.(settings) ?? {});
const shortName = ({ id }: TableUse) => consumerNameOf(id.replace(/Table$/, ''));

/** The key columns of each table of the stack, and of the peers' idempotency table. */
const keyColumns = new Map<string, string[]>([
  ['idempotency', ['id']],
  ...consumers
    .flatMap(tablesOf)
    .map(([, use]): [string, string[]] => [shortName(use), [use.key, ...(use.sortKey ? [use.sortKey] : [])]]),
]);

type TableName = 'orders' | 'payments' | 'sandboxGateway' | 'stock' | 'reservations' | 'notifications' | 'shipments';
export type TableNames = Record<TableName | 'idempotency', string>;

const tableName = (shop: string, name: string) => `${shop}-${name}`;

/** Names a shop's tables. */
export const tableNames = (shop: string) =>
  Object.fromEntries([...keyColumns.keys()].map((name) => [name, tableName(shop, name)])) as TableNames;

export async function createTables(shop: string, client: DynamoDBClient): Promise<void> {
  for (const [name, columns] of keyColumns) {
    await client.send(
      new CreateTableCommand({
        TableName: tableName(shop, name),
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: columns.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
        KeySchema: columns.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
      }),
    );
  }
}

/** Creates a shop's topic, lifecycle feed and queues, subscribed as the stack subscribes them. */
export async function createQueues(shop: string, { sns, sqs }: Clients): Promise<void> {
  await sns.send(new CreateTopicCommand({ Name: shop }));
  await sns.send(new CreateTopicCommand({ Name: `${shop}.fifo`, Attributes: { FifoTopic: 'true' } }));
  for (const consumer of consumers) {
    const QueueName = queueName(shop, consumer);
    await sqs.send(
      new CreateQueueCommand({
        QueueName,
        Attributes: { VisibilityTimeout: VISIBILITY_SECONDS, ...(isFifo(consumer) ? { FifoQueue: 'true' } : {}) },
      }),
    );
    await sqs.send(new CreateQueueCommand({ QueueName: `${shop}-${consumer}-dead-letters` }));
    const { consumes, unfiltered } = routeOf(consumer);
    const types = consumes.filter(({ channel }) => channel === 'topic').map(({ type }) => type);
    if (types.length === 0 && !isFifo(consumer)) continue;
    const FilterPolicy = JSON.stringify({ type: types });
    const filter = unfiltered || isFifo(consumer) ? {} : { FilterPolicyScope: 'MessageBody', FilterPolicy };
    await sns.send(
      new SubscribeCommand({
        TopicArn: isFifo(consumer) ? feedArn(shop) : topicArn(shop),
        Protocol: 'sqs',
        Endpoint: `arn:aws:sqs:${REGION}:${ACCOUNT}:${QueueName}`,
        Attributes: { RawMessageDelivery: 'true', ...filter },
      }),
    );
  }
}

/** The ARN of the topic that orders are published on. */
export const topicArn = (shop: string) => `arn:aws:sns:${REGION}:${ACCOUNT}:${shop}`;
const feedArn = (shop: string) => `${topicArn(shop)}.fifo`;

/** The URL of a consumer's queue. */
export const queueUrl = (shop: string, consumer: ConsumerName, { queues }: Pick<Endpoints, 'queues'>) =>
  `${queues}/${ACCOUNT}/${queueName(shop, consumer)}`;

/** Builds the environment of a consumer's function, as the stack does. */
export function environmentOf(shop: string, consumer: ConsumerName, endpoints: Endpoints): Record<string, string> {
  const tables = tablesOf(consumer).map(([variable, use]) => [variable, tableName(shop, shortName(use))]);
  return {
    ...NO_SHARED_CONFIG,
    AWS_REGION: REGION,
    AWS_LAMBDA_FUNCTION_NAME: `${shop}-${consumer}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_SQS: endpoints.queues,
    AWS_ENDPOINT_URL_SNS: consumer === 'notification' ? endpoints.bus : endpoints.queues,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.bus,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.store,
    QUEUE_URL: queueUrl(shop, consumer, endpoints),
    DEAD_LETTER_QUEUE_URL: `${endpoints.queues}/${ACCOUNT}/${shop}-${consumer}-dead-letters`,
    EVENT_BUS_NAME: shop,
    ORDERS_TOPIC_ARN: topicArn(shop),
    LIFECYCLE_TOPIC_ARN: feedArn(shop),
    FUNCTION_TIMEOUT_SECONDS: '30',
    CUSTOMER_HASH_KEY: 'bench',
    METRICS_NAMESPACE: 'ShopMessaging',
    IDEMPOTENCY_TABLE_NAME: tableName(shop, 'idempotency'),
    ...Object.fromEntries(tables),
    ...routeOf(consumer).environment?.(settings),
  };
}
