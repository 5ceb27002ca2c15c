type Order = { orderId: string };

/** The rows that are shown, and how many more there are that are not shown yet. */
export type CalmRows<Row> = { rows: readonly Row[]; newer: number };

/**
 * Decides which rows are shown once more was read. While somebody points at the rows or is among them (`held`), each stays where it is and shows
 * what was read of it last; new ones wait. Else all are shown as they were read.
 */
export function calmRows<Row extends Order>(shown: readonly Row[], read: readonly Row[], held: boolean): CalmRows<Row> {
  if (!held || shown.length === 0) return { rows: read, newer: 0 };
  const latest = new Map(read.map((row) => [row.orderId, row]));
  const known = new Set(shown.map(({ orderId }) => orderId));
  return {
    rows: shown.map((row) => latest.get(row.orderId) ?? row),
    newer: read.filter(({ orderId }) => !known.has(orderId)).length,
  };
}
