import fc from 'fast-check';
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, test } from 'vitest';
import { quietUntil } from '../../../lambdas/notification/quiet-hours.ts';
import { timeZonesOf } from '../../../lambdas/notification/time-zones.ts';

const NIGHT = { from: 21, to: 8 };
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const QUARTER_MS = 15 * MINUTE_MS;
const AMERICAN = '+12025550123';
const until = (phone: string, now: string, hours = NIGHT) => quietUntil(phone, new Date(now), hours)?.toISOString();

const formats = new Map<string, Intl.DateTimeFormat>();

/** Returns the wall clock of a zone, such as `21:05`. */
function wallClock(time: Date, timeZone: string): string {
  const format =
    formats.get(timeZone) ?? new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'short', hourCycle: 'h23' });
  formats.set(timeZone, format);
  return format.format(time);
}

/** Returns the wall clocks that show a quiet hour, of all zones that a number may be in. */
function quietClocks(phone: string, time: Date, { from, to }: typeof NIGHT): string[] {
  const clocks = new Set(timeZonesOf(phone).map((zone) => wallClock(time, zone)));
  return [...clocks].filter((clock) => {
    const hour = Number(clock.slice(0, 2));
    return from < to ? from <= hour && hour < to : hour >= from || hour < to;
  });
}

const plus = (time: Date, ms: number) => new Date(time.getTime() + ms);
const times = fc.date({ min: new Date('2026-01-01'), max: new Date('2028-01-01'), noInvalidDate: true });
// As the setting allows them.
const hours = fc
  .record({ from: fc.integer({ min: 0, max: 23 }), length: fc.integer({ min: 1, max: 12 }) })
  .map(({ from, length }) => ({ from, to: (from + length) % 24 }));
// One of each country, and numbers of no country, of any that shares `+1`, and for fiction.
const phones = fc.constantFrom(
  ...getCountries().map((country) => getExampleNumber(country, examples)?.number ?? ''),
  ...['+881612345678', '+15005550123', '+447700900123'],
);

describe('Quiet hours', () => {
  test.each([
    ['Seoul, at 22:30', '+821012345678', '2026-11-21T13:30:00Z', '2026-11-21T23:00:00.000Z'],
    ['Seoul, at 07:59', '+821012345678', '2026-11-21T22:59:30Z', '2026-11-21T23:00:00.000Z'],
    ['London in summer, at 21:00', '+447700900123', '2026-07-01T20:00:00Z', '2026-07-02T07:00:00.000Z'],
    // The clocks go back in this night, so 08:00 is an hour later.
    ['London, the longest night', '+447700900123', '2026-10-24T21:00:00Z', '2026-10-25T08:00:00.000Z'],
    // They go forward.
    ['London, the shortest night', '+447700900123', '2026-03-28T22:00:00Z', '2026-03-29T07:00:00.000Z'],
    ['a number of no country, by UTC', '+881612345678', '2026-11-21T23:00:00Z', '2026-11-22T08:00:00.000Z'],
    ['Peru', '+51912345678', '2026-11-21T02:30:00Z', '2026-11-21T13:00:00.000Z'],
    ['Nepal, at 07:30', '+9779841234567', '2026-11-21T01:45:00Z', '2026-11-21T02:15:00.000Z'],
    // 09:00 in São Paulo is 07:00 in Acre.
    ['Acre', '+5568912345678', '2026-11-21T12:00:00Z', '2026-11-21T13:00:00.000Z'],
    // 08:30 in Lisbon and in Madrid's summer is an hour less on their islands.
    ['the Azores', '+351912345678', '2026-11-21T08:30:00Z', '2026-11-21T09:00:00.000Z'],
    ['the Canaries', '+34612345678', '2026-07-01T06:30:00Z', '2026-07-01T07:00:00.000Z'],
    // 22:00 in New York; at 18:00 UTC it is day in Hawaii too.
    ['the United States', '+12025550123', '2026-11-22T03:00:00Z', '2026-11-22T18:00:00.000Z'],
    // 08:00 in Kaliningrad is 18:00 in Kamchatka.
    ['Russia', '+79161234567', '2026-11-21T12:00:00Z', '2026-11-22T06:00:00.000Z'],
    // 08:00 in Guam is 17:00 of the day before in New York.
    ['any country of +1', '+15005550123', '2026-11-21T12:00:00Z', '2026-11-21T22:00:00.000Z'],
  ])('end when it is day in every zone the number may be in: %s', (_, phone, now, end) => {
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

  test('end, in any country at any time, when it is day in every zone, and no sooner and no later', () => {
    fc.assert(
      fc.property(phones, times, hours, (phone, now, quiet) => {
        const end = quietUntil(phone, now, quiet) ?? now;
        expect(end.getTime() - now.getTime()).toBeLessThan(36 * HOUR_MS);
        expect(quietClocks(phone, end, quiet)).toEqual([]);
        for (let time = now; time < end; time = plus(time, QUARTER_MS))
          expect(quietClocks(phone, time, quiet)).not.toEqual([]);
        if (end > now) expect(quietClocks(phone, plus(end, -1), quiet)).not.toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('end at the same minute whenever it is asked, and are not followed by others', () => {
    fc.assert(
      fc.property(phones, times, fc.double({ min: 0, max: 0.999, noNaN: true }), (phone, now, part) => {
        const end = quietUntil(phone, now, NIGHT);
        if (end === undefined) return;
        const later = plus(now, (end.getTime() - now.getTime()) * part);
        expect(quietUntil(phone, later, NIGHT)).toEqual(end);
        expect(quietUntil(phone, end, NIGHT)).toBeUndefined();
      }),
    );
  });
});

// Longer than the setting allows: with those, each country has an hour that is day everywhere.
describe('Quiet hours that leave no hour that is day in every zone', () => {
  test('end when it is night in the fewest', () => {
    // 11:00 in New York and 08:00 in Los Angeles, with Chicago and Denver in between; 07:00 in Alaska, 06:00 in Hawaii.
    const end = until(AMERICAN, '2026-11-21T12:00:00Z', { from: 12, to: 8 });
    expect(end).toBe('2026-11-21T16:00:00.000Z');
    expect(quietClocks(AMERICAN, new Date(end ?? ''), { from: 12, to: 8 })).toEqual(['06:00', '07:00']);
    expect(until(AMERICAN, '2026-11-21T16:00:00Z', { from: 12, to: 8 })).toBeUndefined();
    expect(until(AMERICAN, '2026-11-21T15:59:00Z', { from: 12, to: 8 })).toBe('2026-11-21T16:00:00.000Z');
  });

  test('make no text wait for more than two days, or more than twice where clocks change', () => {
    const nights = fc
      .record({ from: fc.integer({ min: 0, max: 23 }), length: fc.integer({ min: 13, max: 24 }) })
      .map(({ from, length }) => ({ from, to: (from + length) % 24 }));
    fc.assert(
      fc.property(phones, times, nights, (phone, now, quiet) => {
        let [waits, time] = [0, now];
        for (let end = quietUntil(phone, time, quiet); end !== undefined; end = quietUntil(phone, time, quiet)) {
          expect(end.getTime() - time.getTime()).toBeLessThanOrEqual(48 * HOUR_MS);
          time = end;
          waits += 1;
          expect(waits).toBeLessThanOrEqual(2);
        }
      }),
    );
  });
});
