import { createHash } from 'node:crypto';
import { type ArchivedMessage, pack } from './pack.ts';

/** One item of the archive table: a part of a compressed group of messages, kept until `expires` (seconds since 1970). */
export type ArchivePart = {
  /** Partition key: UTC hour of arrival and shard. One partition takes 1,000 KB of writes a second, eight shards take eight times that. */
  hour: string;
  /** Sort key: the first message's arrival, a digest of the contents (so that a retried write is idempotent) and the part's number. */
  at: string;
  /** The number of parts in the group. Compressed together, they can be read only if all are there. */
  parts: number;
  packed: Uint8Array;
  expires: number;
};

// May only grow: readers look through all shards, so what was written with fewer shards is still found.
const SHARDS = 8;
// An item has at most 400 KB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const MAX_PART_BYTES = 300 * 1024;

/** Lists the partition keys (one per shard) under which the messages of an hour are stored. */
export const partitionKeysOf = (time: Date): string[] =>
  Array.from({ length: SHARDS }, (_, shard) => `${utcHourOf(time.toISOString())}#${shard}`);

/** Cuts an ISO 8601 time in UTC to its hour: `2026-11-21T09`. */
export const utcHourOf = (time: string): string => time.slice(0, 13);

/** Compresses messages of one hour and splits the result into items that fit into DynamoDB. */
export function toArchiveParts(messages: readonly ArchivedMessage[], retentionDays: number): ArchivePart[] {
  const times = messages.map(({ time }) => time).sort();
  const [first = '', last = ''] = [times[0], times.at(-1)];
  const bytes = pack(messages);
  const digest = createHash('sha256').update(bytes).digest();
  const parts = Math.ceil(bytes.length / MAX_PART_BYTES);
  return Array.from({ length: parts }, (_, part) => ({
    hour: `${utcHourOf(first)}#${((digest[0] ?? 0) + part) % SHARDS}`,
    at: `${first}#${digest.toString('hex', 0, 8)}#${String(part).padStart(3, '0')}`,
    parts,
    packed: bytes.subarray(part * MAX_PART_BYTES, (part + 1) * MAX_PART_BYTES),
    expires: Math.floor(Date.parse(last) / 1000) + retentionDays * 86_400,
  }));
}
