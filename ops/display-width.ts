import stringWidth from 'string-width';

const PLAIN = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Counts the columns that a terminal takes for a text: two for a wide character, as a Korean one. */
export const displayWidth = (text: string): number => (PLAIN.test(text) ? text.length : stringWidth(text));

/** Splits a text after as many whole characters as fit into so many columns; after at least one. */
export function splitAtWidth(text: string, width: number): [fits: string, rest: string] {
  let columns = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    columns += displayWidth(segment);
    if (columns > width && index > 0) return [text.slice(0, index), text.slice(index)];
  }
  return [text, ''];
}

/** Cuts the end of what is too wide, and marks that by `…`. */
export const cutEnd = (text: string, width: number): string =>
  displayWidth(text) <= width ? text : `${splitAtWidth(text, width - 1)[0].trimEnd()}…`;

/** Cuts the middle of what is too wide, so that both ends of an id stay: `gid://shop…8812`. */
export function cutMiddle(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const tailWidth = Math.floor((width - 1) / 2);
  const segments = [...graphemes.segment(text)].map(({ segment }) => segment);
  let tail = '';
  while (displayWidth(`${segments.at(-1)}${tail}`) <= tailWidth) tail = `${segments.pop()}${tail}`;
  return `${splitAtWidth(text, width - 1 - tailWidth)[0]}…${tail}`;
}
