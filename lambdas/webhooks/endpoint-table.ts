import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { documentClient } from '../runtime/records.ts';
import type { EndpointRecord } from './endpoint-record.ts';

/** The table of the endpoints. Its writes never take back what another instance has written meanwhile. */
export type EndpointTable = {
  /** Reads a record, consistently; `undefined` where all is well. */
  read(endpoint: string): Promise<EndpointRecord | undefined>;
  /** Records since when an endpoint fails, unless that is known. */
  noteFailure(endpoint: string, at: string): Promise<void>;
  /** Records that an endpoint does not fail any more. */
  noteSuccess(endpoint: string): Promise<void>;
  /** Disables an endpoint; given `failingSince`, only where it has failed ever since. Tells whether this call did it. */
  disable(endpoint: string, by: { at: string; reason: string; failingSince?: string }): Promise<boolean>;
};

/** Keeps the endpoints in a DynamoDB table. */
export function dynamoEndpointTable(TableName: string, client = documentClient()): EndpointTable {
  /** Returns whether the condition of an update held. */
  const update = async (
    endpoint: string,
    UpdateExpression: string,
    ConditionExpression: string,
    ExpressionAttributeValues?: Record<string, string>,
  ): Promise<boolean> => {
    const values = ExpressionAttributeValues === undefined ? {} : { ExpressionAttributeValues };
    const input = { TableName, Key: { endpoint }, UpdateExpression, ConditionExpression, ...values };
    try {
      await client.send(new UpdateCommand(input));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };

  return {
    async read(endpoint) {
      const { Item } = await client.send(new GetCommand({ TableName, Key: { endpoint }, ConsistentRead: true }));
      // The table is written here only, so its items have the record's shape.
      return Item as EndpointRecord | undefined;
    },

    async noteFailure(endpoint, at) {
      await update(endpoint, 'SET failingSince = :at', 'attribute_not_exists(failingSince)', { ':at': at });
    },

    async noteSuccess(endpoint) {
      await update(endpoint, 'REMOVE failingSince', 'attribute_exists(failingSince)');
    },

    disable(endpoint, { at, reason, failingSince }) {
      const isStill = failingSince === undefined ? '' : ' AND failingSince = :since';
      return update(
        endpoint,
        'SET disabledAt = :at, disabledReason = :reason',
        `attribute_not_exists(disabledAt)${isStill}`,
        { ':at': at, ':reason': reason, ...(failingSince === undefined ? {} : { ':since': failingSince }) },
      );
    },
  };
}
