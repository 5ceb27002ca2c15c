import { type DynamoDBDocumentClient, QueryCommand, type QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import { type ArchivedMessage, partitionsOf } from '../../lambdas/archive/item.ts';
import { merged } from './merge.ts';

/** A message of the archive: when it came in (ISO 8601) and what it said. */
export type Kept = { time: string; body: string };

const HOUR = 3_600_000;

/** Gives what came in at or after `from` and before `until`, oldest first. */
export async function* keptBetween(
  documents: DynamoDBDocumentClient,
  table: string,
  from: Date,
  until: Date,
): AsyncGenerator<Kept, void, undefined> {
  for (let hour = Math.floor(from.getTime() / HOUR) * HOUR; hour < until.getTime(); hour += HOUR) {
    const shards = partitionsOf(new Date(hour)).map((key) => partition(documents, table, key, from, until));
    for await (const { at, body } of merged(shards, (message) => message.at)) {
      yield { time: at.slice(0, at.indexOf('#')), body };
    }
  }
}

async function* partition(
  documents: DynamoDBDocumentClient,
  TableName: string,
  hour: string,
  from: Date,
  until: Date,
): AsyncGenerator<ArchivedMessage, void, undefined> {
  let after: QueryCommandOutput['LastEvaluatedKey'];
  do {
    const page: QueryCommandOutput = await documents.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: '#hour = :hour AND #at BETWEEN :from AND :until',
        ExpressionAttributeNames: { '#hour': 'hour', '#at': 'at' },
        // A key goes on after its time, so that those of `until` itself are greater than it.
        ExpressionAttributeValues: { ':hour': hour, ':from': from.toISOString(), ':until': until.toISOString() },
        ...(after === undefined ? {} : { ExclusiveStartKey: after }),
      }),
    );
    // What the table holds was written by `lambdas/archive`, so it has this shape.
    yield* (page.Items ?? []) as ArchivedMessage[];
    after = page.LastEvaluatedKey;
  } while (after !== undefined);
}
