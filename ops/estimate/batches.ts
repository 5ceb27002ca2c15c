/** Messages are handed over together up to so many, after at most so many seconds; a FIFO queue knows no window. */
export type Batching = { batchSize: number; windowSeconds: number };

/**
 * Gives how many messages are in a batch on average, at so many messages a second: what comes in within the window, at least one
 * and at most the batch size. Without a window it is one: a message is taken as soon as it comes.
 */
export function fill(messagesPerSecond: number, { batchSize, windowSeconds }: Batching): number {
  return Math.min(batchSize, Math.max(1, messagesPerSecond * windowSeconds));
}

/**
 * Takes what one order takes in batches of 1 and of 10 and gives what it takes in batches of `batch`: a part that is paid per message,
 * and one that is paid per batch and shared by its messages (`a + b / batch`).
 */
export function between(atOne: number, atTen: number, batch: number): number {
  const perBatch = (atOne - atTen) / (1 - 1 / 10);
  return atOne - perBatch + perBatch / batch;
}
