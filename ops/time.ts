import { normalizeTime } from '../contracts/time.ts';

const UNIT_MS = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

// Seconds, and for a date the time of day, may be left out; the zone may not.
const ABSOLUTE = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/**
 * Parses a time as an operator writes it: `2026-11-21T09:00:00Z`, a date (midnight UTC), `now`, or a time ago such as `90m`,
 * `2h` or `7d`. Throws for anything else: for a time without its zone, which would depend on the machine, and for a day or an hour that
 * the calendar does not have.
 */
export function parseTime(text: string, now: Date = new Date()): Date {
  const time = text === 'now' ? now : (timeAgo(text, now) ?? absoluteTime(text));
  if (time !== undefined) return time;
  throw new Error(
    `"${text}" is not a time: write 2026-11-21T09:00:00Z, 2026-11-21, now, or how long ago: 90m, 2h, 7d.`,
  );
}

function timeAgo(text: string, now: Date): Date | undefined {
  const [, amount = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = UNIT_MS.get(unit);
  if (unitMs === undefined) return undefined;
  const time = new Date(now.getTime() - Number(amount) * unitMs);
  // Before the year 1 a time is no longer written with four digits.
  return normalizeTime(time.toISOString()) === undefined ? undefined : time;
}

function absoluteTime(text: string): Date | undefined {
  const [, date, minutes = '00:00', seconds = ':00', zone = 'Z'] = ABSOLUTE.exec(text) ?? [];
  const time = date === undefined ? undefined : normalizeTime(`${date}T${minutes}${seconds}${zone}`);
  return time === undefined ? undefined : new Date(time);
}
