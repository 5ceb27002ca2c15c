import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

/** A message: when it came in (ISO 8601 with milliseconds) and what it said. */
export type ArchivedMessage = { time: string; body: string };

// Of what Node has without a warning the smallest; more than 5 takes several times as long for a twentieth less.
const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

/** Takes messages and gives them as compressed lines of JSON; the same messages in any sequence give the same bytes. */
export function pack(messages: readonly ArchivedMessage[]): Buffer {
  const lines = messages.toSorted(byArrival).map(({ time, body }) => JSON.stringify([time, body]));
  return brotliCompressSync(lines.join('\n'), QUALITY);
}

/** Takes what `packed` gave and gives the messages, oldest first. */
export function unpack(bytes: Uint8Array): ArchivedMessage[] {
  return brotliDecompressSync(bytes)
    .toString()
    .split('\n')
    .map((line) => {
      const [time, body]: [string, string] = JSON.parse(line);
      return { time, body };
    });
}

/** Sorts messages by the time they came in, and those of one moment by what they say. */
export const byArrival = (one: ArchivedMessage, other: ArchivedMessage): number =>
  compareText(one.time, other.time) || compareText(one.body, other.body);

const compareText = (one: string, other: string) => (one < other ? -1 : Number(one > other));
