/** Stands for an item without a counterpart. */
export const UNMATCHED = -1;

// A comparison with more insertions and deletions takes seconds and hundreds of megabytes.
const MAX_EDITS = 3_000;

/**
 * Finds for each item of `after` its counterpart in `before`, by index, in ascending sequence, with the fewest insertions and deletions
 * (Myers, "An O(ND) Difference Algorithm and Its Variations", 1986). Beyond 3,000 of them, what stands at the same place is compared.
 */
export function matchSequences(before: readonly string[], after: readonly string[]): number[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let rest = 0;
  while (rest < shorter - start && before.at(-1 - rest) === after.at(-1 - rest)) rest += 1;
  const middle = matchMiddle(before.slice(start, before.length - rest), after.slice(start, after.length - rest));
  return after.map((_, position) => {
    if (position < start) return position;
    if (position >= after.length - rest) return position - after.length + before.length;
    const index = middle[position - start] ?? UNMATCHED;
    return index === UNMATCHED ? UNMATCHED : index + start;
  });
}

function matchMiddle(before: readonly string[], after: readonly string[]): number[] {
  const rounds = searchRounds(before, after);
  if (rounds === undefined) {
    return after.map((one, index) => (before.length === after.length && one === before[index] ? index : UNMATCHED));
  }
  const matches = after.map(() => UNMATCHED);
  let x = before.length;
  let y = after.length;
  for (let edits = rounds.length - 1; edits >= 0; edits -= 1) {
    const { previousX, diagonal, startX } = stepTo(x - y, edits, rounds[edits - 1]);
    while (x > startX) {
      x -= 1;
      y -= 1;
      matches[y] = x;
    }
    x = previousX;
    y = previousX - diagonal;
  }
  return matches;
}

/** The furthest positions in `before` after a number of edits, one for each diagonal from `-edits` to `edits`. */
type Round = Int32Array;

/** Searches with 0, 1, 2 … edits until both ends are reached; `undefined` where that takes too many. */
function searchRounds(before: readonly string[], after: readonly string[]): Round[] | undefined {
  const rounds: Round[] = [];
  for (let edits = 0; edits <= MAX_EDITS; edits += 1) {
    const round = new Int32Array(2 * edits + 1);
    const previous = rounds.at(-1);
    rounds.push(round);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = stepTo(diagonal, edits, previous).startX;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
      round[diagonal + edits] = x;
      if (x >= before.length && x - diagonal >= after.length) return rounds;
    }
  }
  return undefined;
}

/** Returns the edit that leads onto a diagonal: an insertion from the one above, or a deletion from the one below. */
function stepTo(diagonal: number, edits: number, previous: Round | undefined) {
  if (previous === undefined) return { previousX: 0, diagonal: 0, startX: 0 };
  const reached = (other: number) => previous[other + edits - 1] ?? UNMATCHED;
  const isInsertion = diagonal === -edits || (diagonal !== edits && reached(diagonal - 1) < reached(diagonal + 1));
  const from = isInsertion ? diagonal + 1 : diagonal - 1;
  return { previousX: reached(from), diagonal: from, startX: reached(from) + (isInsertion ? 0 : 1) };
}
