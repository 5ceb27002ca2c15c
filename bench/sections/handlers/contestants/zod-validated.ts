import type { SQSEvent } from 'aws-lambda';
import { paymentInput } from '../../../peers/common/schemas.ts';

/** Parses and validates each body with zod, and nothing else. */
export const handler = async ({ Records }: SQSEvent) => {
  for (const { body } of Records) paymentInput.parse(JSON.parse(body));
  return { batchItemFailures: [] };
};
