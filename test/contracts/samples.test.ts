import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { parseEvent } from '../../contracts/parse.ts';

const folder = join(import.meta.dirname, 'samples');
const samples = readdirSync(folder).map((file) => ({ file, body: readFileSync(join(folder, file), 'utf8') }));

describe('Published event versions', () => {
  test.each(samples)('still parse the sample $file without loss', ({ body }) => {
    expect(parseEvent(body, catalog)).toEqual(JSON.parse(body));
  });

  test.each(catalog.map(({ type }) => type))('have a sample: %s', (type) => {
    const kept = samples.map(({ file }) => file);
    expect(kept, `Keep a sample of ${type} in test/contracts/samples/${type}.json before it is published`).toContain(
      `${type}.json`,
    );
  });

  test.each(samples)('have the right type in the sample $file', ({ file, body }) => {
    expect(`${JSON.parse(body).type}.json`).toBe(file);
  });

  test('are defined once', () => {
    const types = catalog.map(({ type }) => type);
    expect(new Set(types).size).toBe(types.length);
  });
});
