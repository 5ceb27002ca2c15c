import Table from 'cli-table3';
import type { Money } from '../contracts/money.ts';
import { currencyDigits } from './currencies.ts';

const BORDERS = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
const RULES = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];

/** Formats rows as a plain-text table without colours or borders; columns of numbers are right-aligned. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const numeric = (column: number) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number');
  const formatted = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (numeric(column) ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
    chars: { ...Object.fromEntries([...BORDERS, ...RULES].map((name) => [name, ''])), middle: ' ' },
  });
  formatted.push(...rows.map((row) => row.map(String)));
  return formatted
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/**
 * Formats minor units in the currency's own style, with all digits that ISO 4217 gives it: 12000 is ₩12,000, €120.00 or HUF 120.00.
 * Shows the plain number with its code where ISO gives none.
 */
export function formatMoney({ amount, currency }: Money): string {
  const digits = currencyDigits(currency);
  if (digits === undefined) return `${currency} ${new Intl.NumberFormat('en').format(amount)} minor units`;
  const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat('en', { style: 'currency', currency, ...fraction }).format(amount / 10 ** digits);
}

/** Masks a phone number so that it can be recognised but not called: +82…5678. */
export function maskPhone(phone: string): string {
  return `${phone.slice(0, 3)}…${phone.slice(phone.length >= 11 ? -4 : -2)}`;
}

/** Formats a count with its noun: `1 order`, `2 orders`. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** The same for large counts, with separators: `12,345 messages`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** Formats seconds as 40 s, 4 min or 3 h. */
export function formatAge(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

/** Formats milliseconds as 84 ms, 1.2 s or 3 min; a dash where the duration is unknown. */
export function formatDuration(milliseconds: number | undefined): string {
  if (milliseconds === undefined || Number.isNaN(milliseconds)) return '–';
  const size = Math.abs(milliseconds);
  if (size < 1_000) return `${Math.round(milliseconds)} ms`;
  return size < 120_000 ? `${(milliseconds / 1_000).toFixed(1)} s` : `${Math.round(milliseconds / 60_000)} min`;
}
