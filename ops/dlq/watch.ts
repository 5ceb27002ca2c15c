import { setTimeout as sleep } from 'node:timers/promises';
import { toUserMessage } from '../errors.ts';
import type { AttemptOutcome, ConsumerSignals } from './attempt-outcomes.ts';
import { bodyKeyOf, type DeadLetter, messageKeyOf } from './dead-letter.ts';
import type { DeadLetterQueue } from './queue.ts';
import { type ScanResult, scan } from './scan.ts';

/** A letter that was put back: the message it became, and the key of what was sent. */
export type WatchedLetter = { deadLetter: DeadLetter; messageId: string; body: string };

/** What became of letters that were put back. `undecided`: neither done nor a dead letter again in time, with the last that is known of why. */
export type WatchResult = {
  done: number;
  failedAgain: { deadLetter: DeadLetter; reason: string }[];
  undecided: { deadLetter: DeadLetter; reason: string }[];
};

export type WatchOptions = {
  signals: ConsumerSignals;
  /** How long to wait for the last of them, in milliseconds. */
  patienceMs: number;
  /** For how long the consumer's queue must have been empty until a message without a word in the log is over, in milliseconds. */
  quietMs: number;
  intervalMs: number;
  signal?: AbortSignal | undefined;
  /** Looks at the dead letters, which hides them from others for a moment. @default nobody else looks */
  look?: (scan: () => Promise<ScanResult>) => Promise<ScanResult>;
  onProgress?: (undecided: number) => void;
  now?: () => number;
  wait?: (milliseconds: number) => Promise<unknown>;
};

/** How far the clocks of the consumers and of this machine may be apart, in milliseconds. */
const CLOCK_TOLERANCE_MS = 5_000;

/**
 * Watches letters of one queue that were put back until each is decided. Its consumer's log says so by the message's id. Where the log has nothing,
 * as that of a partner or of a function that dies, a message is over once the consumer's queue is empty: what is then among the dead letters has
 * failed again, the rest is done. `since`: a moment before they were sent.
 */
export async function watchLetters(
  queue: DeadLetterQueue,
  letters: readonly WatchedLetter[],
  since: number,
  options: WatchOptions,
): Promise<WatchResult> {
  const { signals, patienceMs, quietMs, intervalMs, signal, onProgress = () => {}, now = Date.now } = options;
  const { look = (read) => read() } = options;
  const { wait = (milliseconds: number) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }) } =
    options;
  const watched = new Watched(letters);
  const deadline = now() + patienceMs;
  let idleSince: number | undefined;
  while (now() < deadline && !signal?.aborted) {
    await signals.readOutcomes(queue.consumer, since - CLOCK_TOLERANCE_MS).then(
      (outcomes) => watched.see(outcomes),
      (error: unknown) => watched.seeNothing(`its consumer's log could not be read (${toUserMessage(error)})`),
    );
    onProgress(watched.undecided.length);
    if (watched.undecided.length === 0) return watched;
    idleSince = (await signals.isIdle(queue.consumer)) ? (idleSince ?? now()) : undefined;
    if (idleSince !== undefined && now() - idleSince >= quietMs) break;
    await wait(intervalMs).catch(() => undefined);
  }
  if (signal?.aborted) return watched;
  const isQuiet = idleSince !== undefined && now() - idleSince >= quietMs;
  const { deadLetters } = await look(() => scan(queue, { signal }));
  watched.compare(deadLetters, since, isQuiet);
  return watched;
}

/** What is known of letters that were put back. */
class Watched implements WatchResult {
  done = 0;
  readonly failedAgain: WatchResult['failedAgain'] = [];
  private readonly pending: Map<string, WatchedLetter & { reason: string }>;

  constructor(letters: readonly WatchedLetter[]) {
    this.pending = new Map(
      letters.map((one) => [one.messageId, { ...one, reason: 'its consumer has not said anything' }]),
    );
  }

  get undecided(): WatchResult['undecided'] {
    return [...this.pending.values()].map(({ deadLetter, reason }) => ({ deadLetter, reason }));
  }

  see(outcomes: ReadonlyMap<string, AttemptOutcome>): void {
    for (const [messageId, letter] of this.pending) {
      const outcome = outcomes.get(messageId);
      if (outcome?.kind === 'will be tried again') letter.reason = `it will be tried again: ${outcome.reason}`;
      else if (outcome !== undefined) this.decide(messageId, outcome.kind === 'done' ? undefined : outcome.reason);
    }
  }

  seeNothing(reason: string): void {
    for (const letter of this.pending.values()) letter.reason = reason;
  }

  /** Looks for what is pending among the dead letters that came since; where the consumer is quiet, the rest is done. */
  compare(found: readonly DeadLetter[], since: number, isQuiet: boolean): void {
    const again = new Map(
      found
        .filter(({ failedAt }) => Date.parse(failedAt) >= since - CLOCK_TOLERANCE_MS)
        .map((deadLetter) => [messageKeyOf(deadLetter), deadLetter]),
    );
    for (const [messageId, { body }] of this.pending) {
      const letter = again.get(bodyKeyOf(body));
      if (letter !== undefined) this.decide(messageId, `${letter.errorType}: ${letter.reason}`);
      else if (isQuiet) this.decide(messageId, undefined);
    }
  }

  private decide(messageId: string, failure: string | undefined): void {
    const letter = this.pending.get(messageId);
    if (letter === undefined) return;
    this.pending.delete(messageId);
    if (failure === undefined) this.done += 1;
    else this.failedAgain.push({ deadLetter: letter.deadLetter, reason: failure });
  }
}
