import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPage, repository } from '../../builders/markdown-page.ts';

const { codeBlocks } = readPage('docs/adding-a-consumer.md');

/** Reads a file of the worked example as it is where the page puts it. */
const placed = (path: string, [from, to]: readonly [string, string]) =>
  readFileSync(join(repository, path), 'utf8').trimEnd().replaceAll(from, to);

const ofLambda = ["'../../lambdas/runtime/", "'../runtime/"] as const;

test.each([
  ['examples/loyalty/rules.ts', ofLambda],
  ['examples/loyalty/handler.ts', ofLambda],
] as const)('docs/adding-a-consumer.md shows %s as it is', (path, imports) => {
  expect(codeBlocks).toContain(`ts\n${placed(path, imports)}`);
});

test('docs/adding-a-consumer.md shows the test of the rules as it is', () => {
  const shown = placed('test/unit/loyalty-example-rules.test.ts', ["'../builders/", "'../../builders/"]);
  expect(codeBlocks).toContain(`ts\n${shown.replace("'../../examples/", "'../../../lambdas/")}`);
});
