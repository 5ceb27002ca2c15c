import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_BATCH_ENTRIES } from '../../lambdas/runtime/message-size.ts';
import { plural } from '../format.ts';
import type { QueueDepth } from '../queues.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { DeadLetterQueue } from './queue.ts';
import { longestHoldSeconds, MAX_IN_FLIGHT, release, visibilitySeconds } from './visibility.ts';

export type ScanOptions = {
  /** Waits for dead letters that are in flight elsewhere, as those are that a killed command had received. */
  awaitInFlight?: boolean;
  /** Ends the scan once this dead letter was received. */
  stopAt?: ((deadLetter: DeadLetter) => boolean) | undefined;
  signal?: AbortSignal | undefined;
  /** Called with sentences for the operator about what the scan waits for or cannot see. */
  notify?: (message: string) => void;
  now?: () => number;
  wait?: (milliseconds: number) => Promise<unknown>;
};

/** What a scan received, and how many it did not: those that are in flight elsewhere, and those behind others of their message group. */
export type ScanResult = {
  deadLetters: DeadLetter[];
  inFlight: number;
  /** Where a scan ended at its limit, all that are left. */
  behind: number;
};

const PARALLEL_RECEIVES = 4;
// The depth is approximate: a queue that reports messages and returns none is asked again this often.
const MAX_EMPTY_RECEIVES = 3;
const DEPTH_INTERVAL_MS = 1_000;

/**
 * Receives every dead letter of a queue and releases all of them, whatever happens. In a FIFO queue at most ten of a
 * message group are found: SQS returns no more of a group before those are gone. Throws when the signal is aborted.
 */
export async function scan(queue: DeadLetterQueue, options: ScanOptions = {}): Promise<ScanResult> {
  const { awaitInFlight = false, signal, notify = () => {}, now = Date.now } = options;
  const { wait = (milliseconds: number) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }) } =
    options;
  const holdSeconds = longestHoldSeconds(total(await queue.depth()));
  const deadline = now() + holdSeconds * 1_000;
  let result = await receiveAll(queue, options);
  if (awaitInFlight && result.inFlight > 0) {
    notify(
      `${queue.consumer}: waiting for ${plural(result.inFlight, 'dead letter')} in flight, up to ${holdSeconds} s.`,
    );
    // Nothing is held meanwhile: whoever comes after this command, if it is killed, waits no longer than this one.
    while (result.inFlight > 0 && now() < deadline) {
      while ((await queue.depth()).inFlight > 0 && now() < deadline) await wait(DEPTH_INTERVAL_MS);
      result = await receiveAll(queue, options);
    }
  }
  reportUnseen(queue, result, notify);
  return result;
}

async function receiveAll(
  queue: DeadLetterQueue,
  { stopAt = () => false, signal, notify = () => {} }: ScanOptions,
): Promise<ScanResult> {
  const seconds = visibilitySeconds(total(await queue.depth()));
  const received = new Map<string, DeadLetter>();
  let stopped = false;

  const receiveNew = async (): Promise<number> => {
    const deadLetters = await queue.receive(MAX_BATCH_ENTRIES, seconds);
    const before = received.size;
    for (const deadLetter of deadLetters) received.set(deadLetter.id, deadLetter);
    stopped ||= deadLetters.some(stopAt);
    return received.size - before;
  };
  const worker = async () => {
    for (let empty = 0; !stopped && received.size < MAX_IN_FLIGHT; ) {
      signal?.throwIfAborted();
      if ((await receiveNew()) > 0) {
        empty = 0;
        continue;
      }
      empty += 1;
      if ((await queue.depth()).waiting === 0 || empty >= MAX_EMPTY_RECEIVES) return;
    }
  };

  let unseen = { inFlight: 0, behind: 0 };
  try {
    await allSettled(Array.from({ length: queue.fifo ? 1 : PARALLEL_RECEIVES }, worker));
    // Whoever has what was asked for need not know of the others.
    if (!stopped) unseen = await countUnseen(queue, received.size);
  } finally {
    await release(queue, [...received.values()], notify);
  }
  // An interruption during the release must not let the command go on to what follows the scan.
  signal?.throwIfAborted();
  return { deadLetters: [...received.values()], ...unseen };
}

/** Waits for all workers before it throws: what the others still receive has to be released too. */
async function allSettled(workers: readonly Promise<void>[]): Promise<void> {
  for (const end of await Promise.allSettled(workers)) if (end.status === 'rejected') throw end.reason;
}

const total = ({ waiting, inFlight }: Pick<QueueDepth, 'waiting' | 'inFlight'>) => waiting + inFlight;

/** Counts what was not received. By the sum, because SQS takes a moment to count what is received as in flight. */
async function countUnseen(queue: DeadLetterQueue, received: number): Promise<Pick<ScanResult, 'inFlight' | 'behind'>> {
  const depth = await queue.depth();
  const unseen = Math.max(0, total(depth) - received);
  const inFlight = Math.min(unseen, Math.max(0, depth.inFlight - received));
  // A standard queue hides nothing behind anything: what it does not return any more is counted too late.
  const isCounted = queue.fifo || received >= MAX_IN_FLIGHT;
  return { inFlight, behind: isCounted ? unseen - inFlight : 0 };
}

function reportUnseen(
  { consumer, fifo }: DeadLetterQueue,
  { deadLetters, inFlight, behind }: ScanResult,
  notify: (message: string) => void,
): void {
  if (deadLetters.length >= MAX_IN_FLIGHT) {
    notify(`${consumer}: these are the first ${deadLetters.length}; there are about ${behind} more.`);
  } else if (fifo && behind > 0) {
    notify(`${consumer}: ${behind} more dead letters wait behind others of their order, and show once those are gone.`);
  }
  if (inFlight > 0) notify(`${consumer}: ${inFlight} more dead letters are in flight right now.`);
}
