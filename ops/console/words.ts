const PART = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|(\s+)|(.)/gsu;

/** Splits a typed line into words as a shell does: quotes and backslashes keep spaces; an unpaired quote is a character. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [, single, double, escaped, space, character] of line.matchAll(PART)) {
    if (space === undefined) {
      word = (word ?? '') + (single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped ?? character);
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}
