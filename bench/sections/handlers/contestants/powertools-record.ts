import { JSONStringified } from '@aws-lambda-powertools/parser/helpers';
import { SqsRecordSchema } from '@aws-lambda-powertools/parser/schemas/sqs';
import type { z } from 'zod';
import { paymentInput } from '../../../peers/common/schemas.ts';

/**
 * An SQS record with an order in its body. It is extended once: with `innerSchema` instead, the parser would extend it for each
 * record, which takes many times as long.
 */
export const orderRecord = SqsRecordSchema.extend({ body: JSONStringified(paymentInput) });

export type OrderRecord = z.infer<typeof orderRecord>;
