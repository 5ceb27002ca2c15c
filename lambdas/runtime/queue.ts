import {
  ChangeMessageVisibilityBatchCommand,
  type MessageAttributeValue,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { callLimits } from './call-limits.ts';
import { chunk, chunkBySize } from './chunk.ts';
import { type DeadLetterReason, withReason } from './dead-letter-reason.ts';
import { describeForLog } from './failure.ts';
import { log } from './log.ts';
import { MAX_BATCH_ENTRIES, MAX_MESSAGE_BYTES, messageBytes } from './message-size.ts';

/** A message to be dead-lettered, with the reason for the operator. */
export type DeadLetter = { record: SQSRecord } & Pick<DeadLetterReason, 'errorType' | 'errorMessage' | 'sourceLines'>;

/** A consumer's own queue and dead-letter queue, besides receiving. */
export type ConsumerQueue = {
  /** Makes each message visible again after its own delay. */
  delayRetry(messages: readonly { record: SQSRecord; seconds: number }[]): Promise<void>;
  /** Sends messages to the dead-letter queue, body unchanged; returns the ids of those it accepted. */
  deadLetter(deadLetters: readonly DeadLetter[]): Promise<Set<string>>;
};

/** Connects a consumer to its two queues in SQS. */
export function sqsConsumerQueue(
  names: { consumer: string; queueUrl: string; deadLetterQueueUrl: string },
  client: Pick<SQSClient, 'send'> = new SQSClient(callLimits()),
  now: () => Date = () => new Date(),
): ConsumerQueue {
  return {
    async delayRetry(messages) {
      await Promise.all(
        chunk(messages, MAX_BATCH_ENTRIES).map((batch) =>
          client.send(
            new ChangeMessageVisibilityBatchCommand({
              QueueUrl: names.queueUrl,
              Entries: batch.map(({ record, seconds }, index) => ({
                Id: String(index),
                ReceiptHandle: record.receiptHandle,
                VisibilityTimeout: seconds,
              })),
            }),
          ),
        ),
      );
    },

    async deadLetter(deadLetters) {
      const accepted = new Set<string>();
      const failedAt = now().toISOString();
      const entries = deadLetters.map((deadLetter) => ({
        messageId: deadLetter.record.messageId,
        entry: toEntry(deadLetter, { consumer: names.consumer, failedAt }),
      }));
      for (const batch of chunkBySize(entries, {
        maxItems: MAX_BATCH_ENTRIES,
        maxBytes: MAX_MESSAGE_BYTES,
        bytesOf: ({ entry }) => messageBytes({ body: entry.MessageBody, attributes: entry.MessageAttributes }),
      })) {
        const send = new SendMessageBatchCommand({
          QueueUrl: names.deadLetterQueueUrl,
          Entries: batch.map(({ entry }, index) => ({ ...entry, Id: String(index) })),
        });
        const answer = await client.send(send).catch((error: unknown) => {
          log.error('the dead-letter queue accepted nothing', { consumer: names.consumer, ...describeForLog(error) });
          return undefined;
        });
        for (const { Id } of answer?.Successful ?? []) accepted.add(batch[Number(Id)]?.messageId ?? '');
      }
      return accepted;
    },
  };
}

function toEntry({ record, ...why }: DeadLetter, where: { consumer: string; failedAt: string }) {
  const { MessageGroupId, ApproximateReceiveCount } = record.attributes;
  const attributes = withReason(
    { body: record.body, attributes: publisherAttributes(record) },
    { ...why, ...where, attempts: Number(ApproximateReceiveCount) },
  );
  return {
    MessageBody: record.body,
    ...(Object.keys(attributes).length === 0 ? {} : { MessageAttributes: attributes }),
    // A message that was redriven and failed again is a new dead letter.
    ...(MessageGroupId === undefined
      ? {}
      : { MessageGroupId, MessageDeduplicationId: `${record.messageId}.${ApproximateReceiveCount}` }),
  };
}

const publisherAttributes = ({ messageAttributes }: SQSRecord): Record<string, MessageAttributeValue> =>
  Object.fromEntries(
    Object.entries(messageAttributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      {
        DataType: dataType,
        ...(stringValue === undefined ? {} : { StringValue: stringValue }),
        ...(binaryValue === undefined ? {} : { BinaryValue: Buffer.from(binaryValue, 'base64') }),
      },
    ]),
  );
