import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { parser } from '@aws-lambda-powertools/batch/parser';
import type { Context, SQSEvent } from 'aws-lambda';
import { decide } from './decide.ts';
import { type OrderRecord, orderRecord } from './powertools-record.ts';

const processor = new BatchProcessor(EventType.SQS, { parser, schema: orderRecord });

async function recordHandler({ body, messageId, attributes }: OrderRecord): Promise<void> {
  decide(body, messageId, Number(attributes.ApproximateReceiveCount));
}

/** Batch and parser: each record by itself, side by side. */
export const handler = (event: SQSEvent, context: Context) =>
  processPartialResponse(event, recordHandler, processor, { context });
