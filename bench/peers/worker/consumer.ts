import { type Message, SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { consumptionGate, reportDone } from '../../sections/rate/control.ts';
import type { ConsumerOptions } from '../common/consumer-options.ts';

const MAX_WAIT_SECONDS = 900;

/** Consumes a consumer's queue: ten messages side by side. */
export function consumer({ name, schema, handle }: ConsumerOptions): void {
  const opened = consumptionGate();
  const app = Consumer.create({
    queueUrl: requireEnv('QUEUE_URL'),
    sqs: new SQSClient({}),
    batchSize: 10,
    waitTimeSeconds: 20,
    messageSystemAttributeNames: ['ApproximateReceiveCount'],
    terminateVisibilityTimeout: ([message]) => waitSeconds(message),
    handleMessage: async (message) => {
      await opened();
      await handle(schema.parse(JSON.parse(message.Body ?? '')));
      return message;
    },
  });
  app.on('error', ({ message }) => console.error(name, message));
  app.on('processing_error', ({ message }) => console.error(name, message));
  app.on('timeout_error', ({ message }) => console.error(name, message));
  app.on('message_processed', () => reportDone(1));
  app.start();
}

/** Doubles with each attempt. */
function waitSeconds(message: Message | undefined): number {
  const attempt = Number(message?.Attributes?.ApproximateReceiveCount ?? 1);
  return Math.min(MAX_WAIT_SECONDS, 2 ** Math.min(attempt, 10));
}
