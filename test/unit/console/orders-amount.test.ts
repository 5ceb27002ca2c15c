import { describe, expect, test } from 'vitest';
import { parseAmount, typedAmount } from '../../../ops/console/pages/orders/amount.ts';
import { calmRows } from '../../../ops/console/pages/orders/calm-rows.ts';

describe('An amount that is typed', () => {
  test.each([
    ['120', 2, 12_000],
    ['120.5', 2, 12_050],
    [' 120.00 ', 2, 12_000],
    ['1,200.50', 2, 120_050],
    ['12,000', 0, 12_000],
    ['0', 0, 0],
    ['1.234', 3, 1_234],
  ])('as %j with %d digits is %d minor units', (text, digits, amount) => {
    expect(parseAmount(text, { digits, most: 1_000_000 })).toEqual({ amount });
  });

  test.each([
    ['', 2, 'empty'],
    ['abc', 2, 'not-a-number'],
    ['-5', 2, 'not-a-number'],
    ['1e3', 2, 'not-a-number'],
    // Twelve and a half in many countries: never 1,250.
    ['12,50', 2, 'not-a-number'],
    ['12.345', 2, 'too-many-digits'],
    ['120.5', 0, 'too-many-digits'],
    ['120.01', 2, 'too-much'],
  ])('as %j with %d digits is refused: %s', (text, digits, problem) => {
    expect(parseAmount(text, { digits, most: 12_000 })).toEqual({ problem });
  });

  test('is shown as it is parsed', () => {
    for (const [amount, digits] of [
      [12_345, 2],
      [12_345, 0],
      [5, 3],
    ] as const) {
      expect(parseAmount(typedAmount(amount, digits), { digits, most: amount })).toEqual({ amount });
    }
  });
});

describe('The rows of a list that is read again and again', () => {
  const row = (orderId: string, status = 'PLACED') => ({ orderId, status });
  const shown = [row('o-2'), row('o-1')];

  test('are those that were read while nobody is among them', () => {
    const read = [row('o-3'), row('o-2', 'CONFIRMED'), row('o-1')];
    expect(calmRows(shown, read, false)).toEqual({ rows: read, newer: 0 });
  });

  test('stay in their places while somebody is, and tell how many are new', () => {
    const read = [row('o-4'), row('o-3'), row('o-2', 'CONFIRMED')];
    expect(calmRows(shown, read, true)).toEqual({ rows: [row('o-2', 'CONFIRMED'), row('o-1')], newer: 2 });
  });

  test('appear where there were none, also for somebody who waits for them', () => {
    expect(calmRows([], shown, true)).toEqual({ rows: shown, newer: 0 });
  });
});
