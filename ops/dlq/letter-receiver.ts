import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { ConsumerQueues } from '../consumers.ts';
import { type QueueDepth, readQueueDepth } from '../queues.ts';
import { type DeadLetter, toDeadLetter } from './dead-letter.ts';

/** What part of a batch call failed: by id, why. */
export type Failures = Map<string, string>;

/** A consumer's dead-letter queue, for whoever receives from it. Every call takes at most ten. */
export type LetterReceiver = {
  consumer: string;
  fifo: boolean;
  depth(): Promise<Pick<QueueDepth, 'waiting' | 'inFlight'>>;
  /** Receives dead letters, which nobody else sees for so many seconds; waits a moment if there are none. */
  receive(maxMessages: number, visibilitySeconds: number): Promise<DeadLetter[]>;
  /** Sets after how many seconds received dead letters are visible again; 0 releases them. */
  changeVisibility(deadLetters: readonly DeadLetter[], seconds: number): Promise<Failures>;
  remove(deadLetters: readonly DeadLetter[]): Promise<Failures>;
};

/** Connects to a consumer's dead-letter queue, to receive from it. */
export function letterReceiver(
  { consumer, partner, deadLetterQueueUrl: QueueUrl }: Omit<ConsumerQueues, 'queueUrl'>,
  client: SQSClient,
): LetterReceiver {
  const entries = (deadLetters: readonly DeadLetter[]) =>
    deadLetters.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }));
  const fifo = QueueUrl.endsWith('.fifo');

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
            ...(partner ? { partner } : {}),
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
  };
}

/** Fails each message for the same reason. */
export const failAll = (messages: readonly { id: string }[], why: string): Failures =>
  new Map(messages.map(({ id }) => [id, why]));

type FailedEntries = readonly { Id?: string | undefined; Code?: string | undefined; Message?: string | undefined }[];

/** Reads which entries of a batch failed; an entry's `Id` is its index. */
export const failuresOf = (entries: readonly { id: string }[], failed: FailedEntries = []): Failures =>
  new Map(
    failed.map(({ Id, Code = '', Message = '' }) => [entries[Number(Id)]?.id ?? '', `${Code} ${Message}`.trim()]),
  );
