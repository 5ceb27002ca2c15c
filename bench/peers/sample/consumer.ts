import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';

/**
 * Takes what a consumer does with one event and gives its handler, as public serverless patterns show it: a loop over the records,
 * `JSON.parse`, and a list of those that failed. Not idempotent: a message that comes twice takes effect twice, and nothing checks
 * what is in it.
 */
export function consumer<Event>(handle: (event: Event) => Promise<void>) {
  return async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
    const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
    for (const { body, messageId } of Records) {
      try {
        await handle(JSON.parse(body) as Event);
        console.log('Processed message', messageId);
      } catch (error) {
        console.error('Failed to process message', messageId, error);
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures };
  };
}
