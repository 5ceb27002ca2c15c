import type { QuietHours } from './sms-settings.ts';
import { timeZonesOf } from './time-zones.ts';

const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 1440;
// Every zone is ahead of UTC or behind it by a multiple of this, so quiet hours begin and end at one.
const STEP_MS = 15 * MINUTE_MS;
// Two days, because one may lack an hour of day on which the clocks change.
const SEARCH_MS = 2 * MINUTES_PER_DAY * MINUTE_MS;

/** Returns the minute of the day (0 to 1439) that a clock shows. */
type Clock = (time: Date) => number;

/**
 * Returns when quiet hours end for an E.164 number, to the minute, or `undefined` if it is not quiet now. They end when it is day in every
 * zone the number may be in. Where no such time comes within two days, they end at the first time at which it is night in the fewest zones, those
 * that show the same time counted once: so no text waits longer than that.
 */
export function quietUntil(phone: string, now: Date, hours: QuietHours): Date | undefined {
  const last = new Date(now.getTime() + SEARCH_MS);
  const clocks = timeZonesOf(phone).map((zone) => clockOf(zone, now, last));
  const countQuiet = (time: Date) =>
    new Set(clocks.map((clock) => clock(time)).filter((minute) => isQuiet(minute, hours))).size;
  let [end, fewest] = [now, countQuiet(now)];
  for (let ms = nextStep(now); fewest > 0 && ms <= last.getTime(); ms += STEP_MS) {
    const time = new Date(ms);
    const quiet = countQuiet(time);
    if (quiet < fewest) [end, fewest] = [time, quiet];
  }
  return end === now ? undefined : end;
}

const nextStep = (time: Date): number => (Math.floor(time.getTime() / STEP_MS) + 1) * STEP_MS;

function isQuiet(minute: number, { from, to }: QuietHours): boolean {
  const hour = Math.floor(minute / 60);
  return from < to ? from <= hour && hour < to : hour >= from || hour < to;
}

/** Returns a zone's clock for a span of time. Only where its clocks change in the span is each time looked up, which takes microseconds. */
function clockOf(zone: string, start: Date, end: Date): Clock {
  const offset = minuteOfDay(start, zone) - utcMinute(start);
  const clock: Clock = (time) => (utcMinute(time) + offset + MINUTES_PER_DAY) % MINUTES_PER_DAY;
  return clock(end) === minuteOfDay(end, zone) ? clock : (time) => minuteOfDay(time, zone);
}

const utcMinute: Clock = (time) => Math.floor(time.getTime() / MINUTE_MS) % MINUTES_PER_DAY;

const formats = new Map<string, Intl.DateTimeFormat>();

function minuteOfDay(time: Date, timeZone: string): number {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  formats.set(timeZone, format);
  const [hours = 0, minutes = 0] = format.format(time).split(':').map(Number);
  return hours * 60 + minutes;
}
