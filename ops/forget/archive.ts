import { PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { daysLeftTag } from '../../lambdas/archive/lifetime.ts';
import { ARCHIVE_MEDIA, type ArchivedMessage, arrivalSpanOf, toArchiveContent } from '../../lambdas/archive/object.ts';
import { orderIdOf } from '../dlq/dead-letter.ts';
import { type Archive, listObjects, readObject, readVersion } from '../replay/archive.ts';
import { readAhead } from '../replay/read-ahead.ts';
import { bodyWithoutPerson } from './without-person.ts';

/** What a search of the archive found: the objects to rewrite, and how many of each order's messages were read, and have to be rewritten. */
export type ArchiveSearch = {
  read: number;
  keys: string[];
  known: Map<string, number>;
  personal: Map<string, number>;
};

// An object has 6 MB at most: what Lambda takes as one batch.
const OBJECTS_AHEAD = 16;
const OBJECTS_AT_ONCE = 4;
// Each other run rewrites an object once.
const MAX_ROUNDS = 5;
const DAY_MS = 86_400_000;

/**
 * Reads the whole archive for messages of orders, in which nobody can say where they are: a publisher may have sent an order at any time, and again.
 * Keeps no more of it than the keys of the objects that have to be rewritten.
 */
export async function searchArchive(
  archive: Archive,
  orderIds: ReadonlySet<string>,
  onProgress: (objects: number, upTo: string) => void = () => {},
): Promise<ArchiveSearch> {
  const found: ArchiveSearch = { read: 0, keys: [], known: new Map(), personal: new Map() };
  const everything = { from: new Date(0), until: new Date(Date.now() + DAY_MS) };
  const objects = readAhead(listObjects(archive, everything), OBJECTS_AHEAD, async ({ key, last }) => ({
    key,
    last,
    messages: await readObject(archive, key),
  }));
  for await (const { key, last, messages } of objects) {
    archive.signal?.throwIfAborted();
    found.read += 1;
    let isPersonal = false;
    for (const { body } of messages) {
      const orderId = orderIdOf({ body });
      if (orderId === undefined || !orderIds.has(orderId)) continue;
      count(found.known, orderId);
      if (bodyWithoutPerson(body) === body) continue;
      count(found.personal, orderId);
      isPersonal = true;
    }
    if (isPersonal) found.keys.push(key);
    onProgress(found.read, last);
  }
  return found;
}

const count = (counts: Map<string, number>, orderId: string): void => {
  counts.set(orderId, (counts.get(orderId) ?? 0) + 1);
};

/**
 * Rewrites objects in their place without the person of orders; every other line stays byte for byte. An object is written only over the version that
 * was read, so of two runs at once neither brings back what the other removed. The signal ends it between two objects. Returns how many were rewritten.
 */
export async function rewriteArchive(
  archive: Archive,
  keys: readonly string[],
  orderIds: ReadonlySet<string>,
  { archiveDays, onProgress = () => {} }: { archiveDays: number; onProgress?: (objects: number) => void },
): Promise<number> {
  const open = [...keys];
  let rewritten = 0;
  const worker = async () => {
    for (let key = open.shift(); key !== undefined && !archive.signal?.aborted; key = open.shift()) {
      await rewriteObject(archive, key, orderIds, archiveDays);
      rewritten += 1;
      onProgress(rewritten);
    }
  };
  await Promise.all(Array.from({ length: OBJECTS_AT_ONCE }, worker));
  return rewritten;
}

async function rewriteObject(
  { client, bucket }: Archive,
  key: string,
  orderIds: ReadonlySet<string>,
  archiveDays: number,
): Promise<void> {
  const Tagging = daysLeftTag(arrivalSpanOf(key)?.last ?? '', archiveDays, new Date());
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    // Without the signal: what is begun is ended.
    const read = await readVersion({ client, bucket }, key);
    if (read === undefined) return;
    const messages = read.messages.map((message) => withoutPersonOf(message, orderIds));
    if (messages.every(({ body }, index) => body === read.messages[index]?.body)) return;
    const object = { Bucket: bucket, Key: key, Body: toArchiveContent(messages), Tagging, ...ARCHIVE_MEDIA };
    const put = client.send(new PutObjectCommand({ ...object, IfMatch: read.etag }));
    if (await put.then(() => true, refusedAsChanged)) return;
  }
  throw new Error(`Others keep changing the object ${key} of the archive: run it again when they are done.`);
}

// S3's answers where an object is another, is being changed, or is gone.
const CHANGED = ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'];

/** Returns false where S3 did not write an object because it is not as it was read; throws any other error. */
function refusedAsChanged(error: unknown): false {
  if (error instanceof S3ServiceException && CHANGED.includes(error.name)) return false;
  throw error;
}

function withoutPersonOf(message: ArchivedMessage, orderIds: ReadonlySet<string>): ArchivedMessage {
  const orderId = orderIdOf(message);
  if (orderId === undefined || !orderIds.has(orderId)) return message;
  return { ...message, body: bodyWithoutPerson(message.body) };
}
