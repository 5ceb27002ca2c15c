import middy from '@middy/core';
import sqsPartialBatchFailure from '@middy/sqs-partial-batch-failure';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import type { z } from 'zod';

/**
 * Takes a consumer's schema and what it does with one event, and gives its handler: records side by side. `fifo`: one after the
 * other instead, nothing after one that failed. What comes twice takes effect once by the condition of the write it leads to.
 */
export function consumer<Schema extends z.ZodType<{ type: string; data: { orderId: string } }>>(
  schema: Schema,
  handle: (event: z.infer<Schema>) => Promise<void>,
  { fifo = false } = {},
) {
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
