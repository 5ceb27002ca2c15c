import { describe, expect, test } from 'vitest';
import { addEntry, addImport } from '../../../ops/new/source-edits.ts';

const at = (variable: string) => ({ path: 'infra/custom/x.ts', variable });

describe('An entry', () => {
  test.each([
    ['export const all = [];', 'export const all = [one];'],
    ['export const all = [zero];', 'export const all = [zero, one];'],
    ['export const all = [\n  zero,\n];', 'export const all = [\n  zero, one,\n];'],
    [
      "export const all = ['a'] as const satisfies readonly string[];",
      "export const all = ['a', one] as const satisfies readonly string[];",
    ],
    [
      'const other = [];\nexport const all: readonly X[] = [];',
      'const other = [];\nexport const all: readonly X[] = [one];',
    ],
    [
      'export const all = {} as const satisfies Record<string, X>;',
      'export const all = {one} as const satisfies Record<string, X>;',
    ],
    ['export const all = { zero: { a: [1] } };', 'export const all = { zero: { a: [1] }, one };'],
  ])('is added at the end: %s', (source, expected) => {
    expect(addEntry(source, 'one', at('all'))).toBe(expected);
  });

  test('is refused where the file has no such list', () => {
    expect(() => addEntry('export const all = make();', 'one', at('all'))).toThrow(
      'infra/custom/x.ts has no list or object all to add to: put it back as it was shipped.',
    );
  });
});

describe('An import', () => {
  test.each([
    ['', "import { one } from './a.ts';\n"],
    ["import { zero } from './a.ts';\n", "import { zero, one } from './a.ts';\n"],
    ["import { one } from './a.ts';\n", "import { one } from './a.ts';\n"],
    ["import type { Zero } from './a.ts';\n", "import { type Zero, one } from './a.ts';\n"],
    ["import { one } from './b.ts';\n", "import { one } from './a.ts';\nimport { one } from './b.ts';\n"],
  ])('is added once: %j', (source, expected) => {
    expect(addImport(source, 'one', './a.ts')).toBe(expected);
  });
});
