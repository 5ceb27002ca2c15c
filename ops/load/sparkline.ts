const LEVELS = '▁▂▃▄▅▆▇█';

/** Takes values and gives a line of characters as high as they are; of many values each character shows the greatest of a few. */
export function sparkline(values: readonly number[], width = 40): string {
  const most = Math.max(1, ...values);
  const columns = Math.min(width, values.length);
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns);
    const until = Math.floor(((column + 1) * values.length) / columns);
    const value = Math.max(...values.slice(from, until));
    return LEVELS[Math.ceil((value / most) * (LEVELS.length - 1))];
  }).join('');
}
