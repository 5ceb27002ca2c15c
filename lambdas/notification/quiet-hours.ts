import type { QuietHours } from './sms-settings.ts';

/** The time zone of each calling code, or the westernmost and the easternmost of several. A code that is not listed counts as UTC. */
const ZONES: Record<string, readonly string[]> = {
  1: ['Pacific/Honolulu', 'America/St_Johns'],
  7: ['Europe/Moscow', 'Asia/Vladivostok'],
  20: ['Africa/Cairo'],
  27: ['Africa/Johannesburg'],
  30: ['Europe/Athens'],
  31: ['Europe/Amsterdam'],
  32: ['Europe/Brussels'],
  33: ['Europe/Paris'],
  34: ['Europe/Madrid'],
  36: ['Europe/Budapest'],
  39: ['Europe/Rome'],
  40: ['Europe/Bucharest'],
  41: ['Europe/Zurich'],
  43: ['Europe/Vienna'],
  44: ['Europe/London'],
  45: ['Europe/Copenhagen'],
  46: ['Europe/Stockholm'],
  47: ['Europe/Oslo'],
  48: ['Europe/Warsaw'],
  49: ['Europe/Berlin'],
  52: ['America/Tijuana', 'America/Cancun'],
  54: ['America/Argentina/Buenos_Aires'],
  55: ['America/Manaus', 'America/Sao_Paulo'],
  56: ['America/Santiago'],
  57: ['America/Bogota'],
  60: ['Asia/Kuala_Lumpur'],
  61: ['Australia/Perth', 'Australia/Sydney'],
  62: ['Asia/Jakarta', 'Asia/Jayapura'],
  63: ['Asia/Manila'],
  64: ['Pacific/Auckland'],
  65: ['Asia/Singapore'],
  66: ['Asia/Bangkok'],
  81: ['Asia/Tokyo'],
  82: ['Asia/Seoul'],
  84: ['Asia/Ho_Chi_Minh'],
  86: ['Asia/Shanghai'],
  90: ['Europe/Istanbul'],
  91: ['Asia/Kolkata'],
  92: ['Asia/Karachi'],
  351: ['Europe/Lisbon'],
  353: ['Europe/Dublin'],
  358: ['Europe/Helsinki'],
  380: ['Europe/Kyiv'],
  420: ['Europe/Prague'],
  852: ['Asia/Hong_Kong'],
  880: ['Asia/Dhaka'],
  886: ['Asia/Taipei'],
  966: ['Asia/Riyadh'],
  971: ['Asia/Dubai'],
  972: ['Asia/Jerusalem'],
};

// In a country with several zones, one zone's quiet hours can begin before another's end; this bounds the search.
const MAX_NIGHTS = 4;

/**
 * Returns when quiet hours end for an E.164 number, to the minute, or `undefined` if it is not quiet now. Quiet hours are local to the
 * number's country; if it has several time zones, they end when they have ended in all of them.
 */
export function quietUntil(phone: string, now: Date, { from, to }: QuietHours): Date | undefined {
  const zones = zonesOf(phone);
  let end = now;
  for (let night = 0; night < MAX_NIGHTS; night += 1) {
    const minutesLeft = zones.map((zone) => quietMinutesLeft(minuteOfDay(end, zone), from * 60, to * 60));
    const minutes = Math.max(...minutesLeft);
    if (minutes === 0) break;
    end = new Date(Math.floor(end.getTime() / 60_000 + minutes) * 60_000);
  }
  return end === now ? undefined : end;
}

function zonesOf(phone: string): readonly string[] {
  for (const digits of [3, 2, 1]) {
    const zones = ZONES[phone.slice(1, 1 + digits)];
    if (zones !== undefined) return zones;
  }
  return ['UTC'];
}

/** Returns the minutes until quiet hours end, 0 outside them. All arguments are minutes since midnight. */
function quietMinutesLeft(minute: number, from: number, to: number): number {
  const isQuiet = from < to ? from <= minute && minute < to : minute >= from || minute < to;
  return isQuiet ? (to - minute + 1440) % 1440 : 0;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function minuteOfDay(time: Date, timeZone: string): number {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  formats.set(timeZone, format);
  const [hours = 0, minutes = 0] = format.format(time).split(':').map(Number);
  return hours * 60 + minutes;
}
