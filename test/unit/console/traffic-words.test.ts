import { describe, expect, test } from 'vitest';
import { milliseconds } from '../../../ops/console/pages/traffic/latency.ts';
import { readWholeNumber } from '../../../ops/console/pages/traffic/whole-number.ts';

describe('A number of orders', () => {
  test.each([
    [' 20 ', 20],
    ['1', 1],
    ['500', 500],
    ['', 'not-whole'],
    ['2.5', 'not-whole'],
    ['1e2', 'not-whole'],
    ['-3', 'not-whole'],
    ['0', 'too-small'],
    ['501', 'too-large'],
  ])('%o is read as %o', (typed, expected) => {
    expect(readWholeNumber(typed, { min: 1, max: 500 })).toBe(expected);
  });
});

test.each([
  [0, '0 ms'],
  [0.5, '0.5 ms'],
  [999, '999 ms'],
  [1_240, '1.2 s'],
  [131_400, '131 s'],
])('%d milliseconds are %s', (value, expected) => {
  expect(milliseconds(value, 'en')).toBe(expected);
});
