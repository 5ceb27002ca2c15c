/** One message as the archive keeps it, until `expires` (seconds since 1970). */
export type ArchivedMessage = {
  /** The hour it came in and a shard of it: one partition takes 1,000 writes a second, an hour eight times as many. */
  hour: string;
  /** When it came in, ISO 8601 with milliseconds, and its message id, so that the same message is kept once. */
  at: string;
  body: string;
  expires: number;
};

// It may only grow: what was written under a lower number is still found under a higher one.
const SHARDS = 8;

/** Takes a time and gives the keys of all partitions of its hour, in UTC. */
export const partitionsOf = (time: Date): string[] =>
  Array.from({ length: SHARDS }, (_, shard) => `${time.toISOString().slice(0, 13)}#${shard}`);

/** Takes a message, when it came in, and for how many days it is kept, and gives what the archive keeps of it. */
export function archivedMessage(
  { messageId, body, sentAt }: { messageId: string; body: string; sentAt: Date },
  days: number,
): ArchivedMessage {
  const shard = [...messageId].reduce((sum, character) => sum + character.charCodeAt(0), 0) % SHARDS;
  return {
    hour: partitionsOf(sentAt)[shard] ?? '',
    at: `${sentAt.toISOString()}#${messageId}`,
    body,
    expires: Math.floor(sentAt.getTime() / 1000) + days * 86_400,
  };
}
