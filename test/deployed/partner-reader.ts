import { DeleteMessageCommand, type Message, PurgeQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { eventually, sqs } from './deployed-shop.ts';

/** A message as a partner's service gets it. */
export type ReceivedEvent = { event: { type: string; data: { orderId: string; sequence?: number } }; message: Message };

/** Empties a partner's queue of what other tests left there. */
export const purge = (QueueUrl: string) => sqs.send(new PurgeQueueCommand({ QueueUrl }));

/** Receives up to ten messages and deletes them, as a partner's service does with what it has done. */
export async function readBatch(QueueUrl: string): Promise<ReceivedEvent[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 1,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    }),
  );
  for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return Messages.map((message) => ({ event: JSON.parse(message.Body ?? ''), message }));
}

/** Reads a queue until so much of what it received is enough; returns all of it. */
export async function readUntil(
  QueueUrl: string,
  what: string,
  isEnough: (received: readonly ReceivedEvent[]) => boolean,
): Promise<ReceivedEvent[]> {
  const received: ReceivedEvent[] = [];
  await eventually(what, async () => {
    received.push(...(await readBatch(QueueUrl)));
    return isEnough(received);
  });
  return received;
}

/** Receives a message again and again without deleting it, as a service does that fails, until SQS has moved it away. */
export async function failUntilMoved(QueueUrl: string, deadLetters: () => Promise<number>): Promise<void> {
  await eventually('SQS has moved the message to the dead-letter queue', async () => {
    await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }));
    return (await deadLetters()) > 0;
  });
}
