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
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import type { ConsumerOptions, OrderEvent } from '../common/consumer-options.ts';
import { dynamodb } from '../common/table.ts';

/**
 * Builds a consumer's handler: records side by side, each parsed, idempotent by its event's id, logged and counted; with `fifo` one
 * after the other, up to the first that fails.
 */
export function consumer({
  name,
  schema,
  handle,
  fifo,
}: ConsumerOptions): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const logger = new Logger({ serviceName: name });
  const metrics = new Metrics({ namespace: 'Shop', serviceName: name });
  // Extended once: the processor's `innerSchema` would extend it for every record.
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

  const handleRecord = async ({ body }: { body: OrderEvent }) => {
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
  // The FIFO processor has no parser.
  const inSequence = new SqsFifoPartialProcessorAsync();
  const parseAndHandle = (unparsed: SQSRecord) =>
    handleRecord({ body: parse(unparsed.body, undefined, payload) as OrderEvent });

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
