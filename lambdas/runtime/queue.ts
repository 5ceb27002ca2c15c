import {
  ChangeMessageVisibilityBatchCommand,
  type MessageAttributeValue,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { chunk, chunkBySize } from './chunk.ts';
import { REPLAYED_ATTRIBUTE, WITH_EFFECTS_ATTRIBUTE } from './delivery.ts';
import { describeError } from './failure.ts';
import { log } from './log.ts';
import { MAX_BATCH_ENTRIES, MAX_MESSAGE_ATTRIBUTES, MAX_MESSAGE_BYTES, messageBytes } from './message-size.ts';

/** A message that will never succeed, with what an operator needs to know of it. */
export type DeadLetter = { record: SQSRecord; errorType: string; errorMessage: string };

/** What a consumer does to its own queue and dead-letter queue besides receiving. */
export type ConsumerQueue = {
  /** Makes each message visible again after its own number of seconds. */
  delayRetry(messages: readonly { record: SQSRecord; seconds: number }[]): Promise<void>;
  /** Moves messages to the dead-letter queue, body unchanged; gives the ids of those that arrived. */
  deadLetter(letters: readonly DeadLetter[]): Promise<Set<string>>;
};

// A reason longer than this helps nobody and would eat into the message's size.
const MAX_REASON_CHARACTERS = 1000;
// What the reason of a dead letter takes at most, names and types included: four bytes a character.
const REASON_BYTES = 4 * MAX_REASON_CHARACTERS + 500;
const REASON: ReadonlySet<string> = new Set(['errorType', 'errorMessage', 'consumer', 'failedAt', 'attempts']);
const MARKS: ReadonlySet<string> = new Set([REPLAYED_ATTRIBUTE, WITH_EFFECTS_ATTRIBUTE]);

/** Takes the queues' URLs and the consumer's name and gives the `Queue` over SQS. */
export function sqsConsumerQueue(
  names: { consumer: string; queueUrl: string; deadLetterQueueUrl: string },
  client: Pick<SQSClient, 'send'> = new SQSClient({}),
  now: () => Date = () => new Date(),
): ConsumerQueue {
  return {
    async delayRetry(messages) {
      await Promise.all(
        chunk(messages, MAX_BATCH_ENTRIES).map((ten) =>
          client.send(
            new ChangeMessageVisibilityBatchCommand({
              QueueUrl: names.queueUrl,
              Entries: ten.map(({ record, seconds }, index) => ({
                Id: String(index),
                ReceiptHandle: record.receiptHandle,
                VisibilityTimeout: seconds,
              })),
            }),
          ),
        ),
      );
    },

    async deadLetter(letters) {
      const arrived = new Set<string>();
      for (const call of chunkBySize(letters, {
        maxItems: MAX_BATCH_ENTRIES,
        maxBytes: MAX_MESSAGE_BYTES,
        bytesOf: deadLetterBytes,
      })) {
        const send = new SendMessageBatchCommand({
          QueueUrl: names.deadLetterQueueUrl,
          Entries: call.map((letter, index) => entry(letter, index, names.consumer, now())),
        });
        const answer = await client.send(send).catch((error: unknown) => {
          log.error('the dead-letter queue took nothing', { consumer: names.consumer, ...describeError(error) });
          return undefined;
        });
        for (const { Id } of answer?.Successful ?? []) arrived.add(call[Number(Id)]?.record.messageId ?? '');
      }
      return arrived;
    },
  };
}

function entry(
  { record, ...why }: DeadLetter,
  index: number,
  consumer: string,
  now: Date,
): SendMessageBatchRequestEntry {
  const { MessageGroupId, ApproximateReceiveCount } = record.attributes;
  const attributes = {
    ...ownAttributes(record),
    errorType: text(why.errorType),
    errorMessage: text(why.errorMessage),
    consumer: text(consumer),
    failedAt: text(now.toISOString()),
    attempts: { DataType: 'Number', StringValue: ApproximateReceiveCount },
  };
  return {
    Id: String(index),
    MessageBody: record.body,
    // A body that fills a message leaves no room for attributes; the log has the reason.
    ...(deadLetterBytes({ record }) > MAX_MESSAGE_BYTES ? {} : { MessageAttributes: attributes }),
    // A message that was put back and failed again is a dead letter of its own.
    ...(MessageGroupId === undefined
      ? {}
      : { MessageGroupId, MessageDeduplicationId: `${record.messageId}.${ApproximateReceiveCount}` }),
  };
}

/** What the message brought along, as far as there is room beside the reason: the marks of a replay before all else. */
function ownAttributes({ messageAttributes }: SQSRecord): Record<string, MessageAttributeValue> {
  const own = Object.entries(messageAttributes).filter(([name]) => !REASON.has(name));
  const marksFirst = own.sort(([one], [other]) => Number(MARKS.has(other)) - Number(MARKS.has(one)));
  return Object.fromEntries(
    marksFirst.slice(0, MAX_MESSAGE_ATTRIBUTES - REASON.size).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      {
        DataType: dataType,
        ...(stringValue === undefined ? {} : { StringValue: stringValue }),
        ...(binaryValue === undefined ? {} : { BinaryValue: Buffer.from(binaryValue, 'base64') }),
      },
    ]),
  );
}

/** Estimates the size of the dead letter, with room for the longest reason. */
const deadLetterBytes = ({ record }: { record: SQSRecord }): number =>
  messageBytes({ body: record.body, attributes: ownAttributes(record) }) + REASON_BYTES;

const text = (value: string): MessageAttributeValue => ({
  DataType: 'String',
  StringValue: value.slice(0, MAX_REASON_CHARACTERS),
});
