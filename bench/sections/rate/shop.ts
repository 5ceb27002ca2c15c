import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateTopicCommand, type SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type ConsumerName, type Route, routing } from '../../../infra/routing.ts';
import type { Contestant } from '../../figure.ts';

/** A consumer of the whole job; shipping, which nobody waits for, is left out for everybody. */
export type Consumer = Exclude<ConsumerName, 'shipping'>;

/** The consumers of the whole job. */
export const consumers = (Object.keys(routing) as ConsumerName[]).filter(
  (name): name is Consumer => name !== 'shipping',
);

/** How many processes each consumer has: for Lambda's, this many instances; for the others, this many workers. */
export const INSTANCES = 2;

/** How many messages of an order all consumers together get: placed by four, two outcomes, and the confirmation by two. */
export const MESSAGES_PER_ORDER = 8;

/** The goods on sale, and how much there is of each. */
export const skus = Array.from({ length: 50 }, (_, index) => `SKU-${index}`);
export const PIECES = 1_000_000;

const REGION = 'us-east-1';
const ACCOUNT = '000000000000';
const VISIBILITY_SECONDS = 180;

/** The ARN of a consumer's queue. */
export const queueArn = (contestant: Contestant, consumer: Consumer) =>
  `arn:aws:sqs:${REGION}:${ACCOUNT}:${contestant}-${consumer}`;

/** What everybody who calls the in-memory AWS is told of it. */
export const connection = { region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

/** The names of a contestant's tables. */
export const tablesOf = (contestant: Contestant) => ({
  orders: `${contestant}-orders`,
  payments: `${contestant}-payments`,
  gateway: `${contestant}-gateway`,
  shelves: `${contestant}-shelves`,
  reservations: `${contestant}-reservations`,
  texts: `${contestant}-texts`,
  idempotency: `${contestant}-idempotency`,
});

/** Takes a contestant and makes its tables, with goods on the shelves. */
export async function createTables(contestant: Contestant, client: DynamoDBClient): Promise<void> {
  const names = tablesOf(contestant);
  const keys: Record<keyof typeof names, readonly string[]> = {
    orders: ['orderId'],
    payments: ['orderId'],
    gateway: ['orderId', 'entry'],
    shelves: ['sku'],
    reservations: ['orderId'],
    texts: ['orderId'],
    idempotency: ['id'],
  };
  for (const [table, columns] of Object.entries(keys)) {
    await client.send(
      new CreateTableCommand({
        TableName: names[table as keyof typeof names],
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: columns.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
        KeySchema: columns.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
      }),
    );
  }
  const document = DynamoDBDocumentClient.from(client);
  for (let start = 0; start < skus.length; start += 25) {
    const puts = skus.slice(start, start + 25).map((sku) => ({
      PutRequest: { Item: { sku, available: PIECES, reserved: 0, sold: 0 } },
    }));
    await document.send(new BatchWriteCommand({ RequestItems: { [names.shelves]: puts } }));
  }
}

/** Takes a contestant and makes its topic, feed and queues, subscribed as the stack subscribes them. */
export async function createQueues(contestant: Contestant, sns: SNSClient, sqs: SQSClient): Promise<void> {
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: contestant }));
  const feed = { Name: `${contestant}.fifo`, Attributes: { FifoTopic: 'true' } };
  await sns.send(new CreateTopicCommand(feed));
  for (const consumer of consumers) {
    const QueueName = `${contestant}-${consumer}`;
    await sqs.send(new CreateQueueCommand({ QueueName: `${QueueName}-dead-letters` }));
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: `${queueArn(contestant, consumer)}-dead-letters`,
      maxReceiveCount: 1000,
    });
    const Attributes = { VisibilityTimeout: String(VISIBILITY_SECONDS), RedrivePolicy };
    await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
    const route: Route = routing[consumer];
    const types = route.consumes.filter(({ channel }) => channel === 'topic').map(({ type }) => type);
    if (types.length === 0) continue;
    const FilterPolicy = JSON.stringify({ type: types });
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: queueArn(contestant, consumer),
        Attributes: {
          RawMessageDelivery: 'true',
          ...(route.unfiltered ? {} : { FilterPolicyScope: 'MessageBody', FilterPolicy }),
        },
      }),
    );
  }
}

/** Where the parts of an AWS answer. */
export type Endpoints = { queues: string; bus: string; texts: string; store: string };

/** The ARN of the topic that a contestant's orders are published on. */
export const topicArn = (contestant: Contestant) => `arn:aws:sns:${REGION}:${ACCOUNT}:${contestant}`;

/** Takes a contestant and one of its consumers and gives the environment that the stack would set. */
export function environmentOf(
  contestant: Contestant,
  consumer: Consumer,
  endpoints: Endpoints,
): Record<string, string> {
  const tables = tablesOf(contestant);
  const own = {
    order: { TABLE_NAME: tables.orders },
    outcomes: { TABLE_NAME: tables.orders },
    payment: { TABLE_NAME: tables.payments, SANDBOX_GATEWAY_TABLE_NAME: tables.gateway },
    stock: { TABLE_NAME: tables.shelves, RESERVATIONS_TABLE_NAME: tables.reservations },
    notification: {
      TABLE_NAME: tables.texts,
      TEXT_WHEN_PLACED: 'false',
      SMS_SETTINGS: JSON.stringify({ perDay: 0, maxPrice: '0.50' }),
    },
  };
  const queueUrl = `${endpoints.queues}/${ACCOUNT}/${contestant}-${consumer}`;
  return {
    AWS_REGION: REGION,
    AWS_LAMBDA_FUNCTION_NAME: `${contestant}-${consumer}`,
    AWS_ACCESS_KEY_ID: connection.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: connection.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_SQS: endpoints.queues,
    AWS_ENDPOINT_URL_SNS: consumer === 'notification' ? endpoints.texts : endpoints.queues,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.bus,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.store,
    QUEUE_URL: queueUrl,
    DEAD_LETTER_QUEUE_URL: `${queueUrl}-dead-letters`,
    EVENT_BUS_NAME: contestant,
    LIFECYCLE_TOPIC_ARN: `${topicArn(contestant)}.fifo`,
    FUNCTION_TIMEOUT_SECONDS: '30',
    METRICS_NAMESPACE: 'Bench',
    IDEMPOTENCY_TABLE_NAME: tables.idempotency,
    ...own[consumer],
  };
}
