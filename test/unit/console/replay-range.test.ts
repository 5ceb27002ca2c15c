import { describe, expect, test } from 'vitest';
import { localField, presetRange, readRange } from '../../../ops/console/pages/replay/range.ts';

const now = new Date(2026, 10, 27, 9, 5, 7);

describe('The range of a replay', () => {
  test('of the last hour begins an hour ago and ends with whenever it is read', () => {
    const fields = presetRange('hour', now);

    expect(fields).toEqual({ from: '2026-11-27T08:05:07', until: '' });
    const later = new Date(now.getTime() + 60_000);
    expect(readRange(fields, later)).toEqual({
      from: new Date(2026, 10, 27, 8, 5, 7).toISOString(),
      until: later.toISOString(),
    });
  });

  test('of the last day crosses midnight', () => {
    expect(presetRange('day', now).from).toBe('2026-11-26T09:05:07');
  });

  test('comes back from its field as the moment that it was', () => {
    expect(new Date(localField(now))).toEqual(now);
  });

  test.each([
    [
      { from: '', until: '' },
      { field: 'from', problem: 'missing' },
    ],
    [
      { from: 'yesterday', until: '' },
      { field: 'from', problem: 'not-a-time' },
    ],
    [
      { from: '2026-11-27T08:00', until: 'now' },
      { field: 'until', problem: 'not-a-time' },
    ],
    [
      { from: '2026-11-27T10:00', until: '2026-11-27T11:00' },
      { field: 'from', problem: 'future' },
    ],
    [
      { from: '2026-11-27T10:00', until: '' },
      { field: 'from', problem: 'future' },
    ],
    [
      { from: '2026-11-27T08:00', until: '2026-11-27T08:00' },
      { field: 'until', problem: 'not-after' },
    ],
  ])('%o is refused at its field', (fields, problem) => {
    expect(readRange(fields, now)).toEqual(problem);
  });
});
