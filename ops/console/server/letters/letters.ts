import type { DeadLetter } from '../../../dlq/dead-letter.ts';
import { readParked } from '../../../dlq/park.ts';
import { narrowPlan, type Plan, sizeOf } from '../../../dlq/plan.ts';
import { connectQueues, type DeadLetterQueue, nameOf } from '../../../dlq/queue.ts';
import { scan } from '../../../dlq/scan.ts';
import type { DeployedShop } from '../../../stack.ts';
import type { Selection } from '../../api/dead-letters.ts';
import { type Console, NotFound } from '../console.ts';
import { LetterScans, type Scanned, type Source } from './scans.ts';
import { testFor } from './selection.ts';

/** What the parking queue is called among the consumers, none of which has a space in its name. */
export const PARKED = 'parked letters';

// Whoever edits one that is gone meanwhile still has its masks put back while typing.
const REMEMBERED = 200;

/** What was read of all letters: those in the dead-letter queues by queue, and those that are parked. */
export type Found = { queues: Scanned[]; letters: DeadLetter[]; parked: DeadLetter[]; at: number };

/** The letters of a shop as they were read last, for all who look and act. */
export class Letters {
  private readonly console: Console;
  private readonly scans: LetterScans;
  private readonly opened = new Map<string, DeadLetter>();
  private latest: DeadLetter[] = [];
  private connected: { shop: DeployedShop; queues: DeadLetterQueue[] } | undefined;

  constructor(console: Console) {
    this.console = console;
    this.scans = new LetterScans({ sources: () => this.sources(), counts: () => this.counts() });
  }

  /** Returns all letters; `again` has every queue scanned, though its count is the same. */
  async read(options: { again?: boolean } = {}): Promise<Found> {
    const scanned = await this.scans.read(options);
    const queues = scanned.filter(({ name }) => name !== PARKED);
    this.latest = queues.flatMap(({ deadLetters }) => deadLetters);
    // Whoever was killed while parking leaves a letter in both queues.
    const ids = new Set(this.latest.map(({ id }) => id));
    const parked = scanned.filter(({ name }) => name === PARKED).flatMap(({ deadLetters }) => deadLetters);
    return {
      queues,
      letters: this.latest,
      parked: parked.filter(({ id }) => !ids.has(id)),
      at: Math.min(...scanned.map(({ at }) => at)),
    };
  }

  /** Finds one letter, parked or not; throws where it is gone. */
  async open(consumer: string, id: string): Promise<DeadLetter> {
    const { letters, parked } = await this.read();
    const letter = [...letters, ...parked].find((one) => one.id === id && one.consumer === consumer);
    if (letter === undefined) throw new NotFound(GONE);
    this.opened.delete(id);
    this.opened.set(id, letter);
    for (const oldest of [...this.opened.keys()].slice(0, -REMEMBERED)) this.opened.delete(oldest);
    return letter;
  }

  /** Returns letters as they were read last, without a look at the queues; also one that is gone since its page was opened. */
  recall(ids: readonly string[]): DeadLetter[] {
    const latest = new Map(this.latest.map((letter) => [letter.id, letter]));
    return ids.flatMap((id) => latest.get(id) ?? this.opened.get(id) ?? []);
  }

  /** Plans what an action works on; throws where nothing is selected, or nothing is there any more. */
  async plan(selection: Selection): Promise<Plan> {
    const { queues, letters } = await this.read();
    const selects = testFor(selection, letters);
    const connected = this.connect();
    const plan = queues.flatMap(({ name, deadLetters, inFlight, behind }) => {
      const queue = connected.find((one) => nameOf(one) === name);
      return queue === undefined ? [] : [{ queue, deadLetters, inFlight, behind }];
    });
    const narrowed = narrowPlan(plan, selects).filter(({ deadLetters }) => deadLetters.length > 0);
    if (sizeOf(narrowed) === 0) throw new NotFound(GONE);
    return narrowed;
  }

  /** Runs an action that nobody's look at the letters of these consumers gets in the way of. */
  exclusively = <T>(names: readonly string[], action: () => Promise<T>): Promise<T> =>
    this.scans.exclusively(names, action);

  private connect(): DeadLetterQueue[] {
    const { shop } = this.console;
    if (this.connected?.shop !== shop) this.connected = { shop, queues: connectQueues(shop) };
    return this.connected.queues;
  }

  private sources(): Source[] {
    const readParkedLetters = async () => ({
      deadLetters: await readParked(this.console.shop),
      inFlight: 0,
      behind: 0,
    });
    return [
      ...this.connect().map((queue) => ({ name: nameOf(queue), scan: () => scan(queue) })),
      { name: PARKED, scan: readParkedLetters },
    ];
  }

  private async counts(): Promise<ReadonlyMap<string, number>> {
    const now = await this.console.live.status();
    if (now.error !== undefined) throw new Error(now.error);
    const { status } = now;
    return new Map([
      ...status.consumers.map(({ name, deadLetters }) => [name, deadLetters] as const),
      ...status.undelivered.map(({ name, count }) => [name, count] as const),
      [PARKED, status.parked],
    ]);
  }
}

const GONE = 'There is no such dead letter any more: it was put back, discarded or parked meanwhile.';
