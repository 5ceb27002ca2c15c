import type { MessageAttributeValue } from '@aws-sdk/client-sqs';

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
/** The size limit of one message, and of all messages of one batch call together. */
export const MAX_MESSAGE_BYTES = 1_048_576;
export const MAX_MESSAGE_ATTRIBUTES = 10;
export const MAX_BATCH_ENTRIES = 10;

/** Measures a message as SQS and SNS do: the body, and each attribute's name, type and value, in bytes of UTF-8. */
export function messageBytes({
  body,
  attributes = {},
}: {
  body: string;
  attributes?: Readonly<Record<string, MessageAttributeValue>> | undefined;
}): number {
  const parts = Object.entries(attributes).flatMap(([name, { DataType = '', StringValue, BinaryValue }]) => [
    name,
    DataType,
    StringValue ?? BinaryValue ?? '',
  ]);
  return parts.reduce((sum, part) => sum + Buffer.byteLength(part), Buffer.byteLength(body));
}
