const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Takes a time as an operator writes it, `2026-11-21T09:00:00Z`, a date (midnight, UTC), `now`, or a span ago such as `90m`,
 * `2h` or `7d`, and gives it; throws a sentence for anything else.
 */
export function parseTime(text: string, now: Date = new Date()): Date {
  if (text === 'now') return now;
  const [, amount = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (unit in UNITS) return new Date(now.getTime() - Number(amount) * UNITS[unit as keyof typeof UNITS]);
  // Without its zone a time means another one on each machine.
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? new Date(text)
    : undefined;
  if (time === undefined || Number.isNaN(time.getTime())) {
    throw new Error(`"${text}" is no time: write 2026-11-21T09:00:00Z, 2026-11-21, now, or how long ago: 90m, 2h, 7d.`);
  }
  return time;
}
