import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shellArgument } from '../../../ops/command.ts';
import { displayWidth } from '../../../ops/display-width.ts';
import { breakCommand } from '../../../ops/shell-words.ts';
import { wrapText } from '../../../ops/wrap.ts';

const wrap = (text: string, width: number) => wrapText(text, { width });
const ID = `gid://shopify/Order/5/${'8812'.repeat(30)}`;

describe('A line that is too wide', () => {
  test('is wrapped between words and continued with an indent', () => {
    expect(wrap('Orders wait for their payment, which is not there.', 30)).toBe(
      'Orders wait for their payment,\n  which is not there.',
    );
  });

  test('keeps its mark, its indent or its place in a tree', () => {
    expect(wrap('✗ one two three four', 12)).toBe('✗ one two\n  three four');
    expect(wrap('  one two three', 11)).toBe('  one two\n    three');
    expect(wrap('├─ one two three', 12)).toBe('├─ one two\n│  three');
    expect(wrap('│     one two three four', 20)).toBe('│     one two three\n│       four');
  });

  test('of one long word is split, and loses nothing', () => {
    const lines = wrap(`No order ${ID} is known.`, 40).split('\n');
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(40);
    expect(lines.map((line) => line.trim()).join('')).toContain(ID);
  });

  test('has its command in one piece', () => {
    expect(wrap('Twelve orders wait, so look at: npm run ops -- trace o-1001', 44)).toBe(
      'Twelve orders wait, so look at:\n  npm run ops -- trace o-1001',
    );
    expect(wrap('It has shipped (npm run ops -- trace o-1001), so no.', 32)).toBe(
      'It has shipped\n  (npm run ops -- trace o-1001),\n  so no.',
    );
    expect(wrap('An end: `npm run ops -- resume payment` ends it.', 38)).toBe(
      'An end:\n  `npm run ops -- resume payment` ends\n  it.',
    );
  });

  test('that fits, or has no limit, is left as it is', () => {
    expect(wrap('a   b', 40)).toBe('a   b');
    expect(wrap('a\t'.repeat(99), Number.POSITIVE_INFINITY)).toBe('a\t'.repeat(99));
  });
});

/** What a shell takes a command for. */
const wordsOf = (command: string): string[] =>
  execFileSync('sh', ['-c', command.replace('npm', "printf '%s\\n'")], { encoding: 'utf8' })
    .split('\n')
    .slice(0, -1);

test('A command that is broken is the same command to a shell, however long its words', () => {
  const word = fc.string({ unit: fc.constantFrom(...'ab\'" #$`\\주문/-&;('.split('')), maxLength: 90 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), fc.integer({ min: 40, max: 80 }), (words, width) => {
      const lines = breakCommand(`npm run ops -- ${words.map(shellArgument).join(' ')}`, width, '  ');
      expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(width);
      expect(wordsOf(lines.join('\n'))).toEqual(['run', 'ops', '--', ...words]);
    }),
    { numRuns: 60 },
  );
});
