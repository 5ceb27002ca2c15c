import { shellArgument } from './command.ts';
import { displayWidth, splitAtWidth } from './display-width.ts';

// What stands between blanks that no quote keeps together.
const WORD = /(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/g;
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

/**
 * Breaks a command that is too wide into lines that a shell reads as the same command: they end with a backslash. A word that is too wide
 * itself goes on at the beginning of the next line, where the shell puts it together.
 */
export function breakCommand(command: string, width: number, indent = ''): string[] {
  if (displayWidth(indent + command) <= width) return [indent + command];
  // Each line but the last ends with a blank and a backslash.
  const room = width - 2;
  const [first = '', ...words] = command.match(WORD) ?? [];
  const lines: string[] = [];
  let line = indent + first;
  for (const word of words) {
    if (displayWidth(`${line} ${word}`) <= room) {
      line = `${line} ${word}`;
      continue;
    }
    lines.push(`${line} \\`);
    const goesOn = `${indent}  ${word}`;
    const pieces = displayWidth(goesOn) <= room ? [goesOn] : splitWord(word, room);
    lines.push(...pieces.slice(0, -1).map((piece) => `${piece}\\`));
    line = pieces.at(-1) ?? '';
  }
  return [...lines, line];
}

/** Splits a word into words that fit and together are the same. */
function splitWord(word: string, width: number): string[] {
  const pieces: string[] = [];
  let rest = splitWords(word).join('');
  while (rest !== '') {
    // Quotes take two columns, and each one in the text three more.
    let [piece, after] = splitAtWidth(rest, width - 2);
    while (displayWidth(shellArgument(piece)) > width && piece.length > 1) {
      [piece, after] = splitAtWidth(rest, displayWidth(piece) - 1);
    }
    pieces.push(shellArgument(piece));
    rest = after;
  }
  return pieces;
}
