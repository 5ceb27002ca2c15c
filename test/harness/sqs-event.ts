import type { Message } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';

/** Builds the event that Lambda passes to a function for received messages. */
export function sqsEvent(messages: readonly Message[]): SQSEvent {
  return {
    Records: messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', Attributes = {}, MD5OfBody = '' }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: {
        ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? '1',
        SentTimestamp: Attributes.SentTimestamp ?? '',
        SenderId: Attributes.SenderId ?? '',
        ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? '',
        ...(Attributes.MessageGroupId === undefined ? {} : { MessageGroupId: Attributes.MessageGroupId }),
        ...(Attributes.MessageDeduplicationId === undefined
          ? {}
          : { MessageDeduplicationId: Attributes.MessageDeduplicationId }),
        ...(Attributes.SequenceNumber === undefined ? {} : { SequenceNumber: Attributes.SequenceNumber }),
      },
      messageAttributes: {},
      md5OfBody: MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:queue',
      awsRegion: 'us-east-1',
    })),
  };
}

/**
 * Reads a partial batch response as Lambda does and returns the ids of the messages that stay in the queue: the whole batch where the
 * list is malformed, none where it is empty or missing (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
 */
export function failedMessageIds(result: unknown, batch: readonly string[]): Set<string> {
  const list =
    typeof result === 'object' && result !== null && 'batchItemFailures' in result ? result.batchItemFailures : [];
  if (list === null || list === undefined) return new Set();
  if (!Array.isArray(list)) return new Set(batch);
  const named = list.map((one: unknown) =>
    typeof one === 'object' && one !== null && 'itemIdentifier' in one ? one.itemIdentifier : undefined,
  );
  const valid = named.every((id): id is string => typeof id === 'string' && batch.includes(id));
  return new Set(valid ? named : batch);
}
