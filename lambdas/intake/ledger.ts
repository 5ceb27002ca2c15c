import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { UnavailableError } from '../runtime/failure.ts';
import type { Ledger } from './rules.ts';

/** Keeps used ids and counts of requests in a DynamoDB table, which forgets them after `expiresAt`. */
export const dynamoLedger = (TableName: string, client: DynamoDBDocumentClient): Ledger => ({
  async count(entry, expiresAt) {
    const { Attributes } = await client.send(
      new UpdateCommand({
        TableName,
        Key: { entry },
        UpdateExpression: 'ADD requests :one SET expiresAt = :expiresAt',
        ExpressionAttributeValues: { ':one': 1, ':expiresAt': expiresAt },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    return Number(Attributes?.requests);
  },

  async claim(claim) {
    const write = new PutCommand({
      TableName,
      Item: claim,
      ConditionExpression: 'attribute_not_exists(entry)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      await client.send(write);
      return undefined;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      if (error.Item === undefined) throw new UnavailableError('A used id was not returned', { cause: error });
      const { digest, done } = unmarshall(error.Item);
      return { digest: String(digest), done: done === true };
    }
  },

  async complete(entry) {
    await client.send(
      new UpdateCommand({
        TableName,
        Key: { entry },
        UpdateExpression: 'SET done = :done',
        ExpressionAttributeValues: { ':done': true },
      }),
    );
  },
});
