import type { statusDocument } from '../../status/health.ts';

/** The document of `ops status --json`. */
export type StatusDocument = ReturnType<typeof statusDocument>;

/** What the event stream tells as `status`: the state of the shop, or why it cannot be read. */
export type LiveStatus =
  /** `sentence`: what `ops status` ends with, a line for each command to run next. */
  { at: string; status: StatusDocument; sentence: string; error?: undefined } | { at: string; error: string };

/** The kinds of operations that take a while. */
export type JobKind =
  | 'redrive'
  | 'redrive-carefully'
  | 'discard'
  | 'park'
  | 'unpark'
  | 'replay'
  | 'replay-count'
  | 'load'
  | 'drill'
  | 'audit'
  | 'repair'
  | 'pause'
  | 'resume'
  | 'test-order';

/** An operation that takes a while, as every browser sees it. Times are ISO 8601. */
export type JobView = {
  id: string;
  kind: JobKind;
  title: string;
  startedAt: string;
  endedAt?: string;
  state: 'running' | 'done' | 'failed' | 'stopped';
  done: number;
  /** `null` where nobody knows how much there is to do. */
  total: number | null;
  /** How far it is, in words. */
  text: string;
  /** What else an operation shows while it runs, such as the series of a load. */
  detail?: unknown;
  error?: string;
  /** The document that the command prints with `--json`. */
  result?: unknown;
};

/** What a page knows of the console it is shown by. */
export type Facts = {
  stack: string;
  where: string;
  local: boolean;
  sandbox: boolean;
  actionsAllowed: boolean;
  revealAllowed: boolean;
  bodiesShown: boolean;
  refreshSeconds: number;
  /** US dollars for an hour of looking; 0 on an engine. */
  hourlyCost: number;
};
