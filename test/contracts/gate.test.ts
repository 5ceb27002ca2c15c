import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { parseEvent } from '../../contracts/parse.ts';
import {
  findBreakingChanges,
  formatBreakingChange,
  publishedSchemas,
  releasedSchemas,
} from '../../ops/contracts/generate.ts';

const changes = findBreakingChanges();

const types = new Set([...publishedSchemas(), ...releasedSchemas()].map(({ title }) => String(title)));

test('The events of this version are kept', () => {
  const root = join(import.meta.dirname, '..', '..');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const file = `contracts/released/${version}.json`;
  expect(existsSync(join(root, file)), `${file} is missing: npm run contracts -- --release`).toBe(true);
});

// JSON Schema cannot state every rule of the parser.
test.each(releasedSchemas())('A released sample of $title is still taken', ({ examples = [] }) => {
  expect(examples.length).toBeGreaterThan(0);
  for (const sample of examples) expect(parseEvent(JSON.stringify(sample), catalog)).toEqual(sample);
});

describe('A published event contract has no breaking change', () => {
  test.each([...types])('%s', (type) => {
    const found = changes.filter(({ event }) => event === type).map(formatBreakingChange);
    expect(
      found,
      `${found.join('\n')}\nLeave ${type} as it is and define the next version (docs/contracts.md)`,
    ).toEqual([]);
  });
});
