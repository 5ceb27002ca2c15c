import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { ConsumerQueues } from '../consumers.ts';
import { type Attributes, type Letter, letterOf } from './letter.ts';

/** A message on its way back to its consumer's queue. `id` is its dead letter's. */
export type Outgoing = {
  id: string;
  body: string;
  attributes: Attributes;
  groupId?: string | undefined;
  traceHeader?: string | undefined;
};

/** Which letters something failed for, by id, and why. */
export type Refusals = Map<string, string>;

/** A consumer's dead-letter queue, and the one queue its letters failed in. Every call takes at most ten. */
export type DeadLetterQueue = {
  consumer: string;
  fifo: boolean;
  /** About how many letters can be received, and how many are in somebody's hands. */
  depth(): Promise<{ waiting: number; held: number }>;
  /** Receives letters, which nobody else sees for so many seconds; waits a moment if there are none. */
  receive(most: number, seconds: number): Promise<Letter[]>;
  /** Sets after how many seconds received letters can be seen again; 0 gives them back. */
  hold(letters: readonly Letter[], seconds: number): Promise<Refusals>;
  remove(letters: readonly Letter[]): Promise<Refusals>;
  /** Sends to the consumer's own queue, where no other consumer sees it. */
  send(messages: readonly Outgoing[]): Promise<Refusals>;
};

/** Takes a consumer's queues and gives them over SQS. */
export function sqsDeadLetters(
  { consumer, queueUrl, deadLetterQueueUrl: QueueUrl }: ConsumerQueues,
  client: Pick<SQSClient, 'send'>,
): DeadLetterQueue {
  const entries = (letters: readonly Letter[]) =>
    letters.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }));
  const fifo = queueUrl.endsWith('.fifo');

  return {
    consumer,
    fifo,

    async depth() {
      const { Attributes: known = {} } = await client.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      return {
        waiting: Number(known.ApproximateNumberOfMessages ?? 0),
        held: Number(known.ApproximateNumberOfMessagesNotVisible ?? 0),
      };
    },

    async receive(most, seconds) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: most,
          VisibilityTimeout: seconds,
          // Asks all of SQS's servers: without a wait an answer may be empty though there are letters.
          WaitTimeSeconds: 1,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
        }),
      );
      return Messages.map(
        ({ MessageId = '', Body = '', ReceiptHandle = '', MessageAttributes = {}, Attributes = {} }) =>
          letterOf({
            id: MessageId,
            consumer,
            body: Body,
            receipt: ReceiptHandle,
            attributes: MessageAttributes,
            system: Attributes,
          }),
      );
    },

    async hold(letters, seconds) {
      const { Failed } = await client.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl,
          Entries: entries(letters).map((entry) => ({ ...entry, VisibilityTimeout: seconds })),
        }),
      );
      return refusals(letters, Failed);
    },

    async remove(letters) {
      const { Failed } = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: entries(letters) }));
      return refusals(letters, Failed);
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
            // For five minutes SQS itself recognises what is sent a second time.
            ...(fifo ? { MessageDeduplicationId: id } : {}),
            ...(traceHeader === undefined
              ? {}
              : { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } } }),
          })),
        }),
      );
      return refusals(messages, Failed);
    },
  };
}

type Failed = readonly { Id?: string | undefined; Code?: string | undefined; Message?: string | undefined }[];

const refusals = (asked: readonly { id: string }[], failed: Failed = []): Refusals =>
  new Map(failed.map(({ Id, Code = '', Message = '' }) => [asked[Number(Id)]?.id ?? '', `${Code} ${Message}`.trim()]));
