import { expect, test } from 'vitest';
import { parseTime } from '../../../ops/replay/command.ts';

const now = new Date('2026-11-21T09:00:00Z');

test.each([
  ['now', '2026-11-21T09:00:00.000Z'],
  ['90m', '2026-11-21T07:30:00.000Z'],
  ['2h', '2026-11-21T07:00:00.000Z'],
  ['7d', '2026-11-14T09:00:00.000Z'],
  ['2026-11-20', '2026-11-20T00:00:00.000Z'],
  ['2026-11-20T10:00+09:00', '2026-11-20T01:00:00.000Z'],
  ['2026-11-20T10:00:00.5Z', '2026-11-20T10:00:00.500Z'],
])('%s is %s', (text, time) => {
  expect(parseTime(text, now).toISOString()).toBe(time);
});

test.each(['yesterday', '', '2h30m', '2026-11-20T10:00', '2026-13-01', '-1h', '1763712000'])(
  '"%s" is not a time',
  (text) => {
    expect(() => parseTime(text, now)).toThrow('is not a time: write');
  },
);
