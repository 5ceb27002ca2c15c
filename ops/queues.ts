import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type ConsumerQueues, findConsumerQueues, findDeliveryQueues } from './consumers.ts';
import type { DeployedShop } from './stack.ts';

/** Counts the messages in all consumers' queues, those in flight included. What waits for a partner waits for somebody else, at any time. */
export const countQueuedMessages = (shop: DeployedShop, client = new SQSClient(shop.config)) =>
  countMessages(shop, client, ({ queueUrl }) => queueUrl);

/** Counts the messages in all consumers' dead-letter queues, and the parked ones, which came from there. */
export async function countDeadLetters(shop: DeployedShop, client = new SQSClient(shop.config)): Promise<number> {
  const [deadLetters, parked] = await Promise.all([
    countMessages(shop, client, ({ deadLetterQueueUrl }) => deadLetterQueueUrl),
    countParked(shop, client),
  ]);
  return deadLetters + parked;
}

/** Counts the messages in the parking queue; none where the deployment is too old to have one. */
export async function countParked({ outputs }: DeployedShop, client: SQSClient): Promise<number> {
  const url = outputs.ParkedLettersQueueUrl;
  return url === undefined ? 0 : totalMessages(await readQueueDepth(client, url));
}

/** How many letters are in a dead-letter queue beside those of consumers and partners, whose name it has in `explain` too. */
export type DeliveryLetters = { name: string; consumer: string; count: number };

/** Counts what did not reach the archive's queue, and the missed runs of the sweep. */
export const countDeliveryLetters = ({ outputs }: DeployedShop, client: SQSClient): Promise<DeliveryLetters[]> =>
  Promise.all(
    findDeliveryQueues(outputs).map(async ({ consumer, name = consumer, deadLetterQueueUrl }) => ({
      name,
      consumer,
      count: totalMessages(await readQueueDepth(client, deadLetterQueueUrl)),
    })),
  );

async function countMessages(
  shop: DeployedShop,
  client: SQSClient,
  queueOf: (queues: ConsumerQueues) => string,
): Promise<number> {
  const counts = await Promise.all(
    findConsumerQueues(shop.outputs).map((queues) => readQueueDepth(client, queueOf(queues))),
  );
  return counts.reduce((sum, depth) => sum + totalMessages(depth), 0);
}

/** The number of messages that wait, are in flight (being handled, or waiting for their next attempt), and are delayed. */
export type QueueDepth = { waiting: number; inFlight: number; delayed: number };

/** Reads a queue's depth, as SQS approximates it. */
export async function readQueueDepth(client: SQSClient, QueueUrl: string): Promise<QueueDepth> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    }),
  );
  return {
    waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
  };
}

/** Reads how long a queue hides a message that was received, in seconds. */
export async function readVisibilityTimeout(client: SQSClient, QueueUrl: string): Promise<number> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['VisibilityTimeout'] }),
  );
  return Number(Attributes.VisibilityTimeout ?? 0);
}

export const totalMessages = ({ waiting, inFlight, delayed }: QueueDepth): number => waiting + inFlight + delayed;

/** Returns a queue's name from its URL or ARN. */
export const queueName = (urlOrArn: string): string => /[^/:]*$/.exec(urlOrArn)?.[0] ?? '';
