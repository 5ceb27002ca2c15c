// RFC 3339, section 5.6. Lower-case letters are valid there; a space, or an offset without minutes, is not.
const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})$/;
// What `normalizeTime` returns, on a day that every month has: it need not be read. Most times are of this form.
const NORMALIZED =
  /^(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.(?!000)\d{3})?Z$/;
const OFFSET = /^[+-]([01]\d|2[0-3]):[0-5]\d$/;

/** What `normalizeTime` accepts, as a pattern that every JSON Schema validator understands, without the calendar. */
export const RFC_3339_PATTERN =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$';

/**
 * Normalizes an RFC 3339 time to UTC in the form `2026-11-21T09:00:00Z`, with milliseconds only where there are any: SDKs differ
 * in what else they can read. A leap second becomes the second after it. Returns `undefined` for everything else, February 31 included.
 */
export function normalizeTime(text: string): string | undefined {
  if (NORMALIZED.test(text)) return text;
  const [, date = '', minutes = '', seconds = '', fraction = '', zone = ''] = RFC_3339.exec(text) ?? [];
  const offset = zone.toUpperCase();
  if (offset !== 'Z' && !OFFSET.test(offset)) return undefined;
  const isLeapSecond = seconds === '60';
  const start = new Date(
    `${date}T${minutes}:${isLeapSecond ? '59' : seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`,
  );
  if (Number.isNaN(start.getTime()) || !isCalendarDate(date) || minutes > '23:59') return undefined;
  if (!isLeapSecond) return format(start);
  // Leap seconds are inserted at the end of a day in UTC.
  if (start.toISOString().slice(11, 19) !== '23:59:59') return undefined;
  return format(new Date(Math.floor(start.getTime() / 1000) * 1000 + 1000));
}

/** `Date` reads February 31 as March 3. */
const isCalendarDate = (date: string) => new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);

/** Formats years 1 to 9999 only: other years have no four digits, or cannot be read by Python. */
function format(date: Date): string | undefined {
  const year = date.getUTCFullYear();
  return year < 1 || year > 9999 ? undefined : date.toISOString().replace('.000Z', 'Z');
}
