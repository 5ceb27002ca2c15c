import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Shop } from './stack.ts';

/** Gives how many messages the consumers' queues still hold, those being worked on included. */
export const messagesLeft = (shop: Shop, client = new SQSClient(shop.config)) =>
  countIn(shop, client, (name) => name.endsWith('QueueUrl') && !name.endsWith('DeadLetterQueueUrl'));

/** Gives how many messages all dead-letter queues hold. */
export const deadLetters = (shop: Shop, client = new SQSClient(shop.config)) =>
  countIn(shop, client, (name) => name.endsWith('DeadLetterQueueUrl'));

async function countIn(shop: Shop, client: SQSClient, wanted: (output: string) => boolean): Promise<number> {
  const urls = Object.entries(shop.outputs).flatMap(([name, url]) => (wanted(name) ? [url] : []));
  const counts = await Promise.all(urls.map((url) => countOf(client, url)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function countOf(client: SQSClient, QueueUrl: string): Promise<number> {
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
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}
