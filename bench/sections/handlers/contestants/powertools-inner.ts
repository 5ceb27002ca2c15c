import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { parser } from '@aws-lambda-powertools/batch/parser';
import type { Context, SQSEvent } from 'aws-lambda';
import { paymentInput } from '../../../peers/common/schemas.ts';
import { decide } from './decide.ts';
import type { OrderRecord } from './powertools-record.ts';

const processor = new BatchProcessor(EventType.SQS, { parser, innerSchema: paymentInput, transformer: 'json' });

async function recordHandler({ body, messageId, attributes }: OrderRecord): Promise<void> {
  decide(body, messageId, Number(attributes.ApproximateReceiveCount));
}

/** Batch and parser as the documentation of both shows first: the parser extends the schema of a record for each record. */
export const handler = (event: SQSEvent, context: Context) =>
  processPartialResponse(event, recordHandler, processor, { context });
