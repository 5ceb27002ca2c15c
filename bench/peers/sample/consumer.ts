import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';

/**
 * Builds a consumer's handler as public serverless patterns show it: a loop over the records, `JSON.parse`, and a list of those that
 * failed. It is not idempotent and validates nothing.
 */
export function consumer<Event>({ handle }: { handle: (event: Event) => Promise<void> }) {
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
