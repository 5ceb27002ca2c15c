import { chunk, roundsByKey } from '../../lambdas/runtime/chunk.ts';
import { MAX_BATCH_ENTRIES } from '../../lambdas/runtime/message-size.ts';
import { plural } from '../format.ts';
import { type DeadLetter, groupIdOf } from './dead-letter.ts';
import type { Failures } from './letter-receiver.ts';
import type { DeadLetterQueue } from './queue.ts';
import { extend, release, visibilitySeconds } from './visibility.ts';

export type DrainResult = {
  /** The ids of those for which `beforeDelete` succeeded. */
  handled: ReadonlySet<string>;
  /** Those that stay in the queue. */
  failed: Failures;
};

export type DrainOptions = {
  /** Which dead letters to drain; whatever else is received is released. */
  selects: (deadLetter: DeadLetter) => boolean;
  /** What must have succeeded for a dead letter before it is deleted; returns those it failed for. Called with at most ten. */
  beforeDelete: (deadLetters: readonly DeadLetter[]) => Promise<Failures>;
  /** True once there is nothing left to receive for. */
  isComplete?: (result: DrainResult) => boolean;
  /** How many to receive ahead of their deletion, and for how many seconds nobody else sees them. */
  prefetch?: { count: number; seconds: number } | undefined;
  /** Ends the drain after the batch it is at. */
  signal?: AbortSignal | undefined;
  /** Called with sentences for the operator about what could not be deleted or released. */
  notify?: ((message: string) => void) | undefined;
};

// A command that is killed leaves ten dead letters invisible for so long, so it is short where a repetition harms least.
const PREFETCH = { standard: { count: 10, seconds: 7 }, fifo: { count: 50, seconds: 30 } };
const MAX_EMPTY_RECEIVES = 2;
const SEEN_AGAIN_SECONDS = 10;
// Those that stay are received again once they are visible; that must not go on for ever.
const MAX_STALE_RECEIVES = 100;
/** Why a dead letter of a FIFO queue stays. */
export const OVERTAKING = 'an earlier letter of its group stays, which it must not overtake';

/**
 * Removes the selected dead letters from a queue: first `beforeDelete`, then the deletion, so that a command that dies in
 * between leaves a dead letter in both places, never in none. In a FIFO queue those of a message group go one after the
 * other, and none goes before an earlier one that stays. Releases whatever else it received, also after an error.
 */
export async function drain(queue: DeadLetterQueue, options: DrainOptions): Promise<DrainResult> {
  const { waiting } = await queue.depth();
  const run = new Drain(queue, options, visibilitySeconds(waiting));
  try {
    await run.drain();
    return { handled: run.handled, failed: run.failed };
  } finally {
    await release(queue, run.received, options.notify);
  }
}

/** One run of `drain`: what is in flight, and what has become of the rest. */
class Drain implements DrainResult {
  readonly handled = new Set<string>();
  readonly failed: Failures = new Map();
  private readonly inFlight = new Map<string, DeadLetter>();
  private readonly blockedGroups = new Set<string>();
  private readonly queue: DeadLetterQueue;
  private readonly options: DrainOptions;
  private readonly prefetch: { count: number; seconds: number };
  /** For how many seconds those that stay must be invisible until all others were received. */
  private readonly extensionSeconds: number;

  constructor(queue: DeadLetterQueue, options: DrainOptions, extensionSeconds: number) {
    this.queue = queue;
    this.options = options;
    this.prefetch = options.prefetch ?? (queue.fifo ? PREFETCH.fifo : PREFETCH.standard);
    this.extensionSeconds = extensionSeconds;
  }

  /** Those that are in flight here, in the order in which they were received. */
  get received(): DeadLetter[] {
    return [...this.inFlight.values()];
  }

  async drain(): Promise<void> {
    const { selects, isComplete = () => false, signal } = this.options;
    for (let empty = 0, stale = 0; empty < MAX_EMPTY_RECEIVES && stale < MAX_STALE_RECEIVES; ) {
      if (isComplete(this) || signal?.aborted) return;
      const received = await this.receive();
      const unseen = received.filter(({ id }) => !this.handled.has(id) && !this.failed.has(id));
      empty = received.length > 0 ? 0 : empty + 1;
      stale = unseen.length > 0 ? 0 : stale + 1;
      await this.remove(received.filter(({ id }) => this.handled.has(id)));
      // Those that stay must not be received again and again while the others go.
      await this.hide(received.filter((deadLetter) => this.failed.has(deadLetter.id) || !selects(deadLetter)));
      for (const batch of batchesOf(unseen, this.queue.fifo)) {
        if (signal?.aborted) break;
        await this.handle(batch);
      }
    }
  }

  /** Receives up to `prefetch.count`. A call tends to return one message group only, so several fill a round of a FIFO queue. */
  private async receive(): Promise<DeadLetter[]> {
    const { count, seconds } = this.prefetch;
    const received: DeadLetter[] = [];
    do {
      const some = await this.queue.receive(Math.min(MAX_BATCH_ENTRIES, count - received.length), seconds);
      for (const deadLetter of some) this.inFlight.set(deadLetter.id, deadLetter);
      received.push(...some);
      if (some.length === 0) break;
    } while (this.queue.fifo && received.length < count);
    return received;
  }

  private async handle(batch: readonly DeadLetter[]): Promise<void> {
    const admitted = this.admit(batch);
    if (admitted.length === 0) return;
    const failures = await this.options.beforeDelete(admitted);
    const failed = admitted.filter(({ id }) => failures.has(id));
    for (const deadLetter of failed) this.fail(deadLetter, failures.get(deadLetter.id) ?? '');
    await this.remove(admitted.filter(({ id }) => !failures.has(id)));
    await this.hide(failed);
  }

  /** Returns those of a batch that may go now; each of the others stays, and in a FIFO queue the rest of its group with it. */
  private admit(batch: readonly DeadLetter[]): DeadLetter[] {
    const admitted: DeadLetter[] = [];
    for (const deadLetter of batch) {
      if (!this.options.selects(deadLetter)) this.blockGroup(deadLetter);
      else if (this.blockedGroups.has(groupIdOf(deadLetter) ?? '')) this.fail(deadLetter, OVERTAKING);
      else admitted.push(deadLetter);
    }
    return admitted;
  }

  private blockGroup(deadLetter: DeadLetter): void {
    const group = groupIdOf(deadLetter);
    if (this.queue.fifo && group !== undefined) this.blockedGroups.add(group);
  }

  private fail(deadLetter: DeadLetter, why: string): void {
    this.blockGroup(deadLetter);
    this.failed.set(deadLetter.id, why);
  }

  /** Deletes dead letters, at the second attempt if need be; one that cannot be deleted is deleted when it is received again. */
  private async remove(deadLetters: readonly DeadLetter[]): Promise<void> {
    if (deadLetters.length === 0) return;
    let failures = await this.queue.remove(deadLetters);
    if (failures.size > 0) failures = await this.queue.remove(deadLetters.filter(({ id }) => failures.has(id)));
    for (const { id } of deadLetters) {
      this.handled.add(id);
      if (!failures.has(id)) this.inFlight.delete(id);
    }
    if (failures.size > 0) {
      this.options.notify?.(
        `${this.queue.consumer}: ${plural(failures.size, 'dead letter')} could not be deleted and ${failures.size === 1 ? 'is' : 'are'} in both queues; run it again later.`,
      );
    }
  }

  private async hide(deadLetters: readonly DeadLetter[]): Promise<void> {
    // In a short queue receiving them again costs less than hiding them, and nobody has to wait for them.
    if (this.extensionSeconds <= this.prefetch.seconds + SEEN_AGAIN_SECONDS) return;
    await extend(this.queue, deadLetters, this.extensionSeconds);
  }
}

/** Splits into batches of ten; in a FIFO queue no batch has two of a group, for SQS may refuse just the first of them. */
const batchesOf = (deadLetters: readonly DeadLetter[], fifo: boolean): DeadLetter[][] =>
  (fifo ? roundsByKey(deadLetters, groupIdOf) : [deadLetters]).flatMap((round) => chunk(round, MAX_BATCH_ENTRIES));
