import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { sendParameters } from '../../lambdas/sweep/parked-letter.ts';
import { findLetterQueues, type LetterQueues } from '../consumers.ts';
import type { DeployedShop } from '../stack.ts';
import type { OutgoingMessage } from './dead-letter.ts';
import { type Failures, failAll, failuresOf, type LetterReceiver, letterReceiver } from './letter-receiver.ts';

/** A consumer's dead-letter queue, and the one queue its dead letters failed in. Every call takes at most ten. */
export type DeadLetterQueue = LetterReceiver & {
  /** What it is called: its consumer's name, unless that has several. */
  name?: string;
  /** Why its letters cannot be put back or parked. @default they can */
  final?: string;
  /** Sends to the consumer's own queue, where no other consumer sees it. `onAccepted` gets the id of each dead letter and of the message it became. */
  send(messages: readonly OutgoingMessage[], onAccepted?: (id: string, messageId: string) => void): Promise<Failures>;
};

/** Connects to all dead-letter queues, or to those of the consumer or partner that is named. */
export function connectQueues(shop: DeployedShop, consumer?: string): DeadLetterQueue[] {
  const client = new SQSClient(shop.config);
  return findLetterQueues(shop.outputs, consumer).map((queues) => sqsDeadLetterQueue(queues, client));
}

function sqsDeadLetterQueue({ name, final, ...queues }: LetterQueues, client: SQSClient): DeadLetterQueue {
  const receiver = { ...letterReceiver(queues, client), ...(name === undefined ? {} : { name }) };
  if (final !== undefined) return { ...receiver, final, send: async (messages) => failAll(messages, final) };
  return {
    ...receiver,
    send: (messages, onAccepted) => sendMessages(client, queues.queueUrl, messages, onAccepted),
  };
}

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

/** Returns what a dead-letter queue is called. */
export const nameOf = ({ name, consumer }: Pick<DeadLetterQueue, 'name' | 'consumer'>): string => name ?? consumer;
