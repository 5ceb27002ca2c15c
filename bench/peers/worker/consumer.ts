import { type Message, SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import type { z } from 'zod';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { finished, gate } from '../../sections/rate/gate.ts';

const LONGEST_WAIT_SECONDS = 900;

/** Takes a consumer's name, its schema and what it does with one event, and consumes its queue: ten messages side by side. */
export async function consume<Schema extends z.ZodType>(
  consumer: string,
  schema: Schema,
  handle: (event: z.infer<Schema>) => Promise<void>,
): Promise<void> {
  const isOpen = gate();
  const app = Consumer.create({
    queueUrl: requireEnv('QUEUE_URL'),
    sqs: new SQSClient({}),
    batchSize: 10,
    waitTimeSeconds: 20,
    messageSystemAttributeNames: ['ApproximateReceiveCount'],
    terminateVisibilityTimeout: ([message]) => waitSeconds(message),
    handleMessage: async (message) => {
      await isOpen();
      await handle(schema.parse(JSON.parse(message.Body ?? '')));
      return message;
    },
  });
  app.on('error', ({ message }) => console.error(consumer, message));
  app.on('processing_error', ({ message }) => console.error(consumer, message));
  app.on('timeout_error', ({ message }) => console.error(consumer, message));
  app.on('message_processed', () => finished(1));
  app.start();
  process.send?.({ ready: true });
}

/** Doubles with each try. */
function waitSeconds(message: Message | undefined): number {
  const tries = Number(message?.Attributes?.ApproximateReceiveCount ?? 1);
  return Math.min(LONGEST_WAIT_SECONDS, 2 ** Math.min(tries, 10));
}
