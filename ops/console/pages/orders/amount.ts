/** What was typed as an amount: its minor units, or what is wrong with it. */
export type TypedAmount = { amount: number } | { problem: 'empty' | 'not-a-number' | 'too-many-digits' | 'too-much' };

/**
 * Parses an amount as a person types it, in the currency's main unit (`120.00`), to its minor unit (12000). `digits` is how many digits of the
 * currency are its minor unit, `most` the most that is left. A comma between digits separates thousands, and so does a space.
 */
export function parseAmount(text: string, { digits, most }: { digits: number; most: number }): TypedAmount {
  const plain = text.trim();
  if (plain === '') return { problem: 'empty' };
  const [, whole, fraction = ''] = AMOUNT.exec(plain) ?? [];
  if (whole === undefined) return { problem: 'not-a-number' };
  if (fraction.length > digits) return { problem: 'too-many-digits' };
  const amount = Number(whole.replaceAll(/[, ]/g, '') + fraction.padEnd(digits, '0'));
  return amount > most ? { problem: 'too-much' } : { amount };
}

// Groups of three, or no groups: in some countries `12,50` is twelve and a half, which must not become 1250.
const AMOUNT = /^(\d{1,3}(?:[, ]\d{3})+|\d+)(?:\.(\d+))?$/;

/** Formats an amount as it is typed: 12000 with two digits is 120.00. */
export const typedAmount = (amount: number, digits: number): string => (amount / 10 ** digits).toFixed(digits);
