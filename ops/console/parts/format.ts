import { currencyDigits } from '../../currencies.ts';
import { language } from './language.ts';

/** Formats minor units of a currency with the digits that ISO 4217 gives it, as the commands do: 12000 KRW is ₩12,000. */
export function money({ amount, currency }: { amount: number; currency: string }): string {
  const digits = currencyDigits(currency);
  if (digits === undefined) return `${count(amount)} ${currency}`;
  const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const format = new Intl.NumberFormat(language.value, { style: 'currency', currency, ...fraction });
  return format.format(amount / 10 ** digits);
}

export const count = (value: number): string => value.toLocaleString(language.value);

/** Formats the time of day, with the date unless it is today's. */
export function time(iso: string, now = new Date()): string {
  const moment = new Date(iso);
  const isToday = moment.toDateString() === now.toDateString();
  const date = { month: 'short', day: 'numeric' } as const;
  return moment.toLocaleString(language.value, {
    ...(isToday ? {} : date),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** Formats seconds in their greatest unit: 40 sec, 4 min, 3 hr. */
export function age(seconds: number): string {
  const [unit, size] = UNITS.find(([, least]) => seconds >= least * 2) ?? (['second', 1] as const);
  return new Intl.NumberFormat(language.value, { style: 'unit', unit, unitDisplay: 'short' }).format(
    Math.round(seconds / size),
  );
}

/** Formats how long ago a moment was, or how far off it is: `4 min. ago`. */
export function ago(iso: string, now = new Date()): string {
  const seconds = (Date.parse(iso) - now.getTime()) / 1_000;
  const [unit, size] = UNITS.find(([, least]) => Math.abs(seconds) >= least * 2) ?? (['second', 1] as const);
  const format = new Intl.RelativeTimeFormat(language.value, { numeric: 'auto', style: 'short' });
  return format.format(Math.round(seconds / size), unit);
}
