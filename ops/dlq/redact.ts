const DIGIT = '[0-9\\uff10-\\uff19]';
const PERSONAL: readonly (readonly [RegExp, string])[] = [
  // An international number, in any spelling; not the example with which a contract says what a number looks like.
  [new RegExp(`(?<!\\bnumber such as )[+\\uff0b]${DIGIT}(?:[ ().-]{0,2}${DIGIT}){5,14}`, 'g'), '+…'],
  // A national one: groups of digits behind a 0.
  [
    new RegExp(`(?<![\\w.-])\\(?[0\\uff10]${DIGIT}{1,3}\\)?[ .-]{1,2}${DIGIT}{3,4}[ .-]${DIGIT}{3,4}(?![\\w-])`, 'g'),
    '…',
  ],
  [/[^\s@"'<>(]+@[^\s@"'<>)]+\.[a-z]{2,}/gi, '…@…'],
  // Tokens, keys and ids of payment providers.
  [/\btok_\w+|\b(?:card|ch|cus|pi|pk|pm|py|re|rk|seti|sk|src|whsec)_(?=\w*\d)\w{6,}/g, '…'],
];

// A national number without spaces. An id may be one too.
const DIGITS_ALONE = new RegExp(`(?<![\\w.#/-]|order )[0\\uff10]${DIGIT}{8,10}(?![\\w-])`, 'gi');

/**
 * Removes phone numbers, addresses of e-mail, payment tokens and payment ids from a text: errors of other services may quote what
 * they refuse. Ids of orders, SKUs, times and amounts stay.
 */
export const redact = (text: string): string => redactId(text).replaceAll(DIGITS_ALONE, '…');

// Longer texts help nobody, and are slow to search.
const MAX_CHARACTERS = 2_000;

/** Removes them from an id or a SKU, which may be a long number: digits alone are none. Cuts what is longer than 2,000 characters. */
export const redactId = (text: string): string =>
  PERSONAL.reduce(
    (left, [pattern, instead]) => left.replaceAll(pattern, instead),
    text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text,
  );
