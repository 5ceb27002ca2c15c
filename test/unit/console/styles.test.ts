import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const pages = join(import.meta.dirname, '..', '..', '..', 'ops', 'console', 'pages');

/** The classes with which the selectors of a page begin. */
function firstClasses(file: string): string[] {
  const css = readFileSync(join(pages, file), 'utf8').replaceAll(/\/\*.*?\*\//gs, '');
  const selectors = [...css.matchAll(/([^{};]+)\{/g)].flatMap(([, list = '']) => list.split(','));
  return [...new Set(selectors.flatMap((selector) => /^\s*\.([\w-]+)/.exec(selector)?.[1] ?? []))];
}

it('no page of the console has a style that changes another page', () => {
  const owners = new Map<string, string[]>();
  for (const file of globSync('*/*.css', { cwd: pages })) {
    for (const name of firstClasses(file)) owners.set(name, [...(owners.get(name) ?? []), file]);
  }
  expect(owners.size).toBeGreaterThan(50);
  expect([...owners].filter(([, files]) => files.length > 1)).toEqual([]);
});
