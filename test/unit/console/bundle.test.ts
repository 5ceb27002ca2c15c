import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bundlePage } from '../../../ops/console/server/bundle.ts';

const BUDGET_BYTES = 120_000;

test('the script and the style of the console stay under 120 kB, compressed', async () => {
  const { script, style } = await bundlePage();
  expect(style).not.toBe('');
  expect(gzipSync(script).length + gzipSync(style).length).toBeLessThan(BUDGET_BYTES);
});
