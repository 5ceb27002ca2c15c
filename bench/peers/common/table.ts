import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** One client for the whole execution environment. */
export const dynamodb = new DynamoDBClient({});

/** The tables, through that client. */
export const tables = DynamoDBDocumentClient.from(dynamodb, {
  marshallOptions: { removeUndefinedValues: true },
});

/**
 * Whether writes see to it themselves that a message that comes twice takes effect once: `once` where nothing else does. It costs no
 * call and no unit, only the thought.
 */
export type Guard = 'once' | 'unguarded';

/** Takes a guard and a condition and gives the condition where it is wanted. */
export const conditionOf = (guard: Guard, condition: string) =>
  guard === 'once' ? { ConditionExpression: condition, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const } : {};

/** Takes an error and says whether it is a condition's. */
export const isRefusal = (error: unknown): error is ConditionalCheckFailedException =>
  error instanceof ConditionalCheckFailedException;
