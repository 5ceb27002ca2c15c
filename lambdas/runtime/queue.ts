import {
  ChangeMessageVisibilityBatchCommand,
  type MessageAttributeValue,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { describeError } from './failure.ts';
import { log } from './log.ts';
import { marksOf } from './replayed.ts';

/** A message that will never succeed, with what an operator needs to know of it. */
export type DeadLetter = { record: SQSRecord; errorType: string; errorMessage: string };

/** What a consumer does to its own queue and dead-letter queue besides receiving. Each call takes at most ten messages. */
export type Queue = {
  /** Makes each message visible again after its own number of seconds. */
  postpone(messages: readonly { record: SQSRecord; seconds: number }[]): Promise<void>;
  /** Moves messages to the dead-letter queue, body unchanged; gives the ids of those that arrived. */
  deadLetter(letters: readonly DeadLetter[]): Promise<Set<string>>;
};

// A reason longer than this helps nobody and would eat into the message's size.
const LONGEST_REASON = 1000;
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html: one call, all messages.
const BYTES_PER_CALL = 1_048_576;
// What the attributes of a dead letter take at most, names and types included: four bytes a character.
const ATTRIBUTE_BYTES = 4 * LONGEST_REASON + 500;

/** Takes the queues' URLs and the consumer's name and gives the `Queue` over SQS. */
export function sqsQueue(
  names: { consumer: string; queueUrl: string; deadLetterQueueUrl: string },
  client: Pick<SQSClient, 'send'> = new SQSClient({}),
  now: () => Date = () => new Date(),
): Queue {
  return {
    async postpone(messages) {
      await client.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: names.queueUrl,
          Entries: messages.map(({ record, seconds }, index) => ({
            Id: String(index),
            ReceiptHandle: record.receiptHandle,
            VisibilityTimeout: seconds,
          })),
        }),
      );
    },

    async deadLetter(letters) {
      const arrived = new Set<string>();
      for (const call of calls(letters)) {
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
    errorType: text(why.errorType),
    errorMessage: text(why.errorMessage),
    consumer: text(consumer),
    failedAt: text(now.toISOString()),
    attempts: { DataType: 'Number', StringValue: ApproximateReceiveCount },
    ...Object.fromEntries(marksOf(record.messageAttributes).map(([name, value]) => [name, text(value)])),
  };
  return {
    Id: String(index),
    MessageBody: record.body,
    // A body that fills a message leaves no room for attributes; the log has the reason.
    ...(Buffer.byteLength(record.body) + ATTRIBUTE_BYTES > BYTES_PER_CALL ? {} : { MessageAttributes: attributes }),
    // A message that was put back and failed again is a dead letter of its own.
    ...(MessageGroupId === undefined
      ? {}
      : { MessageGroupId, MessageDeduplicationId: `${record.messageId}.${ApproximateReceiveCount}` }),
  };
}

/** Cuts letters into calls that are not too large. */
function calls(letters: readonly DeadLetter[]): DeadLetter[][] {
  const result: DeadLetter[][] = [];
  let bytes = BYTES_PER_CALL;
  for (const letter of letters) {
    const size = Buffer.byteLength(letter.record.body) + ATTRIBUTE_BYTES;
    if (bytes + size > BYTES_PER_CALL) {
      result.push([]);
      bytes = 0;
    }
    result.at(-1)?.push(letter);
    bytes += size;
  }
  return result;
}

const text = (value: string): MessageAttributeValue => ({
  DataType: 'String',
  StringValue: value.slice(0, LONGEST_REASON),
});
