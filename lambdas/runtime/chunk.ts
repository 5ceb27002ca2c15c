/** Splits items into groups of at most `maxItems`, keeping their order: what one call of a batch API takes. */
export const chunk = <T>(items: readonly T[], maxItems: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / maxItems) }, (_, index) =>
    items.slice(index * maxItems, (index + 1) * maxItems),
  );

/** Splits items into groups of at most `maxItems` and `maxBytes`; an item larger than `maxBytes` is a group of its own. */
export function chunkBySize<T>(
  items: readonly T[],
  { maxItems, maxBytes, bytesOf }: { maxItems: number; maxBytes: number; bytesOf: (item: T) => number },
): T[][] {
  const groups: T[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    const group = groups.at(-1);
    if (group === undefined || group.length === maxItems || bytes + size > maxBytes) {
      groups.push([item]);
      bytes = size;
    } else {
      group.push(item);
      bytes += size;
    }
  }
  return groups;
}

/**
 * Splits items into rounds in which every key occurs once, so that a round can be handled in parallel; items of one key keep
 * their order from round to round. Items without a key share the first round.
 */
export function roundsByKey<T>(items: readonly T[], keyOf: (item: T) => string | undefined): T[][] {
  const rounds: T[][] = [];
  const occurrences = new Map<string, number>();
  for (const item of items) {
    const key = keyOf(item);
    const round = key === undefined ? 0 : (occurrences.get(key) ?? 0);
    if (key !== undefined) occurrences.set(key, round + 1);
    rounds[round] ??= [];
    rounds[round].push(item);
  }
  return rounds;
}
