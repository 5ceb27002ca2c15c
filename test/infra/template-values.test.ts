import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { leavesOf, templateOf, variants } from '../builders/variants.ts';

const root = join(import.meta.dirname, '..', '..');

describe.each(Object.entries(variants))('The template of %s', (_, settings) => {
  const leaves = leavesOf(templateOf(settings));

  test('has no empty text where AWS wants a value or none', () => {
    // The separator of a join is a text, and may be empty.
    const isSeparator = (path: readonly string[]) => path.at(-2) === 'Fn::Join' && path.at(-1) === '0';
    const empty = leaves.filter(({ path, leaf }) => leaf === '' && !isSeparator(path));
    expect(empty.map(({ path }) => path.join('.'))).toEqual([]);
  });

  test('names no partition, so that it can be deployed in China too', () => {
    const named = leaves.filter(({ leaf }) => typeof leaf === 'string' && leaf.includes('arn:aws'));
    expect(named.map(({ path }) => path.join('.'))).toEqual([]);
  });
});

test('No source of the infrastructure names a partition', () => {
  const sources = readdirSync(join(root, 'infra'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join('infra', file));
  // A pattern such as `arn:aws[a-z-]*:` names them all.
  const named = [...sources, '.github/deploy-roles.yaml'].filter((file) =>
    readFileSync(join(root, file), 'utf8').includes('arn:aws:'),
  );
  expect(named).toEqual([]);
});
