/** What is wrong with a number that was typed. */
export type NumberProblem = 'not-whole' | 'too-small' | 'too-large';

/** Reads a whole number between two bounds, inclusive, or says what is wrong with it. */
export function readWholeNumber(text: string, { min, max }: { min: number; max: number }): number | NumberProblem {
  const trimmed = text.trim();
  if (!/^\d+$/.test(trimmed)) return 'not-whole';
  const value = Number(trimmed);
  if (value < min) return 'too-small';
  return value > max ? 'too-large' : value;
}
