import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type ConsumerQueues, findConsumerQueues } from './consumers.ts';
import type { DeployedShop } from './stack.ts';

/** Gives how many messages the consumers' queues still hold, those being worked on included. */
export const countQueuedMessages = (shop: DeployedShop, client = new SQSClient(shop.config)) =>
  countIn(shop, client, ({ queueUrl }) => queueUrl);

/** Gives how many messages all dead-letter queues hold. */
export const countDeadLetters = (shop: DeployedShop, client = new SQSClient(shop.config)) =>
  countIn(shop, client, ({ deadLetterQueueUrl }) => deadLetterQueueUrl);

async function countIn(
  shop: DeployedShop,
  client: SQSClient,
  wanted: (queues: ConsumerQueues) => string,
): Promise<number> {
  const counts = await Promise.all(
    findConsumerQueues(shop.outputs).map((queues) => readQueueDepth(client, wanted(queues))),
  );
  return counts.reduce((sum, depth) => sum + totalMessages(depth), 0);
}

/** How many messages of a queue wait, are in flight (being worked on, or waiting for their next try), and are delayed. */
export type QueueDepth = { waiting: number; inFlight: number; delayed: number };

/** Gives a queue's depth, as SQS approximates it. */
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

/** Gives how many messages a queue holds in all. */
export const totalMessages = ({ waiting, inFlight, delayed }: QueueDepth): number => waiting + inFlight + delayed;
