/**
 * Takes values and a percentage above 0 and gives the percentile by nearest rank: the smallest value that at least so many per
 * cent of them do not exceed; `null` where there are none.
 */
export function percentile(values: readonly number[], percent: number): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? null;
}
