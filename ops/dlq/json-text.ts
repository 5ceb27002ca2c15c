import { tryParse } from '../../contracts/parse.ts';

/** A piece of JSON's text that is no white space, and the white space before it. */
export type Token = { text: string; space: string };

/** A text as tokens, and the white space after the last one. Joined again, they are the text. */
export type TokenizedText = { tokens: Token[]; end: string };

const SPACES = ' \t\r\n';
// A string, also one that never ends; a byte-order mark; a sign; a number or a word. What is no JSON is divided somehow, and loses nothing.
const TOKEN = /([ \t\r\n]*)("[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|\\?$)|\uFEFF|[{}[\],:]|[^\s"{}[\],:\uFEFF]+|[\s\S])/y;

/** Divides a text into tokens. Keeps every character: spellings, order, repeated names, a byte-order mark. */
export function tokenize(text: string): TokenizedText {
  const tokens: Token[] = [];
  let length = text.length;
  while (length > 0 && SPACES.includes(text.charAt(length - 1))) length -= 1;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < length) {
    const [, space = '', token = ''] = TOKEN.exec(text) ?? [];
    tokens.push({ space, text: token });
  }
  return { tokens, end: text.slice(length) };
}

/** Joins tokens to the text that they were. */
export const joinTokens = ({ tokens, end }: TokenizedText): string =>
  tokens.map(({ space, text }) => space + text).join('') + end;

/** Parses JSON, also behind a byte-order mark; returns `undefined` for text that is no JSON. */
export const parseJson = (text: string): unknown => tryParse(text.replace(/^\uFEFF/, ''));

export const isJson = (text: string): boolean => parseJson(text) !== undefined;

// Nobody reads deeper, and each level costs two more spaces in every line.
const MAX_LEVELS = 100;

/**
 * Lays JSON out for reading, a member to a line, and changes nothing but the white space between its tokens. Returns other text as it is, and so
 * what is nested more than 100 levels deep.
 */
export function layOut(text: string): string {
  if (!isJson(text)) return text;
  let level = 0;
  let laidOut = '';
  let previous = '';
  for (const { text: token } of tokenize(text).tokens) {
    if (isClosing(token)) level -= 1;
    laidOut += spaceBetween(previous, token, level) + token;
    if (isOpening(token)) level += 1;
    if (level > MAX_LEVELS) return text;
    previous = token;
  }
  return laidOut;
}

function spaceBetween(previous: string, token: string, level: number): string {
  if (previous === '' || previous === '\uFEFF' || token === ':' || token === ',') return '';
  if (previous === ':') return ' ';
  return isOpening(previous) && isClosing(token) ? '' : `\n${'  '.repeat(level)}`;
}

export const isOpening = (token: string): boolean => token === '{' || token === '[';
export const isClosing = (token: string): boolean => token === '}' || token === ']';

/** Returns the index behind the value that begins at a token: behind its closing bracket, where it has one. */
export function endOfValue(tokens: readonly Token[], start: number): number {
  let open = 0;
  for (let index = start; index < tokens.length; index += 1) {
    const token = tokens[index]?.text ?? '';
    if (isOpening(token)) open += 1;
    if (isClosing(token)) open -= 1;
    if (open === 0) return index + 1;
  }
  return tokens.length;
}

/** Finds the value of a member of JSON's outermost object, the last one of that name, which is the one that counts. */
export function memberRange(tokens: readonly Token[], name: string): { start: number; end: number } | undefined {
  const first = tokens[0]?.text === '\uFEFF' ? 2 : 1;
  let found: { start: number; end: number } | undefined;
  for (let index = first; tokens[index]?.text.startsWith('"') === true; ) {
    const start = index + 2;
    const end = endOfValue(tokens, start);
    if (JSON.parse(tokens[index]?.text ?? '') === name) found = { start, end };
    index = end + 1;
  }
  return found;
}
