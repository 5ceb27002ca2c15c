import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalizeTime, RFC_3339_PATTERN } from '../../contracts/time.ts';

const two = (value: number) => String(value).padStart(2, '0');
const upper = fc.boolean();
// A day inside years 1 to 9999, so that no offset leads out of them.
const instants = fc.date({
  min: new Date('0001-01-02T00:00:00Z'),
  max: new Date('9999-12-30T00:00:00Z'),
  noInvalidDate: true,
});

/** Writes an instant as a publisher in a time zone would, with more digits and in lower case where asked. */
function write(instant: Date, offsetMinutes: number, digits: string, isUpper: boolean): string {
  const local = new Date(instant.getTime() + offsetMinutes * 60_000).toISOString();
  const [hours, minutes] = [Math.floor(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60];
  const zone = offsetMinutes === 0 ? 'Z' : `${offsetMinutes < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`;
  const text = `${local.slice(0, -1)}${digits}${zone}`;
  return isUpper ? text : text.toLowerCase();
}

describe('A time', () => {
  test('of any zone, case and precision is the same instant in UTC, with at most three decimals', () => {
    const offsets = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });
    fc.assert(
      fc.property(instants, offsets, fc.stringMatching(/^\d{0,9}$/), upper, (instant, offset, digits, isUpper) => {
        const normalized = normalizeTime(write(instant, offset, digits, isUpper));
        expect(normalized).toBe(instant.toISOString().replace('.000Z', 'Z'));
      }),
      { numRuns: 1_000 },
    );
  });

  test('that is normalized stays as it is', () => {
    fc.assert(
      fc.property(instants, (instant) => {
        const normalized = normalizeTime(instant.toISOString()) ?? '';
        expect(normalizeTime(normalized)).toBe(normalized);
      }),
      { numRuns: 500 },
    );
  });

  test('of any numbers is taken exactly where the calendar and the clock have it', () => {
    const numbers = fc.tuple(
      fc.constantFrom(0, 1, 1900, 2000, 2024, 2026, 9999),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 32 }),
      fc.integer({ min: 0, max: 25 }),
      fc.integer({ min: 0, max: 61 }),
      fc.integer({ min: 0, max: 59 }),
    );
    fc.assert(
      fc.property(numbers, ([year, month, day, hour, minute, second]) => {
        const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
        const days = [0, 31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0][month] ?? 0;
        const exists = year > 0 && day > 0 && day <= days && hour < 24 && minute < 60;
        const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}Z`;
        expect(normalizeTime(text)).toBe(exists ? text : undefined);
      }),
      { numRuns: 5_000 },
    );
  });

  test('is read only from what RFC 3339 names, whatever else Date can read', () => {
    const almost = fc
      .tuple(instants, fc.nat(), fc.constantFrom('', ' ', '0', '-', ':', 'T', 'Z', '+', '9', '٣', '\n', '.'))
      .map(([instant, at, character]) => {
        const text = instant.toISOString();
        const position = at % text.length;
        return `${text.slice(0, position)}${character}${text.slice(position + 1)}`;
      });
    const isValid = new Ajv2020().compile({ type: 'string', pattern: RFC_3339_PATTERN });
    fc.assert(
      fc.property(fc.oneof(almost, fc.string()), (text) => {
        const normalized = normalizeTime(text);
        if (normalized === undefined) return;
        expect(isValid(text)).toBe(true);
        expect(normalized).toMatch(/^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/);
        expect(new Date(normalized).getTime()).toBe(new Date(text).getTime());
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00Z'],
    ['2016-12-31t23:59:60.999z', '2017-01-01T00:00:00Z'],
    ['2017-01-01T08:59:60+09:00', '2017-01-01T00:00:00Z'],
    ['2016-12-31T15:29:60-08:30', '2017-01-01T00:00:00Z'],
    // The year after 9999 has five digits.
    ['9999-12-31T23:59:60Z', undefined],
    // A leap second is the last of a day in UTC.
    ['2016-12-31T22:59:60Z', undefined],
    ['2016-12-31T23:59:60+09:00', undefined],
  ])('in a leap second, %s, becomes the second after it: %s', (time, normalized) => {
    expect(normalizeTime(time)).toBe(normalized);
  });
});
