/** The name of a contestant: `ours` is this stack, the others are under `bench/peers`. */
export type Contestant = string;

/** A bound for the ratio ours / theirs where `against` names a contestant, else for our value. */
export type Target = { against?: Contestant; atMost?: number; atLeast?: number };

/** One quantity, measured for several contestants. */
export type Figure = {
  /** Stable and unique: `calls.dynamodb.batch-10`. */
  id: string;
  /** The label of its row in the table. */
  what: string;
  unit: string;
  /** A count is the same in every run; of a measure, only ratios are comparable between machines. */
  kind: 'count' | 'measure';
  better: 'lower' | 'higher';
  /** Each contestant's values, one per run, in the order of the runs. */
  values: Readonly<Record<Contestant, readonly number[]>>;
  targets?: readonly Target[];
  /** What a reader has to know to interpret it. */
  note?: string;
};

/** Builds a measure of which less is better. */
export const measure = (id: string, what: string, unit: string, values: Figure['values']): Figure => ({
  id,
  what,
  unit,
  kind: 'measure',
  better: 'lower',
  values,
});

/** One part of the benchmark, chosen with `--only`. */
export type Section = {
  name: string;
  title: string;
  /** Measures everything at least `runs` times, contestants taking turns. */
  run(options: { runs: number; progress: (line: string) => void }): Promise<Figure[]>;
};

/** The median of several runs, with the lowest and the highest. */
export type Spread = { median: number; low: number; high: number };

/** Summarizes the values of several runs. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error('There is no value to summarize');
  const sorted = values.toSorted((one, other) => one - other);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = sorted.length / 2;
  const median = Number.isInteger(middle) ? (at(middle - 1) + at(middle)) / 2 : at(Math.floor(middle));
  return { median, low: at(0), high: at(sorted.length - 1) };
}

/** Computes ours / theirs run by run, so that a slow run affects both. */
export function ratioTo({ values }: Figure, contestant: Contestant): Spread | undefined {
  const theirs = values[contestant];
  const ours = values.ours;
  if (ours === undefined || theirs === undefined) return undefined;
  return spreadOf(ours.slice(0, theirs.length).map((value, run) => value / (theirs[run] ?? Number.NaN)));
}

/** Compares the median with a target; `undefined` if one of both was not measured. */
export function evaluateTarget(figure: Figure, target: Target): { spread: Spread; met: boolean } | undefined {
  const spread =
    target.against === undefined ? figure.values.ours && spreadOf(figure.values.ours) : ratioTo(figure, target.against);
  if (spread === undefined) return undefined;
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = target;
  return { spread, met: spread.median <= atMost && spread.median >= atLeast };
}

/** Measures each contestant `runs` times, contestants taking turns. */
export async function takeTurns<Value>(
  names: readonly Contestant[],
  runs: number,
  measure: (name: Contestant, run: number) => Promise<Value>,
): Promise<Map<Contestant, Value[]>> {
  const values = new Map(names.map((name): [Contestant, Value[]] => [name, []]));
  for (let run = 1; run <= runs; run += 1) {
    for (const name of names) values.get(name)?.push(await measure(name, run));
  }
  return values;
}

/** Picks one number of each measured value. */
export const valuesOf = <Value>(measured: ReadonlyMap<Contestant, readonly Value[]>, pick: (value: Value) => number) =>
  Object.fromEntries([...measured].map(([name, values]) => [name, values.map(pick)]));

/** Separates valid figures from problems: counts that differ between runs, values that are not numbers, ids that occur twice. */
export function validateFigures(figures: readonly Figure[]): { figures: Figure[]; problems: string[] } {
  const problems: string[] = [];
  const ids = new Set<string>();
  const valid = figures.filter((figure) => {
    const { id, kind, values } = figure;
    const found: string[] = ids.has(id) ? [`The figure ${id} occurs twice.`] : [];
    ids.add(id);
    for (const [contestant, given] of Object.entries(values)) {
      if (given.length === 0 || given.some((value) => !Number.isFinite(value)))
        found.push(`The figure ${id} of ${contestant} is not a number: ${given.join(', ')}.`);
      else if (kind === 'count' && given.some((value) => value !== given[0]))
        found.push(`The count ${id} of ${contestant} differs from run to run: ${given.join(', ')}.`);
    }
    problems.push(...found);
    return found.length === 0;
  });
  return { figures: valid, problems };
}
