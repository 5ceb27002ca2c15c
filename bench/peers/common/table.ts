import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

export const dynamodb = new DynamoDBClient({});

export const tables = DynamoDBDocumentClient.from(dynamodb, {
  marshallOptions: { removeUndefinedValues: true },
});

/** Whether writes are conditional, so that a duplicate message takes effect once; unconditional where something else ensures it. */
export type WriteMode = 'conditional' | 'unconditional';

/** Returns the parameters of a condition if writes are conditional. */
export const conditionOf = (mode: WriteMode, condition: string) =>
  mode === 'conditional'
    ? { ConditionExpression: condition, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const }
    : {};

export const isConditionFailure = (error: unknown): error is ConditionalCheckFailedException =>
  error instanceof ConditionalCheckFailedException;
