import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import {
  type ArchivedMessage,
  type ArrivalSpan,
  arrivalSpanOf,
  byArrival,
  hourPrefix,
  readArchiveObject,
} from '../../lambdas/archive/object.ts';
import type { DeployedShop } from '../stack.ts';
import { readAhead } from './read-ahead.ts';

/** The archive's bucket, and what ends every call to it. */
export type Archive = { client: Pick<S3Client, 'send'>; bucket: string; signal?: AbortSignal | undefined };

/** A time from the first moment, inclusive, to the last, exclusive. */
export type Span = { from: Date; until: Date };

type ListedObject = ArrivalSpan & { key: string };

// An object has 6 MB at most: what Lambda takes as one batch.
const OBJECTS_AHEAD = 8;

/** Returns the archive of a shop. An engine's host name need not have names below it, as S3's have. */
export const archiveOf = (shop: Pick<DeployedShop, 'config' | 'local' | 'output'>): Archive => ({
  client: new S3Client({ ...shop.config, forcePathStyle: shop.local }),
  bucket: shop.output('ArchiveBucketName'),
});

/**
 * Cuts a span to what the archive can have: it ends now at the latest and begins with the first message that is left. Empty (`from` is
 * `until`) where nothing arrived in it.
 */
export async function cutSpan(archive: Archive, { from, until }: Span, now: Date): Promise<Span> {
  const end = new Date(Math.min(until.getTime(), now.getTime()));
  for await (const { first, last } of listObjects(archive, { from, until: end })) {
    if (last < from.toISOString()) continue;
    return { from: new Date(Math.max(from.getTime(), Date.parse(first))), until: end };
  }
  return { from: end, until: end };
}

/** Reads the messages that arrived in a span, oldest first, a few objects at a time. What was archived twice may come twice. */
export async function* readArchive(archive: Archive, span: Span): AsyncGenerator<ArchivedMessage, void, undefined> {
  const [from, until] = [span.from.toISOString(), span.until.toISOString()];
  // Objects are sorted by their first message and overlap: a message waits here until no later object can have an earlier one.
  let waiting: ArchivedMessage[] = [];
  const objects = readAhead(listObjects(archive, span), OBJECTS_AHEAD, async (object) => ({
    ...object,
    messages: await readObject(archive, object.key),
  }));
  for await (const { first, messages } of objects) {
    yield* waiting.filter(({ time }) => time < first);
    const rest = waiting.filter(({ time }) => time >= first);
    waiting = [...rest, ...messages.filter(({ time }) => time >= from && time < until)].sort(byArrival);
  }
  yield* waiting;
}

/** Lists the objects with messages of a span, sorted by their first message. */
export async function* listObjects(
  { client, bucket, signal }: Archive,
  { from, until }: Span,
): AsyncGenerator<ListedObject, void, undefined> {
  const [start, end] = [from.toISOString(), until.toISOString()];
  let ContinuationToken: string | undefined;
  do {
    // From the start of the hour: an object that begins before the span may reach into it.
    const position = ContinuationToken === undefined ? { StartAfter: hourPrefix(start) } : { ContinuationToken };
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, ...position }), abortedBy(signal));
    for (const { Key: key = '' } of page.Contents ?? []) {
      const arrivals = arrivalSpanOf(key);
      if (arrivals === undefined) continue;
      if (arrivals.first >= end) return;
      if (arrivals.last >= start) yield { key, ...arrivals };
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
}

/** Reads the messages of an object; none where it is gone. */
export const readObject = async (archive: Archive, key: string): Promise<ArchivedMessage[]> =>
  (await readVersion(archive, key))?.messages ?? [];

/** Reads the messages of an object, and which version of it that is; `undefined` where it is gone. */
export async function readVersion(
  { client, bucket, signal }: Archive,
  key: string,
): Promise<{ messages: ArchivedMessage[]; etag: string } | undefined> {
  try {
    const { Body, ETag = '' } = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key }),
      abortedBy(signal),
    );
    return { messages: readArchiveObject((await Body?.transformToByteArray()) ?? new Uint8Array()), etag: ETag };
  } catch (error) {
    // It expired after it was listed.
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

const abortedBy = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { abortSignal: signal });
