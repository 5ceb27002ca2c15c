import type { DrillResult } from '../../drill/result.ts';
import type { LoadResult } from '../../load/result.ts';

/** Why a load or a drill may not be started; what the page says about each is its own. */
export type Hindrance = 'real-gateway' | 'real-texts' | 'not-local' | 'gateway-down' | 'running';

/** What can be started here, and whether the sandbox gateway is down. */
export type TrafficState = {
  sandbox: boolean;
  gatewayDown: boolean;
  /** `null`: it may be started. */
  load: Hindrance | null;
  drill: Hindrance | null;
};

/** The bounds of what can be asked for on the page; the commands allow more. */
export const BOUNDS = {
  rate: { min: 1, max: 500 },
  count: { min: 1, max: 20_000 },
  orders: { min: 3, max: 10_000 },
  outageSeconds: { min: 1, max: 600 },
} as const;

/** What is drawn of a load or a drill: a value for each moment, in seconds since the start. `held`: messages not done, by consumer. */
export type TrafficSeries = {
  seconds: number[];
  held: Record<string, number[]>;
  publishedPerSecond: number[];
  decidedPerSecond: number[];
  /** Milliseconds from published to decided; `null` where nothing was decided. */
  latency: Record<'p50' | 'p95' | 'p99', (number | null)[]>;
};

/** A step of a drill, and how it ended if it has. */
export type TrafficStep = { step: string; state: 'started' | 'succeeded' | 'failed' };

/** What a running load or drill shows, and keeps when it has ended. */
export type TrafficDetail = {
  planned: number;
  published: number;
  decided: number;
  steps: TrafficStep[];
  series: TrafficSeries;
};

/** The document of `ops load --json` without its series, of which the detail has a bounded one. */
export type LoadSummary = Omit<LoadResult, 'series'>;

/** The document of `ops drill --json`. */
export type DrillSummary = DrillResult;
