import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type ConsumerQueues, findConsumerQueues } from '../consumers.ts';
import { type QueueDepth, readQueueDepth } from '../queues.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { type DeadLetter, type OutgoingMessage, toDeadLetter } from './dead-letter.ts';

/** What part of a batch call failed: by id, why. */
export type Failures = Map<string, string>;

/** A consumer's dead-letter queue, and the one queue its dead letters failed in. Every call takes at most ten. */
export type DeadLetterQueue = {
  consumer: string;
  fifo: boolean;
  depth(): Promise<Pick<QueueDepth, 'waiting' | 'inFlight'>>;
  /** Receives dead letters, which nobody else sees for so many seconds; waits a moment if there are none. */
  receive(maxMessages: number, visibilitySeconds: number): Promise<DeadLetter[]>;
  /** Sets after how many seconds received dead letters are visible again; 0 releases them. */
  changeVisibility(deadLetters: readonly DeadLetter[], seconds: number): Promise<Failures>;
  remove(deadLetters: readonly DeadLetter[]): Promise<Failures>;
  /** Sends to the consumer's own queue, where no other consumer sees it. */
  send(messages: readonly OutgoingMessage[]): Promise<Failures>;
};

/** Connects to the dead-letter queues of all consumers, or of the one that is named. */
export async function connectQueues({
  aws,
  consumer,
}: {
  aws?: boolean | undefined;
  consumer?: string | undefined;
}): Promise<DeadLetterQueue[]> {
  return queuesOf(await connectToShop({ aws }), consumer);
}

/** Connects to the dead-letter queues of a shop's consumers, or of the one that is named. */
export function queuesOf(shop: DeployedShop, consumer?: string): DeadLetterQueue[] {
  const client = new SQSClient(shop.config);
  return findConsumerQueues(shop.outputs, consumer).map((queues) => sqsDeadLetterQueue(queues, client));
}

function sqsDeadLetterQueue(
  { consumer, queueUrl, deadLetterQueueUrl: QueueUrl }: ConsumerQueues,
  client: SQSClient,
): DeadLetterQueue {
  const entries = (deadLetters: readonly DeadLetter[]) =>
    deadLetters.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }));
  const fifo = queueUrl.endsWith('.fifo');

  return {
    consumer,
    fifo,
    depth: () => readQueueDepth(client, QueueUrl),

    async receive(maxMessages, visibilitySeconds) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: maxMessages,
          VisibilityTimeout: visibilitySeconds,
          // Asks all of SQS's servers: without a wait a response may be empty though there are messages.
          WaitTimeSeconds: 1,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
        }),
      );
      return Messages.map(
        ({ MessageId = '', Body = '', ReceiptHandle = '', MessageAttributes = {}, Attributes = {} }) =>
          toDeadLetter({
            id: MessageId,
            consumer,
            body: Body,
            receiptHandle: ReceiptHandle,
            attributes: MessageAttributes,
            system: Attributes,
          }),
      );
    },

    async changeVisibility(deadLetters, seconds) {
      const { Failed } = await client.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl,
          Entries: entries(deadLetters).map((entry) => ({ ...entry, VisibilityTimeout: seconds })),
        }),
      );
      return failuresOf(deadLetters, Failed);
    },

    async remove(deadLetters) {
      const { Failed } = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: entries(deadLetters) }));
      return failuresOf(deadLetters, Failed);
    },

    async send(messages) {
      const { Failed } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: messages.map(({ id, body, attributes, groupId, traceHeader }, index) => ({
            Id: String(index),
            MessageBody: body,
            MessageAttributes: { ...attributes },
            ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
            // For five minutes SQS itself drops what is sent a second time.
            ...(fifo ? { MessageDeduplicationId: id } : {}),
            ...(traceHeader === undefined
              ? {}
              : { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } } }),
          })),
        }),
      );
      return failuresOf(messages, Failed);
    },
  };
}

type FailedEntries = readonly { Id?: string | undefined; Code?: string | undefined; Message?: string | undefined }[];

const failuresOf = (entries: readonly { id: string }[], failed: FailedEntries = []): Failures =>
  new Map(
    failed.map(({ Id, Code = '', Message = '' }) => [entries[Number(Id)]?.id ?? '', `${Code} ${Message}`.trim()]),
  );
