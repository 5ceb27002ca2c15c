import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { parseEvent } from '../../contracts/parse.ts';

const folder = join(import.meta.dirname, 'samples');
const samples = readdirSync(folder).map((file) => ({ file, body: readFileSync(join(folder, file), 'utf8') }));

describe('A published version never changes', () => {
  test.each(samples)('the kept $file still parses, and nothing of it is lost', ({ body }) => {
    expect(parseEvent(body, catalog)).toEqual(JSON.parse(body));
  });

  test.each(catalog.map(({ type }) => type))('%s has a kept sample', (type) => {
    const kept = samples.map(({ file }) => file);
    expect(kept, `Keep a sample of ${type} in test/contracts/samples/${type}.json before it is published`).toContain(
      `${type}.json`,
    );
  });

  test.each(samples)('$file is a sample of what its name says', ({ file, body }) => {
    expect(`${JSON.parse(body).type}.json`).toBe(file);
  });

  test('no type is defined twice', () => {
    const types = catalog.map(({ type }) => type);
    expect(new Set(types).size).toBe(types.length);
  });
});
