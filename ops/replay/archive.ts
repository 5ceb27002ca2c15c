import { type DynamoDBDocumentClient, QueryCommand, type QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import { type ArchivePart, partitionKeysOf } from '../../lambdas/archive/item.ts';
import { type ArchivedMessage, byArrival, unpack } from '../../lambdas/archive/pack.ts';
import { mergeSorted } from './merge.ts';

/** A message by itself, as earlier versions kept it: `at` begins with when it came in. */
type Single = { at: string; body: string };

const HOUR = 3_600_000;

/** Gives what came in at or after `from` and before `until`, oldest first, each message once. */
export async function* readArchive(
  documents: DynamoDBDocumentClient,
  table: string,
  from: Date,
  until: Date,
): AsyncGenerator<ArchivedMessage, void, undefined> {
  const [start, end] = [from.toISOString(), until.toISOString()];
  for (let hour = Math.floor(from.getTime() / HOUR) * HOUR; hour < until.getTime(); hour += HOUR) {
    const shards = partitionKeysOf(new Date(hour)).map((key) => partition(documents, table, key, end));
    for await (const message of inSequence(packsIn(mergeSorted(shards, ({ at }) => at)))) {
      if (message.time >= start && message.time < end) yield message;
    }
  }
}

/** Takes packs by when their first message came in, which overlap, and gives their messages, oldest first, each once. */
async function* inSequence(
  packs: AsyncIterable<readonly ArchivedMessage[]>,
): AsyncGenerator<ArchivedMessage, void, undefined> {
  let waiting: ArchivedMessage[] = [];
  for await (const pack of packs) {
    const from = pack[0]?.time ?? '';
    yield* waiting.filter(({ time }) => time < from);
    const all = [...waiting.filter(({ time }) => time >= from), ...pack].sort(byArrival);
    // What was tried again after it had been kept is in two packs.
    waiting = all.filter((message, index) => index === 0 || byArrival(message, all[index - 1] ?? message) !== 0);
  }
  yield* waiting;
}

/** Takes items by their sort key, the parts of a pack one after the other, and gives each pack that is whole. */
async function* packsIn(
  items: AsyncIterable<ArchivePart | Single>,
): AsyncGenerator<ArchivedMessage[], void, undefined> {
  let parts: ArchivePart[] = [];
  for await (const item of items) {
    if ('body' in item) {
      yield [{ time: item.at.slice(0, item.at.indexOf('#')), body: item.body }];
      continue;
    }
    if (parts[0] !== undefined && packOf(parts[0]) !== packOf(item)) parts = [];
    parts.push(item);
    // Of a pack that the table did not take whole every message was tried again, and is in another one.
    if (parts.length === item.parts) yield unpack(Buffer.concat(parts.map(({ packed }) => packed)));
  }
}

const packOf = ({ at }: ArchivePart) => at.slice(0, at.lastIndexOf('#'));

async function* partition(
  documents: DynamoDBDocumentClient,
  TableName: string,
  hour: string,
  until: string,
): AsyncGenerator<ArchivePart | Single, void, undefined> {
  let after: QueryCommandOutput['LastEvaluatedKey'];
  do {
    const page: QueryCommandOutput = await documents.send(
      new QueryCommand({
        TableName,
        // From the hour's beginning: a pack that begins before the time asked for may reach into it.
        KeyConditionExpression: '#hour = :hour AND #at < :until',
        ExpressionAttributeNames: { '#hour': 'hour', '#at': 'at' },
        ExpressionAttributeValues: { ':hour': hour, ':until': until },
        ...(after === undefined ? {} : { ExclusiveStartKey: after }),
      }),
    );
    // What the table holds was written by `lambdas/archive`, so it has this shape.
    yield* (page.Items ?? []) as (ArchivePart | Single)[];
    after = page.LastEvaluatedKey;
  } while (after !== undefined);
}
