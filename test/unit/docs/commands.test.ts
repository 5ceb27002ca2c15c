import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { program } from '../../../ops/main.ts';
import { readPage, repository } from '../../builders/markdown-page.ts';

const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { scripts: object };
const { codeSpans, codeBlocks } = readPage('docs/commands.md');
const words = new Set([...codeSpans, ...codeBlocks].flatMap((code) => code.split(/[\s|,\\]+/)));

const names = program.commands.flatMap((command) => {
  const inner = command.commands.map((each) => `${command.name()} ${each.name()}`);
  return inner.length === 0 ? [command.name()] : inner;
});

test('there are commands', () => {
  expect(names).toEqual(expect.arrayContaining(['status', 'dlq redrive']));
});

test.each(names)('docs/commands.md names `ops %s`', (name) => {
  expect(name.split(' ').filter((word) => !words.has(word))).toEqual([]);
});

// npm runs this one itself.
const asked = Object.keys(scripts).filter((name) => name !== 'prepack');
test.each(asked)('docs/commands.md names the script `%s`', (name) => {
  const command = ['start', 'test'].includes(name) ? `npm ${name}` : `npm run ${name}`;
  expect(codeSpans.some((code) => code === command || code.startsWith(`${command} `))).toBe(true);
});
