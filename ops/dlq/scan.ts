import { MAX_BATCH_ENTRIES } from '../../lambdas/runtime/message-size.ts';
import type { QueueDepth } from '../queues.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { DeadLetterQueue } from './queue.ts';
import { MAX_IN_FLIGHT, release, visibilitySeconds } from './visibility.ts';

export type ScanOptions = {
  /** Waits for dead letters that are in flight elsewhere, as those are that a killed command had received. */
  awaitInFlight?: boolean;
  /** Ends the scan once this dead letter was received. */
  stopAt?: ((deadLetter: DeadLetter) => boolean) | undefined;
  signal?: AbortSignal | undefined;
  /** Called with sentences for the operator about what the scan waits for or cannot see. */
  notify?: (message: string) => void;
  now?: () => number;
};

const PARALLEL_RECEIVES = 4;
// The depth is approximate: a queue that reports messages and returns none is asked again this often.
const MAX_EMPTY_RECEIVES = 3;

/**
 * Receives every dead letter of a queue and releases all of them, whatever happens. In a FIFO queue at most ten of a
 * message group are found: SQS returns no more of a group before those are gone. Throws when the signal is aborted.
 */
export async function scan(queue: DeadLetterQueue, options: ScanOptions = {}): Promise<DeadLetter[]> {
  const { awaitInFlight = false, stopAt = () => false, signal, notify = () => {}, now = Date.now } = options;
  const { waiting, inFlight } = await queue.depth();
  const patienceSeconds = visibilitySeconds(waiting + inFlight) * 2 + 5;
  const seconds = awaitInFlight && inFlight > 0 ? patienceSeconds : visibilitySeconds(waiting);
  const deadline = now() + patienceSeconds * 1000;
  const received = new Map<string, DeadLetter>();
  let stopped = false;
  let announced = false;

  const receiveNew = async (): Promise<number> => {
    const deadLetters = await queue.receive(MAX_BATCH_ENTRIES, seconds);
    const before = received.size;
    for (const deadLetter of deadLetters) received.set(deadLetter.id, deadLetter);
    stopped ||= deadLetters.some(stopAt);
    return received.size - before;
  };
  const mustWait = (depth: Pick<QueueDepth, 'inFlight'>): boolean => {
    const elsewhere = depth.inFlight - received.size;
    if (!awaitInFlight || elsewhere <= 0 || now() >= deadline) return false;
    if (!announced) {
      announced = true;
      notify(
        `${queue.consumer}: waiting for ${elsewhere} dead letters that are in flight, up to ${patienceSeconds} s.`,
      );
    }
    return true;
  };
  const worker = async () => {
    for (let empty = 0; !stopped && received.size < MAX_IN_FLIGHT; ) {
      signal?.throwIfAborted();
      if ((await receiveNew()) > 0) {
        empty = 0;
        continue;
      }
      const depth = await queue.depth();
      if (mustWait(depth)) continue;
      empty += 1;
      if (depth.waiting === 0 || empty >= MAX_EMPTY_RECEIVES) return;
    }
  };

  try {
    await allSettled(Array.from({ length: queue.fifo ? 1 : PARALLEL_RECEIVES }, worker));
    if (!stopped) await reportUnseen(queue, received.size, notify);
  } finally {
    await release(queue, [...received.values()], notify);
  }
  // An interruption during the release must not let the command go on to what follows the scan.
  signal?.throwIfAborted();
  return [...received.values()];
}

/** Waits for all workers before it throws: what the others still receive has to be released too. */
async function allSettled(workers: readonly Promise<void>[]): Promise<void> {
  for (const end of await Promise.allSettled(workers)) if (end.status === 'rejected') throw end.reason;
}

async function reportUnseen(
  queue: DeadLetterQueue,
  received: number,
  notify: (message: string) => void,
): Promise<void> {
  const { consumer, fifo } = queue;
  const { waiting, inFlight } = await queue.depth();
  if (fifo && waiting > 0) {
    notify(
      `${consumer}: ${waiting} more dead letters wait behind others of their group, and show once those are gone.`,
    );
  }
  if (received >= MAX_IN_FLIGHT) notify(`${consumer}: these are the first ${received}; there may be more.`);
  if (inFlight > received) notify(`${consumer}: ${inFlight - received} more dead letters are in flight right now.`);
}
