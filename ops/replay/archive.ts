import { type DynamoDBDocumentClient, QueryCommand, type QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import { type ArchivePart, partitionKeysOf } from '../../lambdas/archive/item.ts';
import { type ArchivedMessage, byArrival, unpack } from '../../lambdas/archive/pack.ts';

/** A message as earlier versions archived it, in an item of its own: `at` begins with its arrival time. */
type UnpackedMessage = { at: string; body: string };

const HOUR_MS = 3_600_000;

/** Reads the messages that arrived at or after `from` and before `until`, oldest first, each once. */
export async function* readArchive(
  documents: DynamoDBDocumentClient,
  table: string,
  from: Date,
  until: Date,
): AsyncGenerator<ArchivedMessage, void, undefined> {
  const [start, end] = [from.toISOString(), until.toISOString()];
  for (let hour = Math.floor(from.getTime() / HOUR_MS) * HOUR_MS; hour < until.getTime(); hour += HOUR_MS) {
    const shards = partitionKeysOf(new Date(hour)).map((key) => readPartition(documents, table, key, end));
    const packs = completePacks(mergeSorted(shards, ({ at }) => at));
    for await (const message of sortedMessages(packs)) {
      if (message.time >= start && message.time < end) yield message;
    }
  }
}

/** Merges packs, which are sorted by their first message but overlap, into sorted messages without duplicates. */
async function* sortedMessages(
  packs: AsyncIterable<readonly ArchivedMessage[]>,
): AsyncGenerator<ArchivedMessage, void, undefined> {
  let pending: ArchivedMessage[] = [];
  for await (const pack of packs) {
    const packStart = pack[0]?.time ?? '';
    yield* pending.filter(({ time }) => time < packStart);
    const rest = [...pending.filter(({ time }) => time >= packStart), ...pack].sort(byArrival);
    // A message whose write was retried after it had succeeded is in two packs.
    pending = rest.filter((message, index) => index === 0 || byArrival(message, rest[index - 1] ?? message) !== 0);
  }
  yield* pending;
}

/** Unpacks the packs whose parts are all there, from items sorted by their key. */
async function* completePacks(
  items: AsyncIterable<ArchivePart | UnpackedMessage>,
): AsyncGenerator<ArchivedMessage[], void, undefined> {
  let parts: ArchivePart[] = [];
  for await (const item of items) {
    if ('body' in item) {
      yield [{ time: item.at.slice(0, item.at.indexOf('#')), body: item.body }];
      continue;
    }
    if (parts[0] !== undefined && packKey(parts[0]) !== packKey(item)) parts = [];
    parts.push(item);
    // The messages of an incomplete pack were all retried, so they are in another pack.
    if (parts.length === item.parts) yield unpack(Buffer.concat(parts.map(({ packed }) => packed)));
  }
}

const packKey = ({ at }: ArchivePart) => at.slice(0, at.lastIndexOf('#'));

async function* readPartition(
  documents: DynamoDBDocumentClient,
  TableName: string,
  hour: string,
  until: string,
): AsyncGenerator<ArchivePart | UnpackedMessage, void, undefined> {
  let ExclusiveStartKey: QueryCommandOutput['LastEvaluatedKey'];
  do {
    const page: QueryCommandOutput = await documents.send(
      new QueryCommand({
        TableName,
        // From the start of the hour: a pack that begins before the period may reach into it.
        KeyConditionExpression: '#hour = :hour AND #at < :until',
        ExpressionAttributeNames: { '#hour': 'hour', '#at': 'at' },
        ExpressionAttributeValues: { ':hour': hour, ':until': until },
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );
    // Only `lambdas/archive` writes to this table, so its items have this shape.
    yield* (page.Items ?? []) as (ArchivePart | UnpackedMessage)[];
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}

/** Merges sequences that are each sorted by a key into one sorted sequence, buffering one element of each. */
export async function* mergeSorted<T>(
  sequences: readonly AsyncIterator<T>[],
  key: (element: T) => string,
): AsyncGenerator<T, void, undefined> {
  const heads = await Promise.all(sequences.map(async (sequence) => ({ sequence, next: await sequence.next() })));
  for (;;) {
    let least: { head: (typeof heads)[number]; value: T } | undefined;
    for (const head of heads) {
      const { next } = head;
      if (next.done) continue;
      if (least === undefined || key(next.value) < key(least.value)) least = { head, value: next.value };
    }
    if (least === undefined) return;
    yield least.value;
    least.head.next = await least.head.sequence.next();
  }
}
