import '../../builders/fixed-seed.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyEdit } from '../../../ops/dlq/apply-edit.ts';
import { joinTokens, layOut, memberRange, tokenize } from '../../../ops/dlq/json-text.ts';
import { matchSequences } from '../../../ops/dlq/match-sequences.ts';
import { jsonTexts } from '../../builders/json-texts.ts';

const anyText = fc.string({ unit: fc.constantFrom(...'\0\t\n\r "\\/{}[],:a1-.\uFEFF\u00a0의🪑', '\ud800') });
const spaces = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 });
const withSpace = fc.tuple(fc.constantFrom('', '\uFEFF'), spaces, jsonTexts, spaces).map((parts) => parts.join(''));

describe('A text as tokens', () => {
  test('keeps every character, whether it is JSON or not', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          withSpace,
          anyText,
          jsonTexts.map((text) => text.slice(0, -1)),
        ),
        (text) => {
          expect(joinTokens(tokenize(text))).toBe(text);
        },
      ),
    );
    for (const text of ['"\\', '"', '"a\\"', `"${'x'.repeat(1_048_000)}"`, '['.repeat(50_000)]) {
      expect(joinTokens(tokenize(text)) === text).toBe(true);
    }
  });

  test('has the last member of a name, which is the one that a parser reads', () => {
    const { tokens } = tokenize('\uFEFF{"a":[1],"\\u0061": {"b":[2,{}]} ,"c":0}');
    const { start = 0, end = 0 } = memberRange(tokens, 'a') ?? {};
    expect(joinTokens({ tokens: tokens.slice(start, end), end: '' }).trim()).toBe('{"b":[2,{}]}');
    expect(memberRange(tokens, 'b')).toBeUndefined();
    expect(memberRange(tokenize('{}').tokens, 'b')).toBeUndefined();
  });
});

describe('Laying out JSON', () => {
  test('is what a serializer does, for what a serializer wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(layOut(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
      }),
    );
  });

  test.each(['{"a":9007199254740993}', '{"a":1.0,"b":1e2,"c":-0}', '{"a":1,"a":2}', '{"2":0,"1":0}', '"\\u0041\\/"'])(
    'changes no spelling, number, sequence or repeated name: %s',
    (text) => expect(layOut(text).replaceAll(/\s/g, '')).toBe(text),
  );

  test('leaves what is no JSON, or nested more than 100 levels deep, as it is', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    for (const text of ['no JSON  ', '{"a":1', nested(101), nested(20_000)]) expect(layOut(text) === text).toBe(true);
    expect(layOut(nested(100))).not.toBe(nested(100));
  });
});

describe('An edit', () => {
  test('that changes nothing is none', () => {
    fc.assert(
      fc.property(withSpace, (text) => {
        expect(applyEdit(text, layOut(text))).toBeUndefined();
        expect(applyEdit(text, `${layOut(text)}\n`)).toBeUndefined();
      }),
    );
    expect(applyEdit('no JSON  ', 'no JSON  ')).toBeUndefined();
  });

  test('of one value changes that value, and no other byte', () => {
    fc.assert(
      fc.property(withSpace, fc.nat(), fc.constantFrom('"edited"', '4711', '[]', '{"new": 1}'), (text, at, value) => {
        const { tokens, end } = tokenize(text);
        const index = at % tokens.length;
        const isValue = /^[^{}[\],:\uFEFF]/.test(tokens[index]?.text ?? '') && tokens[index + 1]?.text !== ':';
        fc.pre(isValue && tokens[index]?.text !== value);
        const replaced = (all: typeof tokens, by: string) =>
          all.with(index, { space: all[index]?.space ?? '', text: by });
        const laidOut = tokenize(layOut(text));
        const edited = joinTokens({ tokens: replaced(laidOut.tokens, value), end: laidOut.end });
        const inserted = tokenize(value)
          .tokens.map((token) => token.text)
          .join('');
        const lines = tokens.some(({ space }) => space.includes('\n'));
        expect(applyEdit(text, edited)).toBe(joinTokens({ tokens: replaced(tokens, lines ? value : inserted), end }));
      }),
      { numRuns: 500 },
    );
  });

  test('at several places leaves what is between them as it was', () => {
    const original = ' {"id":9007199254740993, "a":1.0,\t"a":[ 12001,12001 ],"b":"x"}  ';
    const edited = layOut(original).replaceAll('12001', '12000').replace('"x"', '"x",\n  "c": true');
    expect(applyEdit(original, edited)).toBe(
      ' {"id":9007199254740993, "a":1.0,\t"a":[ 12000,12000 ],"b":"x","c":true}  ',
    );
    expect(applyEdit(original, layOut(original).replace('  "id": 9007199254740993,\n', ''))).toBe(
      ' { "a":1.0,\t"a":[ 12001,12001 ],"b":"x"}  ',
    );
  });

  test('keeps a byte-order mark unless that is what was removed', () => {
    expect(applyEdit('\uFEFF{"a":1} ', '\uFEFF{\n  "a": 2\n}')).toBe('\uFEFF{"a":2} ');
    expect(applyEdit('\uFEFF{"a":1}', '{\n  "a": 1\n}')).toBe('{"a":1}');
  });

  test('is sent as it was written where the body is no JSON, and keeps every token where it breaks JSON', () => {
    expect(applyEdit('quantity=0 ', 'quantity=1 ')).toBe('quantity=1 ');
    expect(applyEdit('{"a":1,"b":2}', '{\n  "a" 7 8,\n  "b": 2\n}')).toBe('{"a"7 8,"b":2}');
  });

  test('of every line of a large body is quick, and exact', () => {
    const lines = Array.from({ length: 5_000 }, (_, index) => `{"sku":"S-${index}", "quantity":${index % 7}}`);
    const original = `[${lines.join(',')}]`;
    const edited = layOut(original).replaceAll('"quantity": 3', '"quantity": 4');
    expect(applyEdit(original, edited) === original.replaceAll('"quantity":3', '"quantity":4')).toBe(true);
  });
});

test('Matched sequences have as few differences as can be', () => {
  const items = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
  fc.assert(
    fc.property(items, items, (before, after) => {
      const matches = matchSequences(before, after);
      const matched = matches.filter((index) => index !== -1);
      expect(matched).toEqual([...new Set(matched)].sort((one, other) => one - other));
      const isCounterpart = (index: number, position: number) => index === -1 || before[index] === after[position];
      expect(matches.every(isCounterpart)).toBe(true);
      expect(matched.length).toBe(longestCommon(before, after));
    }),
  );
});

/** The length of the longest common subsequence, by the textbook's recursion. */
function longestCommon(one: readonly string[], other: readonly string[]): number {
  let row = new Array<number>(other.length + 1).fill(0);
  for (const item of one) {
    const next = [0];
    other.forEach((candidate, index) => {
      next.push(candidate === item ? (row[index] ?? 0) + 1 : Math.max(next[index] ?? 0, row[index + 1] ?? 0));
    });
    row = next;
  }
  return row.at(-1) ?? 0;
}
