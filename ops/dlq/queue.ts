import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { sendParameters } from '../../lambdas/sweep/parked-letter.ts';
import { type ConsumerQueues, findQueues } from '../consumers.ts';
import type { DeployedShop } from '../stack.ts';
import type { OutgoingMessage } from './dead-letter.ts';
import { type Failures, failuresOf, type LetterReceiver, letterReceiver } from './letter-receiver.ts';

/** A consumer's dead-letter queue, and the one queue its dead letters failed in. Every call takes at most ten. */
export type DeadLetterQueue = LetterReceiver & {
  /** Sends to the consumer's own queue, where no other consumer sees it. `onAccepted` gets the id of each dead letter and of the message it became. */
  send(messages: readonly OutgoingMessage[], onAccepted?: (id: string, messageId: string) => void): Promise<Failures>;
};

/** Connects to the dead-letter queues of all consumers and partners, or of the one that is named. */
export function connectQueues(shop: DeployedShop, consumer?: string): DeadLetterQueue[] {
  const client = new SQSClient(shop.config);
  return findQueues(shop.outputs, consumer).map((queues) => sqsDeadLetterQueue(queues, client));
}

const sqsDeadLetterQueue = (queues: ConsumerQueues, client: SQSClient): DeadLetterQueue => ({
  ...letterReceiver(queues, client),
  send: (messages, onAccepted) => sendMessages(client, queues.queueUrl, messages, onAccepted),
});

/** Sends at most ten messages to a queue, in one call; for five minutes a FIFO queue drops what is sent a second time. */
export async function sendMessages(
  client: SQSClient,
  QueueUrl: string,
  messages: readonly OutgoingMessage[],
  onAccepted: (id: string, messageId: string) => void = () => {},
): Promise<Failures> {
  const Entries = messages.map((message, index) => ({
    Id: String(index),
    ...sendParameters(message, { id: message.id, queueUrl: QueueUrl }),
  }));
  const { Successful = [], Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  for (const { Id, MessageId = '' } of Successful) onAccepted(messages[Number(Id)]?.id ?? '', MessageId);
  return failuresOf(messages, Failed);
}
