/** Formats milliseconds as people compare them: 312 ms, 1.2 s, 131 s. */
export function milliseconds(value: number, locale: string): string {
  if (value < 1_000) return `${value.toLocaleString(locale, { maximumFractionDigits: value < 10 ? 1 : 0 })} ms`;
  const seconds = value / 1_000;
  return `${seconds.toLocaleString(locale, { maximumFractionDigits: seconds < 10 ? 1 : 0 })} s`;
}
