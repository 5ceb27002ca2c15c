import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { openAttributes, openOrdersIndex } from '../order/open-orders.ts';
import { decidedAt, type Order } from '../order/record.ts';

/** An order as the index has it: its id, and its moment in its shard (ISO 8601). */
export type IndexedOrder = { orderId: string; openSince: string };

/** What the index says of an order on record. */
export type IndexedRecord = Pick<Order, 'orderId' | 'open' | 'openSince'>;

/** How far each shard of decided orders was looked at, for each thing that is looked for, and when the parked letters were (ISO 8601). */
export type Progress = Record<string, string>;

// A page is published with ten PutEvents calls of ten entries each.
const PAGE_SIZE = 100;
// No order's id has a space.
const PROGRESS_KEY = { orderId: 'sweep progress' };

/** Reads the index of orders that the sweep looks at, and moves orders within it; keeps in the same table how far the sweep has come. */
export function orderIndex(table: string, client: DynamoDBDocumentClient) {
  /** Updates an order's place in the index, unless the order has left the place that was read. */
  const update = async ({ orderId, open, openSince }: IndexedRecord, expression: string, values: object) => {
    const isThere = open === undefined ? 'attribute_not_exists(#open)' : '#open = :open AND openSince = :openSince';
    const write = new UpdateCommand({
      TableName: table,
      Key: { orderId },
      UpdateExpression: expression,
      ConditionExpression: `attribute_exists(orderId) AND ${isThere}`,
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ...values, ...(open !== undefined && { ':open': open, ':openSince': openSince }) },
    });
    await client.send(write).catch((error: unknown) => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    });
  };

  return {
    /** Pages through the orders of a shard whose moment is in a range, earliest first. */
    async *pages(shard: string, since: Date, until: Date): AsyncGenerator<IndexedOrder[]> {
      const query = {
        TableName: table,
        IndexName: openOrdersIndex,
        KeyConditionExpression: '#open = :part AND openSince BETWEEN :since AND :until',
        ExpressionAttributeNames: { '#open': 'open' },
        ExpressionAttributeValues: { ':part': shard, ':since': since.toISOString(), ':until': until.toISOString() },
        ProjectionExpression: 'orderId, openSince',
      };
      for await (const { Items = [] } of paginateQuery({ client, pageSize: PAGE_SIZE }, query))
        yield Items.map(({ orderId, openSince }) => ({ orderId: String(orderId), openSince: String(openSince) }));
    },

    /** Has an order looked at again from a moment on, after it was published `reconciliations` times. */
    moveToDue(order: IndexedRecord, at: Date, reconciliations: number) {
      const { open, openSince } = openAttributes('due', order.orderId, at);
      return update(order, 'SET #open = :shard, openSince = :since, reconciliations = :reconciliations', {
        ':shard': open,
        ':since': openSince,
        ':reconciliations': reconciliations,
      });
    },

    /** Puts an order that owes nothing any more back to the moment of its decision, which the sweep has passed: it stays among the recent ones. */
    async returnToDecided(order: Order): Promise<void> {
      const moment = decidedAt(order) ?? order.openSince;
      if (moment === undefined) return;
      const { open, openSince } = openAttributes('decided', order.orderId, new Date(moment));
      await update(order, 'SET #open = :shard, openSince = :since REMOVE reconciliations', {
        ':shard': open,
        ':since': openSince,
      });
    },

    async readProgress(): Promise<Progress> {
      const { Item = {} } = await client.send(new GetCommand({ TableName: table, Key: PROGRESS_KEY }));
      return Item.shards ?? {};
    },

    async writeProgress(shards: Progress): Promise<void> {
      await client.send(new PutCommand({ TableName: table, Item: { ...PROGRESS_KEY, shards } }));
    },
  };
}

export type OrderIndex = ReturnType<typeof orderIndex>;
