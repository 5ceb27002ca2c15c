import type { BookProblem } from '../orders/book.ts';
import type { FollowUp } from '../orders/follow-up.ts';
import type { Decision } from './orders.ts';

/** The messages of each consumer that were not done, so many seconds after the start. */
export type BacklogSample = { second: number; held: Record<string, number> };

/** Everything that was measured during a load. Times in milliseconds. */
export type LoadObservations = {
  sku: string;
  /** Requested orders per second. */
  rate: number;
  started: number;
  ended: number;
  /** When each order that the topic accepted was published. */
  published: ReadonlyMap<string, number>;
  decisions: ReadonlyMap<string, Decision>;
  samples: readonly BacklogSample[];
  /** Orders that the topic did not accept. */
  rejected: number;
  /** By how much the latest order was published after it was due. */
  lateMs: number;
  /** What followed confirmations, by kind: how many were asked for, and how many are done. */
  followUps: Record<FollowUp, { asked: number; done: number }>;
  /** Where the gateway's book differs from what is done. */
  bookProblems: readonly BookProblem[];
  /** Dead letters that were added meanwhile. */
  deadLetters: number;
  interrupted: boolean;
};

/** The result of a load, as `--json` prints it; latencies are in milliseconds from published to decided. */
export type LoadResult = ReturnType<typeof loadResult>;

/** Summarises a load. */
export function loadResult({ published, decisions, started, ended, samples, rejected, ...rest }: LoadObservations) {
  const confirmed = [...decisions.values()].filter(({ status }) => status === 'CONFIRMED').length;
  const undecided = published.size - decisions.size;
  const errors = rejected + (rest.interrupted ? 0 : undecided);
  const firstPublished = Math.min(...published.values());
  const lastPublished = Math.max(...published.values());
  const lastDecided = Math.max(...[...decisions.values()].map(({ time }) => time));
  return {
    sku: rest.sku,
    published: published.size,
    decided: decisions.size,
    confirmed,
    cancelled: decisions.size - confirmed,
    undecided,
    /** Orders that the topic rejected, or that were not decided in time. */
    errors,
    errorRate: published.size + rejected === 0 ? 0 : errors / (published.size + rejected),
    /** Orders that their customers cancelled after the confirmation, whose money and goods are back. */
    cancellationsAfterConfirmation: rest.followUps.cancellation,
    /** Orders of which a part of the money and the goods went back. */
    partialRefunds: rest.followUps.refund,
    /** Where the gateway's book differs. */
    bookProblems: rest.bookProblems,
    deadLetters: rest.deadLetters,
    seconds: (ended - started) / 1_000,
    rate: {
      asked: rest.rate,
      reached: perSecond(published.size - 1, lastPublished - firstPublished),
      lateMs: rest.lateMs,
    },
    /** Orders decided per second, from the first one published to the last one decided. */
    throughput: perSecond(decisions.size, lastDecided - firstPublished),
    latency: latencyOf(decisions, published),
    series: seriesOf(samples, published, decisions, started),
    interrupted: rest.interrupted,
  };
}

/** Milliseconds from published to decided; `null` where nothing was decided. */
export type Latency = Record<'p50' | 'p95' | 'p99', number | null>;

/** Computes the latency of decided orders from when each was published. */
export function latencyOf(decisions: ReadonlyMap<string, Decision>, published: ReadonlyMap<string, number>): Latency {
  const latencies = [...decisions].flatMap(([id, { time }]) => {
    const publishedAt = published.get(id);
    return publishedAt === undefined ? [] : [time - publishedAt];
  });
  return { p50: percentile(latencies, 50), p95: percentile(latencies, 95), p99: percentile(latencies, 99) };
}

const perSecond = (count: number, milliseconds: number): number | null =>
  count > 0 && milliseconds > 0 ? Math.round((count * 100_000) / milliseconds) / 100 : null;

function seriesOf(
  samples: readonly BacklogSample[],
  published: LoadObservations['published'],
  decisions: LoadObservations['decisions'],
  started: number,
) {
  // The clocks of two machines differ a little, so a time may be before the start.
  const second = (time: number) => Math.max(0, Math.floor((time - started) / 1_000));
  const countsPerSecond = (times: readonly number[]) => {
    const counts: number[] = Array.from({ length: Math.max(0, ...times.map(second)) + 1 }, () => 0);
    for (const time of times) counts[second(time)] = (counts[second(time)] ?? 0) + 1;
    return counts;
  };
  return {
    held: samples,
    publishedPerSecond: countsPerSecond([...published.values()]),
    decidedPerSecond: countsPerSecond([...decisions.values()].map(({ time }) => time)),
  };
}

/**
 * Returns a percentile by nearest rank: the smallest value that at least `percent` per cent (above 0) of the values do not
 * exceed; `null` without values.
 */
export function percentile(values: readonly number[], percent: number): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? null;
}

/** Formats latencies: `p50 312 ms, p95 1.2 s, p99 131.0 s`. */
export const latencyText = ({ latency }: Pick<LoadResult, 'latency'>): string =>
  Object.entries(latency)
    .map(([name, value]) => `${name} ${latencyValue(value)}`)
    .join(', ');

function latencyValue(milliseconds: number | null): string {
  if (milliseconds === null) return '–';
  return milliseconds < 1_000 ? `${milliseconds} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}
