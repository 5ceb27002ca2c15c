/** Who takes part; `ours` is this stack, the others are under `bench/peers`. */
export type Contestant = string;

/** What the value of ours is held against: a contestant (then the ratio ours / theirs is meant) or nothing (the value itself). */
export type Target = { against?: Contestant; atMost?: number; atLeast?: number };

/** One thing measured, side by side in one run of the benchmark. */
export type Figure = {
  /** Stable and unique: `calls.dynamodb.batch-10`. */
  id: string;
  /** What the row of the table says. */
  what: string;
  unit: string;
  /** A count is the same in every run; of a measure only ratios mean something on another machine. */
  kind: 'count' | 'measure';
  better: 'lower' | 'higher';
  /** Each contestant's values, one for each run, in the sequence of the runs. */
  values: Readonly<Record<Contestant, readonly number[]>>;
  targets?: readonly Target[];
  /** What a reader has to know to read it right. */
  note?: string;
};

/** One part of the benchmark, chosen with `--only`. */
export type Section = {
  name: string;
  title: string;
  /** Measures everything at least `runs` times, contestants taking turns, and says what it is doing. */
  run(options: { runs: number; progress: (line: string) => void }): Promise<Figure[]>;
};

/** The middle of several runs, with the lowest and the highest. */
export type Spread = { median: number; low: number; high: number };

/** Takes the values of several runs and gives their middle and their spread. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error('There is no value to take the middle of');
  const sorted = values.toSorted((one, other) => one - other);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = sorted.length / 2;
  const median = Number.isInteger(middle) ? (at(middle - 1) + at(middle)) / 2 : at(Math.floor(middle));
  return { median, low: at(0), high: at(sorted.length - 1) };
}

/** Takes a figure and a contestant and gives ours / theirs, run by run, so that what slowed a whole run down is in both. */
export function ratioTo({ values }: Figure, contestant: Contestant): Spread | undefined {
  const theirs = values[contestant];
  const ours = values.ours;
  if (ours === undefined || theirs === undefined) return undefined;
  return spreadOf(ours.slice(0, theirs.length).map((value, run) => value / (theirs[run] ?? Number.NaN)));
}

/** Takes a figure and one of its targets and gives what is compared, and whether the target is met in the middle of the runs. */
export function verdict(figure: Figure, target: Target): { spread: Spread; met: boolean } | undefined {
  const spread =
    target.against === undefined ? figure.values.ours && spreadOf(figure.values.ours) : ratioTo(figure, target.against);
  if (spread === undefined) return undefined;
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = target;
  return { spread, met: spread.median <= atMost && spread.median >= atLeast };
}
