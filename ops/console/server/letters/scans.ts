import type { DeadLetterQueue } from '../../../dlq/queue.ts';
import { type ScanResult, scan } from '../../../dlq/scan.ts';

/** What is known of one dead-letter queue. `count` is what the status said when it was scanned; `at` is in milliseconds since 1970. */
type Entry = ScanResult & { count: number; at: number };

/** What is known of one dead-letter queue, and whether an action is at work on it. */
export type ScannedQueue = ScanResult & { queue: DeadLetterQueue; at: number; busy: boolean };

type Surroundings = {
  queues: () => readonly DeadLetterQueue[];
  /** Returns how many dead letters each queue holds, by consumer, as the status that everybody sees has it. */
  counts: () => Promise<ReadonlyMap<string, number>>;
  now?: () => number;
};

// A letter that another took the place of changes no count.
const MAX_AGE_MS = 300_000;
// Where found and counted differ, one of them is late.
const MAX_UNSETTLED_AGE_MS = 5_000;
const NOTHING: ScanResult = { deadLetters: [], inFlight: 0, behind: 0 };

/**
 * Keeps what was found in the dead-letter queues: a scan hides letters from others for seconds and costs calls, so a queue is scanned again only when
 * its count changed, after an action, or when somebody asks for it. However many look, each queue is scanned once at a time, and never while an
 * action is at work on it.
 */
export class LetterScans {
  private readonly surroundings: Surroundings;
  private readonly entries = new Map<string, Entry>();
  private readonly scans = new Map<string, Promise<void>>();
  private readonly actions = new Map<string, Promise<unknown>>();

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
  }

  /** Returns what is in the queues, after a scan of those that need one; `again` scans all of them. */
  async read({ again = false }: { again?: boolean } = {}): Promise<ScannedQueue[]> {
    const counts = await this.surroundings.counts();
    const queues = this.surroundings.queues();
    await Promise.all(queues.map((queue) => this.refresh(queue, counts.get(queue.consumer) ?? 0, again)));
    return queues.map((queue) => {
      const { at, deadLetters, inFlight, behind } = this.entries.get(queue.consumer) ?? { ...NOTHING, at: this.now() };
      return { queue, at, deadLetters, inFlight, behind, busy: this.actions.has(queue.consumer) };
    });
  }

  /** Runs an action on queues once nobody scans them and no earlier action is at work on them; what is in them is read anew after it. */
  async exclusively<T>(consumers: readonly string[], action: () => Promise<T>): Promise<T> {
    const before = consumers.flatMap((name) => [this.scans.get(name), this.actions.get(name)]);
    const ended = Promise.allSettled(before).then(action);
    for (const name of consumers) this.actions.set(name, ended);
    try {
      return await ended;
    } finally {
      for (const name of consumers) {
        const entry = this.entries.get(name);
        // No count: what it holds now is read by whoever looks next.
        if (entry !== undefined) this.entries.set(name, { ...entry, count: Number.NaN });
        if (this.actions.get(name) === ended) this.actions.delete(name);
      }
    }
  }

  private async refresh(queue: DeadLetterQueue, count: number, again: boolean): Promise<void> {
    const { consumer } = queue;
    if (this.actions.has(consumer)) return;
    const running = this.scans.get(consumer);
    if (running !== undefined) return running;
    if (!again && this.isKnown(this.entries.get(consumer), count)) return;
    const scanned = this.scanQueue(queue, count, again).finally(() => this.scans.delete(consumer));
    this.scans.set(consumer, scanned);
    return scanned;
  }

  private isKnown(entry: Entry | undefined, count: number): boolean {
    if (entry === undefined || entry.count !== count) return false;
    const isSettled = entry.inFlight === 0 && entry.deadLetters.length + entry.behind === count;
    return this.now() - entry.at < (isSettled ? MAX_AGE_MS : MAX_UNSETTLED_AGE_MS);
  }

  private async scanQueue(queue: DeadLetterQueue, count: number, again: boolean): Promise<void> {
    const result = count === 0 && !again ? NOTHING : await scan(queue);
    this.entries.set(queue.consumer, { ...result, count, at: this.now() });
  }

  private now = (): number => (this.surroundings.now ?? Date.now)();
}
