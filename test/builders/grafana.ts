/** Lists the expressions of a dashboard's JSON: those of its panels, and the series by which a variable finds its values. */
export function expressionsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.entries(value).flatMap(([key, text]) => {
    if (typeof text !== 'string') return [];
    if (key === 'expr') return [text];
    const series = /^label_values\((\w+), \w+\)$/.exec(text)?.[1];
    return series === undefined ? [] : [series];
  });
  return [...own, ...Object.values(value).flatMap(expressionsIn)];
}
