import { closestMatch } from 'leven';

// A misspelling changes a letter or two; what differs more is another word.
const LETTERS_PER_MISTAKE = 4;

/**
 * Finds the candidate that a misspelt word may mean: the shortest that contains it, or else the one that the fewest letters tell from it.
 * Case and signs do not count: `orderPlaced` is near `shop.order.placed.v1`. Returns `undefined` where none is near.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const letters = lettersOf(word);
  const byLetters = new Map(candidates.map((candidate) => [lettersOf(candidate), candidate]));
  const known = [...byLetters.keys()];
  if (letters === '') return undefined;
  const [shortest] = known
    .filter((candidate) => letters.length > 2 && candidate.includes(letters))
    .sort((one, other) => one.length - other.length);
  const maxDistance = Math.max(1, Math.floor(letters.length / LETTERS_PER_MISTAKE));
  return byLetters.get(shortest ?? closestMatch(letters, known, { maxDistance }) ?? '');
}

/** Formats what a misspelt word may mean as the end of a sentence: ` Did you mean payment?`; empty where nothing is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  return near === undefined ? '' : ` Did you mean ${near}?`;
}

const lettersOf = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
