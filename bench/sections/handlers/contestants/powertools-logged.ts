import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { parser } from '@aws-lambda-powertools/batch/parser';
import { Logger } from '@aws-lambda-powertools/logger';
import type { Context, SQSEvent } from 'aws-lambda';
import { decide } from './decide.ts';
import { type OrderRecord, orderRecord } from './powertools-record.ts';

const logger = new Logger({ serviceName: 'payment' });
const processor = new BatchProcessor(EventType.SQS, { parser, schema: orderRecord, logger });

async function recordHandler({ body, messageId, attributes }: OrderRecord): Promise<void> {
  const attempt = Number(attributes.ApproximateReceiveCount);
  decide(body, messageId, attempt);
  logger.info('done', { orderId: body.data.orderId, messageId, eventType: body.type, attempt });
}

/** Batch, parser and logger, with one line for each message. */
export const handler = (event: SQSEvent, context: Context) => {
  logger.addContext(context);
  return processPartialResponse(event, recordHandler, processor, { context });
};
