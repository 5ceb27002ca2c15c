import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quietUntil } from '../../../lambdas/notification/quiet-hours.ts';

const NIGHT = { from: 21, to: 8 };
const until = (phone: string, now: string, hours = NIGHT) => quietUntil(phone, new Date(now), hours)?.toISOString();

describe('Quiet hours', () => {
  test.each([
    ['Seoul, at 22:30', '+821012345678', '2026-11-21T13:30:00Z', '2026-11-21T23:00:00.000Z'],
    ['Seoul, at 07:59', '+821012345678', '2026-11-21T22:59:30Z', '2026-11-21T23:00:00.000Z'],
    ['London in summer, at 21:00', '+447700900123', '2026-07-01T20:00:00Z', '2026-07-02T07:00:00.000Z'],
    // The clocks go back in this night, so 08:00 is an hour later.
    ['London, the longest night', '+447700900123', '2026-10-24T21:00:00Z', '2026-10-25T08:00:00.000Z'],
    ['an unknown country, by UTC', '+26771123456', '2026-11-21T23:00:00Z', '2026-11-22T08:00:00.000Z'],
    // 22:00 in Newfoundland; at 18:00 UTC it is day in Hawaii too.
    [
      'a country of many time zones, when it is day in all of them',
      '+12025550123',
      '2026-11-22T01:30:00Z',
      '2026-11-22T18:00:00.000Z',
    ],
  ])('end in the morning: %s', (_, phone, now, end) => {
    expect(until(phone, now)).toBe(end);
  });

  test.each([
    ['+821012345678', '2026-11-21T00:00:00Z'],
    ['+821012345678', '2026-11-21T11:59:00Z'],
    ['+12025550123', '2026-11-21T19:00:00Z'],
  ])('do not apply at daytime: %s %s', (phone, now) => {
    expect(until(phone, now)).toBeUndefined();
  });

  test('may be within a day', () => {
    expect(until('+821012345678', '2026-11-21T04:30:00Z', { from: 12, to: 15 })).toBe('2026-11-21T06:00:00.000Z');
    expect(until('+821012345678', '2026-11-21T06:00:00Z', { from: 12, to: 15 })).toBeUndefined();
  });

  test('are not followed by quiet hours when they end, in any country at any time', () => {
    const hours = fc
      .record({ from: fc.integer({ min: 0, max: 23 }), length: fc.integer({ min: 1, max: 12 }) })
      .map(({ from, length }) => ({ from, to: (from + length) % 24 }));
    const times = fc.date({ min: new Date('2026-01-01'), max: new Date('2028-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(fc.constantFrom('+82', '+44', '+1', '+7', '+61', '+999'), times, hours, (country, now, quiet) => {
        const end = quietUntil(`${country}2025550123`, now, quiet);
        if (end === undefined) return;
        expect(end.getTime()).toBeGreaterThan(now.getTime());
        expect(end.getTime() - now.getTime()).toBeLessThan(36 * 3_600_000);
        expect(quietUntil(`${country}2025550123`, end, quiet)).toBeUndefined();
      }),
    );
  });
});
