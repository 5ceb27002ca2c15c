import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';

/** An archived message: when SQS received it (ISO 8601 with milliseconds) and its body. */
export type ArchivedMessage = { time: string; body: string };

/** An object of the archive: the messages of one batch that arrived in the same hour, as compressed lines of JSON (NDJSON). */
export type ArchiveObject = { key: string; content: Buffer };

/** The first and the last arrival in an object, as its key tells. */
export type ArrivalSpan = { first: string; last: string };

/** How S3 describes the objects to whoever reads them. */
export const ARCHIVE_MEDIA = { ContentType: 'application/x-ndjson', ContentEncoding: 'gzip' } as const;

/**
 * Puts messages into one object for each hour in which any of them arrived, so that whatever arrived in an hour has a key that begins
 * with it. The same messages, in any sequence, give the same objects: a batch that is tried again overwrites what it wrote.
 */
export const toArchiveObjects = (messages: readonly ArchivedMessage[]): ArchiveObject[] =>
  [...Map.groupBy(messages, ({ time }) => hourPrefix(time)).values()].map(toArchiveObject);

function toArchiveObject(messages: readonly ArchivedMessage[]): ArchiveObject {
  const sorted = messages.toSorted(byArrival);
  const lines = toLines(sorted);
  const [first = '', last = ''] = [sorted[0]?.time, sorted.at(-1)?.time];
  const digest = createHash('sha256').update(lines).digest('hex').slice(0, 16);
  return {
    key: `${hourPrefix(first)}${withinHour(first)}-${withinHour(last)}-${digest}.ndjson.gz`,
    content: gzipSync(lines),
  };
}

/** Writes the messages of an object anew, in their sequence. Its key stays: the digest in it names what was archived first. */
export const toArchiveContent = (messages: readonly ArchivedMessage[]): Buffer => gzipSync(toLines(messages));

const toLines = (messages: readonly ArchivedMessage[]) =>
  messages.map(({ time, body }) => `${JSON.stringify({ time, body })}\n`).join('');

/** Reads the messages of an object, oldest first. */
export const readArchiveObject = (content: Uint8Array): ArchivedMessage[] =>
  gunzipSync(content)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line): ArchivedMessage => JSON.parse(line));

/** Returns what the key of every object of an hour begins with: `2026-11-21/09/`. Keys are thereby in sequence of arrival. */
export const hourPrefix = (time: string): string => `${time.slice(0, 10)}/${time.slice(11, 13)}/`;

/** Cuts an ISO 8601 time to what follows the hour: `1500.123`. Without colons, which file systems and URLs do not take everywhere. */
const withinHour = (time: string): string => time.slice(14, 23).replace(':', '');

const KEY = /^(\d{4}-\d\d-\d\d)\/(\d\d)\/(\d\d)(\d\d\.\d{3})-(\d\d)(\d\d\.\d{3})-[\da-f]{16}\.ndjson\.gz$/;

/** Reads from a key when the messages of its object arrived; `undefined` for an object that the archive did not write. */
export function arrivalSpanOf(key: string): ArrivalSpan | undefined {
  const [, date, hour, firstMinute, firstSecond, lastMinute, lastSecond] = KEY.exec(key) ?? [];
  if (date === undefined) return undefined;
  return {
    first: `${date}T${hour}:${firstMinute}:${firstSecond}Z`,
    last: `${date}T${hour}:${lastMinute}:${lastSecond}Z`,
  };
}

/** Compares messages by arrival, then by body. */
export const byArrival = (one: ArchivedMessage, other: ArchivedMessage): number =>
  compareText(one.time, other.time) || compareText(one.body, other.body);

const compareText = (one: string, other: string) => (one < other ? -1 : Number(one > other));
