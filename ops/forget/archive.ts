import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { daysLeftTag } from '../../lambdas/archive/lifetime.ts';
import { ARCHIVE_MEDIA, type ArchivedMessage, arrivalSpanOf, toArchiveObjects } from '../../lambdas/archive/object.ts';
import { orderIdOf } from '../dlq/dead-letter.ts';
import { type Archive, listObjects, readObject } from '../replay/archive.ts';
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
 * Rewrites objects without the person of orders; every other line stays byte for byte. The new object is written before the old one is deleted, so
 * that a command that dies in between loses nothing: run again, it comes to the same. The signal ends it between two objects. Returns how many
 * were rewritten.
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
  { client, bucket: Bucket }: Archive,
  key: string,
  orderIds: ReadonlySet<string>,
  archiveDays: number,
): Promise<void> {
  // Without the signal: what is begun is ended.
  const messages = await readObject({ client, bucket: Bucket }, key);
  const objects = toArchiveObjects(messages.map((message) => withoutPersonOf(message, orderIds)));
  if (objects.some((object) => object.key === key)) return;
  for (const { key: Key, content: Body } of objects) {
    const Tagging = daysLeftTag(arrivalSpanOf(Key)?.last ?? '', archiveDays, new Date());
    await client.send(new PutObjectCommand({ Bucket, Key, Body, Tagging, ...ARCHIVE_MEDIA }));
  }
  await client.send(new DeleteObjectCommand({ Bucket, Key: key }));
}

function withoutPersonOf(message: ArchivedMessage, orderIds: ReadonlySet<string>): ArchivedMessage {
  const orderId = orderIdOf(message);
  if (orderId === undefined || !orderIds.has(orderId)) return message;
  return { ...message, body: bodyWithoutPerson(message.body) };
}
