// What one call of SNS takes.

/** The limit of a message, and of all messages of a call together, in bytes of UTF-8, unless the topic's MaximumMessageSize raises it. */
export const MAX_BYTES = 262_144;

/** Takes the messages of the next call from those that wait, in their order; apart from them those that no call can ever take. */
export function nextBatch<T extends { message: string }>(waiting: readonly T[]): { batch: T[]; tooLarge: T[] } {
  const tooLarge = waiting.filter(({ message }) => Buffer.byteLength(message) > MAX_BYTES);
  const batch: T[] = [];
  let bytes = 0;
  for (const one of waiting.filter((candidate) => !tooLarge.includes(candidate))) {
    bytes += Buffer.byteLength(one.message);
    if (bytes > MAX_BYTES) break;
    batch.push(one);
  }
  return { batch, tooLarge };
}
