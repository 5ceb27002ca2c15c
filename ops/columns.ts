import { displayWidth } from './display-width.ts';
import { isWhole, type Layout } from './layout.ts';

/** A column of a table, and what becomes of it where there is no room. */
export type Column = {
  title: string;
  /** Which columns are left out first: those with the highest rank. @default it stays */
  rank?: number;
  /** How a value is made to fit: an id loses its middle, a sentence its end, or goes on below, for three lines at most. @default it never is */
  fit?: 'middle' | 'end' | 'wrap';
  /** @default 'right' for a column of numbers */
  align?: 'right';
  /** How narrow it may get before columns are left out. @default 12, and 24 for a sentence */
  least?: number;
};

/** A column that is shown, and its width. */
export type PlacedColumn = { index: number; column: Column; width: number };

type Sized = { index: number; column: Column; natural: number; least: number };

/** The blanks between two columns. */
export const GAP = 2;

/** Chooses the columns that are shown, and how wide each is. */
export function placeColumns(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  layout: Layout,
): PlacedColumn[] {
  const sized = columns.map((column, index): Sized => {
    const natural = Math.max(...[column.title, ...rows.map((row) => row[index] ?? '')].map(displayWidth));
    return { index, column, natural, least: leastWidth(column, natural, layout.width) };
  });
  const shown = isWhole(layout) ? sized : leaveOut(sized, layout.width);
  const widths = shareRoom(shown, layout.width);
  return shown.map(({ index, column, natural }, at) => ({ index, column, width: widths[at] ?? natural }));
}

/** An id that stays in the table is cut only where it would take more than half of the terminal: people copy it. */
function leastWidth(
  { title, rank, fit, least = fit === 'middle' ? 12 : 24 }: Column,
  natural: number,
  width: number,
): number {
  const isKeptWhole = fit === 'middle' && rank === undefined && natural <= width / 2;
  if (fit === undefined || isKeptWhole) return natural;
  // The title of a column that goes on below does so too.
  const ofTitle = Math.max(...(fit === 'wrap' ? title.split(' ') : [title]).map(displayWidth));
  return Math.min(natural, Math.max(least, ofTitle));
}

const sum = (numbers: readonly number[]) => numbers.reduce((one, other) => one + other, 0);
const gaps = (columns: readonly Sized[]) => GAP * Math.max(0, columns.length - 1);

function leaveOut(columns: readonly Sized[], width: number): readonly Sized[] {
  if (sum(columns.map(({ least }) => least)) + gaps(columns) <= width) return columns;
  const rankOf = ({ column }: Sized) => column.rank ?? 0;
  const highest = Math.max(...columns.map(rankOf));
  if (highest === 0) return columns;
  return leaveOut(
    columns.filter((column) => rankOf(column) < highest),
    width,
  );
}

/** Gives each column what it needs as far as there is room: ids first, because people copy them, then the others alike. */
function shareRoom(columns: readonly Sized[], width: number): number[] {
  const widths = columns.map(({ least }) => least);
  const room = () => width - sum(widths) - gaps(columns);
  columns.forEach(({ column, natural, least }, at) => {
    if (column.fit === 'middle' && natural - least <= room()) widths[at] = natural;
  });
  for (;;) {
    const growing = columns.flatMap(({ natural }, at) => (natural > (widths[at] ?? 0) ? [at] : []));
    const share = Math.max(1, Math.floor(room() / growing.length));
    if (growing.length === 0 || room() < 1) return widths;
    for (const at of growing) {
      if (room() < 1) return widths;
      widths[at] = Math.min(columns[at]?.natural ?? 0, (widths[at] ?? 0) + share);
    }
  }
}
