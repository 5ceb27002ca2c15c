import type { Decision } from './decisions.ts';
import { percentile } from './percentile.ts';

/** How many messages of each consumer were not done, so many seconds after the start. */
export type Sample = { second: number; held: Record<string, number> };

/** Everything a load has seen. Times in milliseconds. */
export type Evidence = {
  sku: string;
  /** Orders a second that were asked for. */
  rate: number;
  started: number;
  ended: number;
  /** When each order that the topic took was published. */
  published: ReadonlyMap<string, number>;
  decisions: ReadonlyMap<string, Decision>;
  samples: readonly Sample[];
  refused: number;
  /** By how much the worst order was published after it was due. */
  lateMs: number;
  deadLetters: number;
  interrupted: boolean;
};

/** What a load came to; a time is in the unit its name says, latency in milliseconds from published to decided. */
export type LoadResult = ReturnType<typeof loadResult>;

/** Takes what a load has seen and gives what it came to. */
export function loadResult({ published, decisions, started, ended, samples, refused, ...rest }: Evidence) {
  const latencies = [...decisions].flatMap(([id, { time }]) => {
    const since = published.get(id);
    return since === undefined ? [] : [time - since];
  });
  const confirmed = [...decisions.values()].filter(({ status }) => status === 'CONFIRMED').length;
  const undecided = published.size - decisions.size;
  const errors = refused + (rest.interrupted ? 0 : undecided);
  const firstOut = Math.min(...published.values());
  const lastOut = Math.max(...published.values());
  const lastDecided = Math.max(...[...decisions.values()].map(({ time }) => time));
  return {
    sku: rest.sku,
    published: published.size,
    decided: decisions.size,
    confirmed,
    cancelled: decisions.size - confirmed,
    undecided,
    /** Orders that the topic refused, or that were not decided in time. */
    errors,
    errorRate: published.size + refused === 0 ? 0 : errors / (published.size + refused),
    /** Dead letters that came about meanwhile. */
    deadLetters: rest.deadLetters,
    seconds: (ended - started) / 1_000,
    rate: { asked: rest.rate, reached: perSecond(published.size - 1, lastOut - firstOut), lateMs: rest.lateMs },
    /** Orders decided per second, from the first one published to the last one decided. */
    throughput: perSecond(decisions.size, lastDecided - firstOut),
    latency: { p50: percentile(latencies, 50), p95: percentile(latencies, 95), p99: percentile(latencies, 99) },
    series: seriesOf(samples, published, decisions, started),
    interrupted: rest.interrupted,
  };
}

const perSecond = (count: number, milliseconds: number): number | null =>
  count > 0 && milliseconds > 0 ? Math.round((count * 100_000) / milliseconds) / 100 : null;

function seriesOf(
  samples: readonly Sample[],
  published: Evidence['published'],
  decisions: Evidence['decisions'],
  started: number,
) {
  // Clocks of two machines may differ a little.
  const second = (time: number) => Math.max(0, Math.floor((time - started) / 1_000));
  const perSecondOf = (times: readonly number[]) => {
    const counts: number[] = Array.from({ length: Math.max(0, ...times.map(second)) + 1 }, () => 0);
    for (const time of times) counts[second(time)] = (counts[second(time)] ?? 0) + 1;
    return counts;
  };
  return {
    held: samples,
    publishedPerSecond: perSecondOf([...published.values()]),
    decidedPerSecond: perSecondOf([...decisions.values()].map(({ time }) => time)),
  };
}

/** The latencies in words: `p50 312 ms, p95 1.2 s, p99 131.0 s`. */
export const latencyText = ({ latency }: Pick<LoadResult, 'latency'>): string =>
  Object.entries(latency)
    .map(
      ([name, value]) =>
        `${name} ${value === null ? '–' : value < 1_000 ? `${value} ms` : `${(value / 1_000).toFixed(1)} s`}`,
    )
    .join(', ');
