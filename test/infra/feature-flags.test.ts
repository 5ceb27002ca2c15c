import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const read = (...path: string[]) => JSON.parse(readFileSync(join(root, ...path), 'utf8'));

test('cdk.json sets the feature flags that `cdk init` of the installed version sets', () => {
  // An upgrade that recommends another flag fails here: set it where the templates stay as they are, and say in the commit what it changes.
  expect(read('cdk.json').context).toEqual(
    read('node_modules', 'aws-cdk', 'lib', 'init-templates', '.recommended-feature-flags.json'),
  );
});
