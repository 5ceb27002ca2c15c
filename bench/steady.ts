import type { Figure } from './figure.ts';

/** Takes figures and gives those that may be shown, and a sentence for each count that differed from run to run, or had no value. */
export function steady(figures: readonly Figure[]): { figures: Figure[]; problems: string[] } {
  const problems: string[] = [];
  const ids = new Set<string>();
  const shown = figures.filter((figure) => {
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
  return { figures: shown, problems };
}
