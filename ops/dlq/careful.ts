import { chunk } from '../../lambdas/runtime/chunk.ts';
import { plural } from '../format.ts';
import { pauseNotices } from '../pause/paused-consumers.ts';
import type { DeployedShop } from '../stack.ts';
import { type ConsumerSignals, consumerSignals } from './attempt-outcomes.ts';
import { sentAt } from './cause.ts';
import { orderIdOf } from './dead-letter.ts';
import { groupingKey } from './group.ts';
import { type HistoryOptions, RedriveHistory } from './history.ts';
import { countUnread, type Plan, type PlanResult, type QueuePlan, sizeOf } from './plan.ts';
import { type RedriveOptions, redrive, type SentLetter } from './redrive.ts';
import { scan } from './scan.ts';
import { type WatchOptions, type WatchResult, watchLetters } from './watch.ts';

/** How far a careful redrive is. `undecided`: those put back that are neither done nor dead letters again. */
export type CarefulProgress = { moved: number; total: number; done: number; failedAgain: number; undecided: number };

export type CarefulOptions = Omit<RedriveOptions, 'onSent' | 'onProgress'> &
  Pick<HistoryOptions, 'file'> & {
    /** How many are put back before it looks. @default 10 */
    step?: number;
    onProgress?: (progress: CarefulProgress) => void;
    /** How to watch them. @default on the deployed shop, for a minute at most */
    watch?: Partial<WatchOptions>;
  };

/**
 * What a careful redrive did. `done`: handled by their consumers since. `left`: planned, and not touched. `stopped` says why it did not go on,
 * with what is not known.
 */
export type CarefulResult = PlanResult & {
  done: number;
  failedAgain: { consumer: string; id: string; reason: string }[];
  undecided: { consumer: string; id: string; reason: string }[];
  left: number;
  stopped?: string;
};

const STEP = 10;
const PATIENCE_MS = 60_000;
// On AWS the log and the depth of a queue are some seconds behind.
const PACE = { local: { quietMs: 3_000, intervalMs: 500 }, aws: { quietMs: 15_000, intervalMs: 2_000 } };

/**
 * Puts planned dead letters back ten at a time, and after each ten waits until their consumer has decided on them. Stops by itself where any of
 * them is a dead letter again, or is not decided in time, and leaves the rest where it is. Throws a sentence where a consumer is paused, so that
 * there would be nothing to watch.
 */
export async function redriveCarefully(
  shop: DeployedShop,
  plan: Plan,
  options: CarefulOptions,
): Promise<CarefulResult> {
  const consumers = plan.flatMap(({ queue, deadLetters }) => (deadLetters.length > 0 ? [queue.consumer] : []));
  const [paused] = await pauseNotices(shop, consumers);
  if (paused !== undefined) throw new Error(`${paused} Nothing was put back: there would be nothing to watch.`);
  const { notify, file } = options;
  const history = new RedriveHistory(shop, 'carefully', { notify, ...(file === undefined ? {} : { file }) });
  try {
    return await new CarefulRedrive(plan, options, history, watchOptions(shop, options)).run();
  } finally {
    await history.end();
  }
}

/** Returns how letters that were put back are watched on a deployed shop: for a minute at most, unless `watch` says otherwise. */
export function watchOptions(
  shop: DeployedShop,
  { watch = {}, signal }: Pick<CarefulOptions, 'watch' | 'signal'> = {},
): WatchOptions {
  const signals: ConsumerSignals = watch.signals ?? consumerSignals(shop);
  return { patienceMs: PATIENCE_MS, ...(shop.local ? PACE.local : PACE.aws), ...watch, signals, signal };
}

class CarefulRedrive {
  private readonly plan: Plan;
  private readonly options: CarefulOptions;
  private readonly history: RedriveHistory;
  private readonly watch: WatchOptions;
  private readonly result: CarefulResult;
  private readonly tried = new Set<string>();

  constructor(plan: Plan, options: CarefulOptions, history: RedriveHistory, watch: WatchOptions) {
    this.plan = plan;
    this.options = options;
    this.history = history;
    this.watch = watch;
    const total = sizeOf(plan) + countUnread(plan, options.unread);
    this.result = {
      ...{ moved: 0, total, failed: [], missing: 0, unread: 0, done: 0 },
      ...{ failedAgain: [], undecided: [], left: total },
    };
  }

  async run(): Promise<CarefulResult> {
    for (const one of this.plan) {
      for (let part = one; part.deadLetters.length > 0; part = await this.comeIntoSight(part)) {
        for (const deadLetters of chunk(part.deadLetters, this.options.step ?? STEP)) {
          if (this.isOver) return this.result;
          await this.step({ ...part, deadLetters });
        }
      }
    }
    this.result.unread = this.result.left;
    return this.result;
  }

  private get isOver(): boolean {
    return this.options.signal?.aborted === true || this.result.stopped !== undefined;
  }

  /** Finds those that stood behind the letters of their order which are gone now, as far as they are meant. */
  private async comeIntoSight(part: QueuePlan): Promise<QueuePlan> {
    const { selects, unread, startedAt, signal } = this.options;
    if (this.isOver || unread === 'none' || !part.queue.fifo || part.behind === 0) return { ...part, deadLetters: [] };
    const found = await scan(part.queue, { signal });
    const deadLetters = found.deadLetters.filter(
      (letter) => selects(letter) && sentAt(letter) < startedAt && !this.tried.has(letter.id),
    );
    if (unread !== 'all') {
      this.result.total += deadLetters.length;
      this.result.left += deadLetters.length;
    }
    return { ...part, ...found, deadLetters };
  }

  private async step(part: QueuePlan): Promise<void> {
    const since = Date.now();
    const sent: SentLetter[] = [];
    const ids = new Set(part.deadLetters.map(({ id }) => id));
    for (const id of ids) this.tried.add(id);
    const { result } = this;
    const moved = await redrive([part], {
      ...this.options,
      unread: 'none',
      selects: ({ id }) => ids.has(id),
      onSent: (some) => {
        sent.push(...some);
        this.history.add(some);
      },
      onProgress: (count) => {
        result.moved += count;
        this.report(result.moved - result.done - result.failedAgain.length);
      },
    });
    result.failed.push(...moved.failed);
    result.missing += moved.missing;
    result.left -= part.deadLetters.length;
    const letters = sent.flatMap((one) => ('messageId' in one ? [one] : []));
    this.take(
      part,
      await watchLetters(part.queue, letters, since, {
        ...this.watch,
        onProgress: (undecided) => this.report(undecided),
      }),
    );
  }

  private take({ queue: { consumer } }: QueuePlan, { done, failedAgain, undecided }: WatchResult): void {
    const { result } = this;
    const named = (some: WatchResult['undecided']) =>
      some.map(({ deadLetter: { id }, reason }) => ({ consumer, id, reason }));
    result.done += done;
    result.failedAgain.push(...named(failedAgain));
    result.undecided.push(...named(undecided));
    this.report(undecided.length);
    if (failedAgain.length + undecided.length > 0) {
      result.stopped = stopSentence(consumer, { done, failedAgain, undecided }, result.left);
    }
  }

  private report(undecided: number): void {
    const { moved, total, done, failedAgain } = this.result;
    this.options.onProgress?.({ moved, total, done, failedAgain: failedAgain.length, undecided });
  }
}

/** Says how many failed again or are not decided, why, and what was left alone. */
function stopSentence(consumer: string, { failedAgain, undecided }: WatchResult, left: number): string {
  const rest =
    left === 0 ? 'None was left.' : `${plural(left, 'dead letter was', 'dead letters were')} left untouched.`;
  const sentences = [
    ...(failedAgain.length === 0
      ? []
      : [`${plural(failedAgain.length, 'dead letter')} of ${consumer} failed again: ${reasonsText(failedAgain)}.`]),
    ...(undecided.length === 0
      ? []
      : [
          `What becomes of ${plural(undecided.length, 'dead letter')} of ${consumer} is not known yet: ${reasonsText(undecided)}.`,
        ]),
  ];
  return `Stopped. ${sentences.join(' ')} ${rest}`;
}

const MAX_REASONS = 3;

/** Lists the different reasons, the commonest first. */
function reasonsText(letters: WatchResult['undecided']): string {
  const keyOf = ({ deadLetter, reason }: (typeof letters)[number]) => groupingKey(reason, orderIdOf(deadLetter));
  const groups = [...Map.groupBy(letters, keyOf).values()].sort((one, other) => other.length - one.length);
  if (groups.length === 1) return groups[0]?.[0]?.reason ?? '';
  const named = groups.slice(0, MAX_REASONS).map((same) => `${same.length} × ${same[0]?.reason ?? ''}`);
  return [...named, ...(groups.length > MAX_REASONS ? ['and others'] : [])].join('; ');
}
