import { describe, expect, test } from 'vitest';
import { fill } from '../../../ops/console/parts/language.ts';

describe('A text with values', () => {
  test.each([
    ['{n|letter|letters} put back', { n: 1 }, '1 letter put back'],
    ['{n|letter|letters} put back', { n: 1_234 }, '1,234 letters put back'],
    ['{done} of {total}', { done: 3, total: 10 }, '3 of 10'],
    ['to {name}', { name: 'payment' }, 'to payment'],
    ['{unknown} stays', {}, '{unknown} stays'],
  ])('%j becomes a sentence', (text, values, sentence) => {
    expect(fill(text, values, 'en')).toBe(sentence);
  });
});
