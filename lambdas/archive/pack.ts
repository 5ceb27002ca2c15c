import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

/** An archived message: when SQS received it (ISO 8601 with milliseconds) and its body. */
export type ArchivedMessage = { time: string; body: string };

// Brotli compresses best of the non-experimental codecs in Node. A quality above 5 takes several times as long and saves 5 %.
const BROTLI_OPTIONS = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

/** Compresses messages as lines of JSON. Deterministic: the same messages in any sequence give the same bytes. */
export function pack(messages: readonly ArchivedMessage[]): Buffer {
  const lines = messages.toSorted(byArrival).map(({ time, body }) => JSON.stringify([time, body]));
  return brotliCompressSync(lines.join('\n'), BROTLI_OPTIONS);
}

/** Decompresses what `pack` returned. The messages are sorted by arrival. */
export function unpack(bytes: Uint8Array): ArchivedMessage[] {
  return brotliDecompressSync(bytes)
    .toString()
    .split('\n')
    .map((line) => {
      const [time, body]: [string, string] = JSON.parse(line);
      return { time, body };
    });
}

/** Compares messages by arrival, then by body. */
export const byArrival = (one: ArchivedMessage, other: ArchivedMessage): number =>
  compareText(one.time, other.time) || compareText(one.body, other.body);

const compareText = (one: string, other: string) => (one < other ? -1 : Number(one > other));
