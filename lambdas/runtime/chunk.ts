/** Takes items and gives them in groups of at most so many, in their sequence: what one call of an API takes. */
export const chunk = <T>(items: readonly T[], most: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / most) }, (_, group) => items.slice(group * most, (group + 1) * most));
