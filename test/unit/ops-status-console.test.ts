import { describe, expect, test } from 'vitest';
import { parseConsoleLine } from '../../ops/console/command.ts';

const commands = new Set(['status', 'trace', 'dlq', 'sandbox']);

describe('A line typed into the console', () => {
  test.each([
    ['', 'status'],
    ['  ', 'status'],
    ['status', 'status'],
    ['q', 'quit'],
    ['exit', 'quit'],
    ['dlq', { run: ['dlq', 'list'] }],
    [' dlq  show --consumer payment ', { run: ['dlq', 'show', '--consumer', 'payment'] }],
    ['sandbox payment up', { run: ['sandbox', 'payment', 'up'] }],
    ['o-1001', { run: ['trace', 'o-1001'] }],
    ['o-1001 --diagram', { run: ['trace', 'o-1001', '--diagram'] }],
  ])('%j asks for %j', (line, input) => {
    expect(parseConsoleLine(line, commands)).toEqual(input);
  });
});
