import type { ScanResult } from '../../../dlq/scan.ts';

/** A queue that letters are read from. `scan` releases what it received. */
export type Source = { name: string; scan: () => Promise<ScanResult> };

/** What is known of one queue: when it was scanned, in milliseconds since 1970, and whether an action is at work on it. */
export type Scanned = ScanResult & { name: string; at: number; busy: boolean };

type Surroundings = {
  sources: () => readonly Source[];
  /** Returns how many letters each queue holds, by its name, as the status that everybody sees has it. */
  counts: () => Promise<ReadonlyMap<string, number>>;
  now?: () => number;
};

/** `count` is what the status said when the queue was scanned. */
type Entry = ScanResult & { count: number; at: number };

// A letter that took the place of another changes no count.
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
  async read({ again = false }: { again?: boolean } = {}): Promise<Scanned[]> {
    const counts = await this.surroundings.counts();
    const sources = this.surroundings.sources();
    await Promise.all(sources.map((source) => this.refresh(source, counts.get(source.name) ?? 0, again)));
    return sources.map(({ name }) => {
      const { at, deadLetters, inFlight, behind } = this.entries.get(name) ?? { ...NOTHING, at: this.now() };
      return { name, at, deadLetters, inFlight, behind, busy: this.actions.has(name) };
    });
  }

  /** Runs an action on queues once nobody scans them and no earlier action is at work on them; what is in them is read anew after it. */
  async exclusively<T>(names: readonly string[], action: () => Promise<T>): Promise<T> {
    const before = names.flatMap((name) => [this.scans.get(name), this.actions.get(name)]);
    const ended = Promise.allSettled(before).then(action);
    for (const name of names) this.actions.set(name, ended);
    try {
      return await ended;
    } finally {
      for (const name of names) {
        const entry = this.entries.get(name);
        // No count is this one: what the queue holds now is read by whoever looks next.
        if (entry !== undefined) this.entries.set(name, { ...entry, count: Number.NaN });
        if (this.actions.get(name) === ended) this.actions.delete(name);
      }
    }
  }

  private async refresh(source: Source, count: number, again: boolean): Promise<void> {
    const { name } = source;
    if (this.actions.has(name)) return;
    const running = this.scans.get(name);
    if (running !== undefined) return running;
    if (!again && this.isKnown(this.entries.get(name), count)) return;
    const scanned = this.scan(source, count, again).finally(() => this.scans.delete(name));
    this.scans.set(name, scanned);
    return scanned;
  }

  private isKnown(entry: Entry | undefined, count: number): boolean {
    if (entry === undefined || entry.count !== count) return false;
    const isSettled = entry.inFlight === 0 && entry.deadLetters.length + entry.behind === count;
    return this.now() - entry.at < (isSettled ? MAX_AGE_MS : MAX_UNSETTLED_AGE_MS);
  }

  private async scan(source: Source, count: number, again: boolean): Promise<void> {
    const result = count === 0 && !again ? NOTHING : await source.scan();
    this.entries.set(source.name, { ...result, count, at: this.now() });
  }

  private now = (): number => (this.surroundings.now ?? Date.now)();
}
