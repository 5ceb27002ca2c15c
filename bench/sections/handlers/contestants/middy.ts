import middy from '@middy/core';
import sqsPartialBatchFailure from '@middy/sqs-partial-batch-failure';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { paymentInput } from '../../../peers/common/schemas.ts';
import { decide } from './decide.ts';

async function processRecord({ body, messageId, attributes }: SQSRecord): Promise<void> {
  decide(paymentInput.parse(JSON.parse(body)), messageId, Number(attributes.ApproximateReceiveCount));
}

/** The middleware's own example with zod: each record by itself, side by side. */
export const handler = middy<SQSEvent>()
  .use(sqsPartialBatchFailure())
  .handler(async ({ Records }: SQSEvent) => Promise.allSettled(Records.map(processRecord)));
