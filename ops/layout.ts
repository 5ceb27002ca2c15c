/** How wide a text may be, in columns. Without a limit it has whole values and absolute times; with one, times are relative. */
export type Layout = {
  width: number;
  /** Called where a value or a column is left out to fit. */
  onCut?: () => void;
};

/** The layout of what no terminal shows: a pipe, a file, `--wide`. */
export const WHOLE: Layout = { width: Number.POSITIVE_INFINITY };

export const isWhole = ({ width }: Layout): boolean => width === Number.POSITIVE_INFINITY;

/** Narrower than this nothing is laid out: a terminal that reports less shows lines that wrap. */
const MIN_WIDTH = 40;

const COLUMNS = /^[1-9]\d{1,3}$/;

let everything = false;

/** Has the command print whole values and absolute times, however wide the terminal is: `--wide`. */
export function showEverything(wide: boolean): void {
  everything = wide;
}

/** Chooses the layout for a stream: as wide as its terminal, else as wide as `COLUMNS` says; without limit for a pipe or a file. */
export function layoutFor(
  stream: { isTTY?: boolean; columns?: number },
  { COLUMNS: given = '' }: NodeJS.ProcessEnv = process.env,
): Layout {
  if (everything) return WHOLE;
  const columns = stream.isTTY ? stream.columns : COLUMNS.test(given) ? Number(given) : undefined;
  // Some terminals that are none report no columns.
  return columns ? { width: Math.max(MIN_WIDTH, columns) } : WHOLE;
}
