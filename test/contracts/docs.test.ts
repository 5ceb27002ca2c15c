import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { routing } from '../../infra/routing.ts';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'events.md'), 'utf8');

/** Lists the names of all members that a JSON Schema describes, at any depth. */
function membersOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const named = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return [...named, ...Object.values(schema).flatMap(membersOf)];
}

test.each(catalog.map(({ type }) => [type]))('docs/events.md describes %s', (type) => {
  expect(page).toContain(`\`${type}\``);
});

test.each(catalog.map(({ type }) => [type]))('docs/events.md names every member of %s', (type) => {
  const schema = JSON.parse(readFileSync(join(root, 'contracts', 'published', `${type}.json`), 'utf8'));
  const code = page.match(/`[^`]+`/g)?.join(' ') ?? '';
  const names = new Set(membersOf(schema));
  expect(names.size).toBeGreaterThan(4);
  expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
});

test.each(Object.entries(routing))('docs/events.md lists what %s handles', (name, { consumes }) => {
  const [row = ''] = page.split('\n').filter((line) => line.startsWith(`| ${name} | \`shop.`));
  expect(row.match(/shop\.[^`]+/g)?.toSorted()).toEqual(consumes.map(({ type }) => type).toSorted());
});
