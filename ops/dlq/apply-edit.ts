import { isJson, type TokenizedText, tokenize } from './json-text.ts';
import { matchSequences, UNMATCHED } from './match-sequences.ts';

/**
 * Applies to a text what was changed in its laid-out form: what was not touched stays byte for byte, the white space between its tokens included.
 * Returns `undefined` if nothing but white space was changed. Text that is no JSON is edited as it is.
 */
export function applyEdit(original: string, edited: string): string | undefined {
  if (!isJson(original)) return edited === original ? undefined : edited;
  const before = tokenize(original);
  const after = tokenize(edited);
  const matches = matchSequences(textsOf(before), textsOf(after));
  const isSame = matches.length === before.tokens.length && matches.every((index, position) => index === position);
  return isSame ? undefined : withOriginalSpace(before, after, matches);
}

const textsOf = ({ tokens }: TokenizedText): string[] => tokens.map(({ text }) => text);

/** Joins edited tokens with the white space of the original; what is new gets its own where the original has lines, else none. */
function withOriginalSpace(before: TokenizedText, after: TokenizedText, matches: readonly number[]): string {
  const hasLines = before.tokens.some(({ space }) => space.includes('\n'));
  const removed = firstRemoved(matches, before.tokens.length);
  const parts = after.tokens.map(({ text, space }, position) => {
    // A new value stands where the old one stood.
    const source = matches[position] === UNMATCHED ? removed[position] : matches[position];
    const kept = before.tokens[source ?? UNMATCHED]?.space ?? (hasLines ? space : '');
    return (kept === '' && runTogether(after.tokens[position - 1]?.text ?? '', text) ? ' ' : kept) + text;
  });
  return parts.join('') + before.end;
}

/** Finds for each edited token the original one that was removed at its place, if any, by index. */
function firstRemoved(matches: readonly number[], length: number): (number | undefined)[] {
  const removed: (number | undefined)[] = [];
  let next = length;
  for (let position = matches.length - 1; position >= 0; position -= 1) {
    const previous = position === 0 ? UNMATCHED : (matches[position - 1] ?? UNMATCHED);
    const isFirst = position === 0 || previous !== UNMATCHED;
    if (isFirst && previous + 1 < next) removed[position] = previous + 1;
    const own = matches[position] ?? UNMATCHED;
    if (own !== UNMATCHED) next = own;
  }
  return removed;
}

const SIGN = /^[{}[\],:"\uFEFF]$/;

/** Tells whether two tokens without space between them would be one. */
const runTogether = (one: string, other: string): boolean =>
  one !== '' && !SIGN.test(one.slice(-1)) && !SIGN.test(other.slice(0, 1));
