import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { shippedCatalog } from '../../contracts/catalog.ts';
import { customCatalog } from '../../contracts/custom/catalog.ts';
import type { Route } from '../../infra/route.ts';
import { routing, shippedRoutes } from '../../infra/routing.ts';

const root = join(import.meta.dirname, '..', '..');
/** Reads the page on the shipped events, or, for what a shop adds, its own. */
const pageOf = (isShipped: boolean) => readFileSync(join(root, 'docs', isShipped ? 'events.md' : 'custom.md'), 'utf8');
const events = [
  ...shippedCatalog.map(({ type }) => ({ type, name: 'docs/events.md', page: pageOf(true) })),
  ...customCatalog.map(({ type }) => ({ type, name: 'docs/custom.md', page: pageOf(false) })),
];

/** Lists the names of all members that a JSON Schema describes, at any depth. */
function membersOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const named = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return [...named, ...Object.values(schema).flatMap(membersOf)];
}

test.each(events)('$name describes $type', ({ type, page }) => {
  expect(page).toContain(`\`${type}\``);
});

test.each(events)('$name names every member of $type', ({ type, page }) => {
  const schema = JSON.parse(readFileSync(join(root, 'contracts', 'published', `${type}.json`), 'utf8'));
  const code = page.match(/`[^`]+`/g)?.join(' ') ?? '';
  const names = new Set(membersOf(schema));
  expect(names.size).toBeGreaterThan(4);
  expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
});

test.each(Object.entries<Route>(routing))('The docs list what %s handles', (name, { consumes }) => {
  const page = pageOf(name in shippedRoutes);
  const [row = ''] = page.split('\n').filter((line) => line.startsWith(`| ${name} | \`shop.`));
  expect(
    row
      .split('|')[2]
      ?.match(/shop\.[^`]+/g)
      ?.toSorted(),
  ).toEqual(consumes.map(({ type }) => type).toSorted());
});
