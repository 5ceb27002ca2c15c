import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'events.md'), 'utf8');

test.each(catalog.map(({ type }) => [type]))('docs/events.md describes %s', (type) => {
  expect(page).toContain(`\`${type}\``);
});
