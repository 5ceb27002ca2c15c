import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const NOUNS =
  'problems|pieces|orders|messages|events|dead letters|receipts|records|texts|refunds|attempts|hops|probes|files|lines|rows|functions|stacks|processes|tries|receives|buyers|errors|cancellations|hours|days';
// A count in a template, and a noun that is right for every count but one. Capitals are constants, names are no counts, and what is one of several is never one.
const COUNTED = new RegExp(`(?<!of |All |all )\\$\\{(?!(?:[A-Z_]+|name|consumer)\\})[^{}\`]+\\} (?:${NOUNS})\\b`, 'g');

// Never one: days from two on, rates, the fixed scenarios and limits.
const NEVER_ONE = [
  '86_400)} days',
  '{Math.floor(hours / 24)} days',
  '{scenarios.length} orders',
  '{stacks.length} stacks',
  '{late.length} orders',
  '{maxLines} lines',
  '{amount(mean)} orders a second',
  '{amount(next.reachedAt.perDay)} orders a day',
  "{rate(rateIn(judge(LARGEST), 'consumer-concurrency'))} orders a second",
  '{UNATTENDED_HOURS / 24} days',
];

const sources = ['ops', 'lambdas', 'infra', 'localstack', 'contracts'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file)),
);

test('a count of one has its noun in the singular: `plural` of ops/format.ts makes it so', () => {
  const found = sources.flatMap((file) => {
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    return lines.flatMap((line, index) => {
      const isRight = line.includes('=== 1 ?') || NEVER_ONE.some((text) => line.includes(text));
      return isRight ? [] : (line.match(COUNTED) ?? []).map((match) => `${file}:${index + 1}: ${match}`);
    });
  });
  expect(found).toEqual([]);
});
