import type { SQSRecord } from 'aws-lambda';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { Delivery } from '../../lambdas/runtime/delivery.ts';

let messages = 0;

/** Returns the delivery of an event, in a message of its own by default. */
export function delivery<E extends CloudEvent>(
  event: E,
  parts: { messageId?: string; attempt?: number } = {},
): Delivery<E> {
  messages += 1;
  return {
    event,
    messageId: parts.messageId ?? `m-${messages}`,
    attempt: parts.attempt ?? 1,
    time: event.time ?? '2026-11-21T09:00:00Z',
  };
}

/** Returns the SQS record that Lambda receives: a string body unchanged, anything else as JSON; sent a second ago by default. */
export function sqsRecord(
  body: unknown,
  parts: { messageId?: string; attempt?: number; sentSecondsAgo?: number; attributes?: Record<string, string> } = {},
): SQSRecord {
  messages += 1;
  const messageId = parts.messageId ?? `m-${messages}`;
  const sentAt = Date.now() - (parts.sentSecondsAgo ?? 1) * 1000;
  return {
    messageId,
    receiptHandle: `receipt of ${messageId}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: String(parts.attempt ?? 1),
      SentTimestamp: String(sentAt),
      SenderId: 'AIDA',
      ApproximateFirstReceiveTimestamp: String(sentAt),
    },
    messageAttributes: Object.fromEntries(
      Object.entries(parts.attributes ?? {}).map(([name, stringValue]) => [name, { stringValue, dataType: 'String' }]),
    ),
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:queue',
    awsRegion: 'eu-west-1',
  };
}
