import middy from '@middy/core';
import sqsPartialBatchFailure from '@middy/sqs-partial-batch-failure';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import type { ConsumerOptions } from '../common/consumer-options.ts';

/**
 * Builds a consumer's handler, with records side by side; with `fifo` one after the other, up to the first that fails. Duplicate
 * messages take effect once by the conditions of the consumers' writes.
 */
export function consumer({ schema, handle, fifo }: ConsumerOptions) {
  const handleRecord = async ({ body, messageId }: SQSRecord): Promise<void> => {
    const event = schema.parse(JSON.parse(body));
    await handle(event);
    console.info(
      JSON.stringify({ level: 'info', message: 'done', messageId, type: event.type, orderId: event.data.orderId }),
    );
  };

  const sideBySide = ({ Records }: SQSEvent) => Promise.allSettled(Records.map(handleRecord));
  const inSequence = async ({ Records }: SQSEvent) => {
    const results: PromiseSettledResult<void>[] = [];
    for (const record of Records) {
      const failed = results.find(({ status }) => status === 'rejected');
      const [result] = failed === undefined ? await Promise.allSettled([handleRecord(record)]) : [failed];
      if (result !== undefined) results.push(result);
    }
    return results;
  };
  const logger = (reason: unknown, { messageId }: SQSRecord) =>
    console.error(JSON.stringify({ level: 'error', message: 'failed', messageId, reason: String(reason) }));

  return middy<SQSEvent>()
    .use(sqsPartialBatchFailure({ logger }))
    .handler(fifo ? inSequence : sideBySide);
}
