/** Shortens an event's type to what tells it from others: `shop.order.placed.v1` is `order.placed`. */
export const shortType = (type: string): string => type.replace(/^shop\./, '').replace(/\.v\d+$/, '');

/** Formats milliseconds: 84 ms, 1.2 s, 3 min, 2 h; the units are the same in every language. */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1_000) return `${Math.round(ms)} ms`;
  if (size < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  return size < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
