import type { SQSEvent } from 'aws-lambda';
import { parseEvent } from '../../../../contracts/parse.ts';
import { consumes } from '../../../../lambdas/payment/consumes.ts';

/** Parses and validates each body as the consumer does, and nothing else. */
export const handler = async ({ Records }: SQSEvent) => {
  for (const { body } of Records) parseEvent(body, consumes);
  return { batchItemFailures: [] };
};
