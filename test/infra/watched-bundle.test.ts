import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleFunctions } from '../../infra/bundle.ts';
import { functionEntries } from '../../infra/entries.ts';
import { loadSettings } from '../../infra/settings.ts';
import { bundleFunction } from '../../ops/up/watch-bundle.ts';

test('What `up --watch` puts into a function is what a deployment does, to the byte', async () => {
  const entries = functionEntries(loadSettings('local'));
  const codeOf = bundleFunctions(Object.keys(entries), entries);
  for (const [name, entry] of Object.entries(entries)) {
    const { path = '' } = codeOf(name) as { path?: string };
    const files = readdirSync(path).sort();
    const deployed = Object.fromEntries(files.map((file) => [file, readFileSync(join(path, file), 'utf8')]));
    expect(await bundleFunction(name, entry), name).toEqual(deployed);
  }
}, 120_000);
