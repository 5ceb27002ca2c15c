import { globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { expect, test } from 'vitest';
import config from '../../vitest.config.ts';

const root = join(import.meta.dirname, '..', '..');
const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const projectsOf = (script: string) =>
  [...(scripts[script] ?? '').matchAll(/--project (\S+)/g)].map(([, name = '']) => name);
const projects = (config.test?.projects ?? []).flatMap((project) =>
  typeof project === 'object' && 'test' in project ? [project.test ?? {}] : [],
);
const named = new Map(projects.map(({ name, include = [] }) => [String(name), include]));

test.each(['test', 'test:quick', 'test:faults', 'test:partners', 'test:ministack', 'test:localstack'])(
  '`npm run %s` names projects of vitest.config.ts',
  (script) => {
    expect(projectsOf(script)).not.toEqual([]);
    expect([...named.keys()]).toEqual(expect.arrayContaining(projectsOf(script)));
  },
);

test('every test file is run by a command that CI runs', () => {
  const patterns = ['test', 'test:faults', 'test:partners']
    .flatMap(projectsOf)
    .flatMap((name) => named.get(name) ?? []);
  const files = globSync('test/**/*.test.ts', { cwd: root });
  expect(files.length).toBeGreaterThan(200);
  const forgotten = files.filter(
    (file) => ![...patterns, 'test/upgrade/*.test.ts'].some((one) => matchesGlob(file, one)),
  );
  expect(forgotten).toEqual([]);
});
