import middy from '@middy/core';
import sqsPartialBatchFailure from '@middy/sqs-partial-batch-failure';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { paymentInput } from '../../../peers/common/schemas.ts';
import { decide } from './decide.ts';

async function processRecord({ body, messageId, attributes }: SQSRecord): Promise<void> {
  const event = paymentInput.parse(JSON.parse(body));
  const attempt = Number(attributes.ApproximateReceiveCount);
  decide(event, messageId, attempt);
  const { orderId } = event.data;
  console.log(JSON.stringify({ level: 'INFO', message: 'done', orderId, messageId, eventType: event.type, attempt }));
}

/** The middleware's own example with zod, with one line of JSON for each message. */
export const handler = middy<SQSEvent>()
  .use(sqsPartialBatchFailure())
  .handler(async ({ Records }: SQSEvent) => Promise.allSettled(Records.map(processRecord)));
