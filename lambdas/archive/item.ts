import { createHash } from 'node:crypto';
import { type ArchivedMessage, pack } from './pack.ts';

/** A part of messages packed together, as the archive keeps it until `expires` (seconds since 1970). */
export type ArchivePart = {
  /** The hour they came in and a shard of it: one partition takes 1,000 KB a second, an hour eight times as many. */
  hour: string;
  /** When the first of them came in, a name made of what they are, so that the same messages are kept once, and the part's number. */
  at: string;
  /** Of how many parts; without one of them the others say nothing. */
  parts: number;
  packed: Uint8Array;
  expires: number;
};

// It may only grow: what was written under a lower number is still found under a higher one.
const SHARDS = 8;
/** An item has at most 400 KB. */
const PART_BYTES = 300 * 1024;

/** Takes a time and gives the keys of all partitions of its hour, in UTC. */
export const partitionsOf = (time: Date): string[] =>
  Array.from({ length: SHARDS }, (_, shard) => `${hourOf(time.toISOString())}#${shard}`);

/** Takes when a message came in and gives the hour that it is kept under. */
export const hourOf = (time: string): string => time.slice(0, 13);

/** Takes messages of one hour and for how many days they are kept, and gives what the archive keeps of them. */
export function partsOf(messages: readonly ArchivedMessage[], days: number): ArchivePart[] {
  const times = messages.map(({ time }) => time).sort();
  const [first = '', last = ''] = [times[0], times.at(-1)];
  const bytes = pack(messages);
  const digest = createHash('sha256').update(bytes).digest();
  const parts = Math.ceil(bytes.length / PART_BYTES);
  return Array.from({ length: parts }, (_, part) => ({
    hour: `${hourOf(first)}#${((digest[0] ?? 0) + part) % SHARDS}`,
    at: `${first}#${digest.toString('hex', 0, 8)}#${String(part).padStart(3, '0')}`,
    parts,
    packed: bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES),
    expires: Math.floor(Date.parse(last) / 1000) + days * 86_400,
  }));
}
