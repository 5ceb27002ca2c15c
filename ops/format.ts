import Table from 'cli-table3';
import type { Money } from '../contracts/money.ts';
import { type Column, GAP, placeColumns } from './columns.ts';
import { currencyDigits } from './currencies.ts';
import { cutEnd, cutMiddle, displayWidth } from './display-width.ts';
import { isWhole, type Layout, WHOLE } from './layout.ts';
import { wrapLine } from './wrap.ts';

const BORDERS = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
const RULES = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];

/** The lines that a sentence takes at most in its cell. */
const MAX_LINES = 3;

/**
 * Formats rows as a plain-text table without colours or borders; columns of numbers are right-aligned. Where there is no room, columns are
 * left out by their rank, and values are shortened.
 */
export function table(
  columns: readonly (string | Column)[],
  rows: readonly (readonly (string | number)[])[],
  layout: Layout = WHOLE,
): string {
  const numeric = (column: number) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number');
  const named = columns.map((column) => (typeof column === 'string' ? { title: column } : column));
  const texts = rows.map((row) => row.map(String));
  const placed = placeColumns(named, texts, layout);
  const fitted = texts.map((row) => placed.map(({ index, column, width }) => fitCell(row[index] ?? '', column, width)));
  const isCut = fitted.some((row) => row.some(({ isCut }) => isCut));
  if (isCut || placed.length < columns.length) layout.onCut?.();
  const formatted = new Table({
    head: placed.map(({ column, width }) => fitCell(column.title, column, width).text),
    colAligns: placed.map(({ index, column }) => column.align ?? (numeric(index) ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP - 1 },
    chars: { ...Object.fromEntries([...BORDERS, ...RULES].map((name) => [name, ''])), middle: ' ' },
  });
  formatted.push(...fitted.map((row) => row.map(({ text }) => text)));
  return formatted
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function fitCell(text: string, { fit }: Column, width: number): { text: string; isCut: boolean } {
  if (fit === undefined || displayWidth(text) <= width) return { text, isCut: false };
  if (fit !== 'wrap') return { text: fit === 'middle' ? cutMiddle(text, width) : cutEnd(text, width), isCut: true };
  const lines = wrapLine(text, width, '');
  if (lines.length <= MAX_LINES) return { text: lines.join('\n'), isCut: false };
  const last = cutEnd(lines.slice(MAX_LINES - 1).join(' '), width);
  return { text: [...lines.slice(0, MAX_LINES - 1), last].join('\n'), isCut: true };
}

/** Formats a moment for people: how long ago it was, or its time in UTC where values are whole. */
export function formatTime(time: string, layout: Layout, now = new Date()): string {
  const moment = Date.parse(time);
  if (isWhole(layout) || Number.isNaN(moment)) return time;
  const seconds = (now.getTime() - moment) / 1_000;
  if (Math.abs(seconds) < 1) return 'now';
  const age =
    Math.abs(seconds) < 172_800 ? formatAge(Math.abs(seconds)) : `${Math.round(Math.abs(seconds) / 86_400)} days`;
  return seconds < 0 ? `in ${age}` : `${age} ago`;
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
