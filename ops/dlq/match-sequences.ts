import { diffArrays } from 'diff';

/** Stands for an item without a counterpart. */
export const UNMATCHED = -1;

// A comparison with more insertions and deletions takes seconds and hundreds of megabytes.
const MAX_EDITS = 3_000;

/**
 * Finds for each item of `after` its counterpart in `before`, by index, in ascending sequence, with the fewest insertions and deletions. Beyond
 * 3,000 of them, what stands at the same place is compared.
 */
export function matchSequences(before: readonly string[], after: readonly string[]): number[] {
  // What ends both stays their end: a bracket that was added is not taken for the one that closes all.
  const shorter = Math.min(before.length, after.length);
  let rest = 0;
  while (rest < shorter && before.at(-1 - rest) === after.at(-1 - rest)) rest += 1;
  const matches = matchBeginnings(before.slice(0, before.length - rest), after.slice(0, after.length - rest));
  return [...matches, ...Array.from({ length: rest }, (_, index) => before.length - rest + index)];
}

function matchBeginnings(before: string[], after: string[]): number[] {
  const changes = diffArrays(before, after, { maxEditLength: MAX_EDITS });
  if (changes === undefined) {
    return after.map((one, index) => (before.length === after.length && one === before[index] ? index : UNMATCHED));
  }
  let next = 0;
  return changes.flatMap(({ added, removed, count }) => {
    const counterparts = Array.from({ length: removed ? 0 : count }, (_, index) => (added ? UNMATCHED : next + index));
    if (!added) next += count;
    return counterparts;
  });
}
