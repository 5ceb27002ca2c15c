import {
  ChangeMessageVisibilityBatchCommand,
  type MessageAttributeValue,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { callLimits } from './call-limits.ts';
import { chunk, chunkBySize } from './chunk.ts';
import { describeError } from './failure.ts';
import { log } from './log.ts';
import { MAX_BATCH_ENTRIES, MAX_MESSAGE_ATTRIBUTES, MAX_MESSAGE_BYTES, messageBytes } from './message-size.ts';

/** A message to be dead-lettered, with the reason for the operator. */
export type DeadLetter = { record: SQSRecord; errorType: string; errorMessage: string };

/** A consumer's own queue and dead-letter queue, besides receiving. */
export type ConsumerQueue = {
  /** Makes each message visible again after its own delay. */
  delayRetry(messages: readonly { record: SQSRecord; seconds: number }[]): Promise<void>;
  /** Sends messages to the dead-letter queue, body unchanged; returns the ids of those it accepted. */
  deadLetter(deadLetters: readonly DeadLetter[]): Promise<Set<string>>;
};

// A longer reason helps nobody and uses up the message's size.
const MAX_REASON_CHARACTERS = 1000;
// The size of a dead letter's reason at most, attribute names and types included: four bytes per character.
const REASON_BYTES = 4 * MAX_REASON_CHARACTERS + 500;
const REASON: ReadonlySet<string> = new Set(['errorType', 'errorMessage', 'consumer', 'failedAt', 'attempts']);

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
      for (const batch of chunkBySize(deadLetters, {
        maxItems: MAX_BATCH_ENTRIES,
        maxBytes: MAX_MESSAGE_BYTES,
        bytesOf: deadLetterBytes,
      })) {
        const send = new SendMessageBatchCommand({
          QueueUrl: names.deadLetterQueueUrl,
          Entries: batch.map((deadLetter, index) => toEntry(deadLetter, index, names.consumer, now())),
        });
        const answer = await client.send(send).catch((error: unknown) => {
          log.error('the dead-letter queue accepted nothing', { consumer: names.consumer, ...describeError(error) });
          return undefined;
        });
        for (const { Id } of answer?.Successful ?? []) accepted.add(batch[Number(Id)]?.record.messageId ?? '');
      }
      return accepted;
    },
  };
}

function toEntry(
  { record, ...why }: DeadLetter,
  index: number,
  consumer: string,
  now: Date,
): SendMessageBatchRequestEntry {
  const { MessageGroupId, ApproximateReceiveCount } = record.attributes;
  const attributes = {
    ...ownAttributes(record),
    errorType: stringAttribute(why.errorType),
    errorMessage: stringAttribute(why.errorMessage),
    consumer: stringAttribute(consumer),
    failedAt: stringAttribute(now.toISOString()),
    attempts: { DataType: 'Number', StringValue: ApproximateReceiveCount },
  };
  return {
    Id: String(index),
    MessageBody: record.body,
    // A body of the maximum size leaves no room for attributes; the log has the reason.
    ...(deadLetterBytes({ record }) > MAX_MESSAGE_BYTES ? {} : { MessageAttributes: attributes }),
    // A message that was redriven and failed again is a new dead letter.
    ...(MessageGroupId === undefined
      ? {}
      : { MessageGroupId, MessageDeduplicationId: `${record.messageId}.${ApproximateReceiveCount}` }),
  };
}

/** The message's own attributes, as far as there is room beside the reason. */
function ownAttributes({ messageAttributes }: SQSRecord): Record<string, MessageAttributeValue> {
  const own = Object.entries(messageAttributes).filter(([name]) => !REASON.has(name));
  return Object.fromEntries(
    own.slice(0, MAX_MESSAGE_ATTRIBUTES - REASON.size).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      {
        DataType: dataType,
        ...(stringValue === undefined ? {} : { StringValue: stringValue }),
        ...(binaryValue === undefined ? {} : { BinaryValue: Buffer.from(binaryValue, 'base64') }),
      },
    ]),
  );
}

/** Estimates the size of a dead letter, with room for the longest reason. */
const deadLetterBytes = ({ record }: { record: SQSRecord }): number =>
  messageBytes({ body: record.body, attributes: ownAttributes(record) }) + REASON_BYTES;

const stringAttribute = (value: string): MessageAttributeValue => ({
  DataType: 'String',
  StringValue: value.slice(0, MAX_REASON_CHARACTERS),
});
