import {
  BatchProcessor,
  EventType,
  processPartialResponse,
  SqsFifoPartialProcessorAsync,
} from '@aws-lambda-powertools/batch';
import { parser } from '@aws-lambda-powertools/batch/parser';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { parse } from '@aws-lambda-powertools/parser';
import { JSONStringified } from '@aws-lambda-powertools/parser/helpers';
import { SqsRecordSchema } from '@aws-lambda-powertools/parser/schemas/sqs';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { z } from 'zod';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { dynamodb } from '../common/table.ts';

/** An event that concerns an order, as its schema gives it. */
type OfOrder = { id: string; type: string; data: { orderId: string } };

/**
 * Takes a consumer's name, its schema and what it does with one event, and gives its handler: records side by side, each parsed,
 * done once by its event's id, logged and counted. `fifo`: one after the other instead, and stop at the first that fails.
 */
export function consumer<Schema extends z.ZodType<OfOrder>>(
  name: string,
  schema: Schema,
  handle: (event: z.infer<Schema>) => Promise<void>,
  { fifo = false } = {},
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  type Parsed = { body: z.infer<Schema> };
  const logger = new Logger({ serviceName: name });
  const metrics = new Metrics({ namespace: 'Shop', serviceName: name });
  // Extended once: the processor's `innerSchema` would do it for every record.
  const payload = JSONStringified(schema);
  const parsing = { parser, schema: SqsRecordSchema.extend({ body: payload }), logger };
  const config = new IdempotencyConfig({ eventKeyJmesPath: 'id' });
  const once = makeIdempotent(handle, {
    persistenceStore: new DynamoDBPersistenceLayer({
      tableName: requireEnv('IDEMPOTENCY_TABLE_NAME'),
      awsSdkV3Client: dynamodb,
    }),
    config,
  });

  const handleRecord = async ({ body }: Parsed) => {
    const about = { orderId: body.data.orderId, type: body.type, eventId: body.id };
    try {
      await once(body);
      logger.info('done', about);
      metrics.addMetric('MessagesDone', MetricUnit.Count, 1);
    } catch (error) {
      logger.error('failed', { ...about, error: error as Error });
      metrics.addMetric('MessagesFailed', MetricUnit.Count, 1);
      throw error;
    }
  };
  const standard = new BatchProcessor(EventType.SQS, parsing);
  // This one has no parser of its own.
  const inSequence = new SqsFifoPartialProcessorAsync();
  const parseAndHandle = (unparsed: SQSRecord) =>
    handleRecord({ body: parse(unparsed.body, undefined, payload) as z.infer<Schema> });

  return async (event, context) => {
    config.registerLambdaContext(context);
    logger.addContext(context);
    try {
      const options = { context, throwOnFullBatchFailure: false };
      return fifo
        ? await processPartialResponse(event, parseAndHandle, inSequence, options)
        : await processPartialResponse(event, handleRecord, standard, options);
    } finally {
      metrics.publishStoredMetrics();
    }
  };
}
