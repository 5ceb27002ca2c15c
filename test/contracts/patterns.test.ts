import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { findPython } from '../../localstack/python.ts';
import { published } from '../builders/published-schemas.ts';
import { publishers } from '../deployed/toolchains.ts';

const run = promisify(execFile);
const programs = join(import.meta.dirname, 'models');

const patterns = new Set<string>();
JSON.stringify([...published.values()], (key, value) => {
  if (key === 'pattern') patterns.add(value);
  return value;
});

// None ends with a line break: in Python and Java, `$` also matches before that.
const TEXTS = [
  ...[
    '#1029',
    'gid://shopify/Order/5',
    '-NabcDEF123456789',
    'R[1]',
    'a^b',
    'a\\b',
    'a`b',
    "o'1",
    'a b',
    '',
    'KRW',
    'krw',
  ],
  ...[
    '의자 01',
    'A/B+c',
    '😀',
    '😀'.repeat(100),
    '😀'.repeat(101),
    ' a',
    'a ',
    '\u00a0a',
    'a\u3000',
    '\ufeffa',
    '\u2028a',
  ],
  ...['\u200aa', '“a”', 'a\u0085b', 'a\u0007', 'é'.repeat(64), 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(20)],
  ...['application/json', 'application/vnd.a+JSON; charset=utf-8', 'text/plain', 'application/json;'],
  ...['2026-11-26T09:00:00Z', '2026-11-26t09:00:00.123456789+09:00', '2026-11-26 09:00:00Z', '٢٠٢٦-11-26T09:00:00Z'],
];

const cases = [...patterns].map((pattern) => [pattern, TEXTS] as const);
const expected = cases.map(([pattern, texts]) => texts.map((text) => new RegExp(pattern, 'u').test(text)));
const input = JSON.stringify(cases);

describe('Every pattern in the published schemas matches the same texts as in JavaScript', () => {
  test('in Python', async () => {
    const { python } = await findPython({
      label: 'Python 3.10 or newer',
      isSupported: (major, minor) => major === 3 && minor >= 10,
      uvRequest: '3.13',
    });
    const output = execFileSync(python, [join(programs, 'patterns.py')], { input, encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual(expected);
  }, 60_000);

  test('in Go', { timeout: 120_000 }, async ({ skip }) => {
    const missing = await publishers.Go.missing();
    if (missing !== undefined) return skip(missing);
    const env = { ...process.env, GOTOOLCHAIN: 'local' };
    const output = execFileSync('go', ['run', join(programs, 'patterns.go')], { input, encoding: 'utf8', env });
    expect(JSON.parse(output)).toEqual(expected);
  });

  test('in Java', { timeout: 120_000 }, async ({ skip }) => {
    const missing = await publishers.Java.missing();
    if (missing !== undefined) return skip(missing);
    const encode = (text: string) => `b${Buffer.from(text).toString('base64')}`;
    const args = cases.flatMap(([pattern, texts]) => [encode(pattern), ...texts.map(encode), '-']);
    const { stdout } = await run('java', [join(programs, 'Patterns.java'), ...args]);
    expect(JSON.parse(stdout)).toEqual(expected);
  });
});
