import Table from 'cli-table3';
import type { Money } from '../contracts/money.ts';

/** Prints the command's one result: the document as JSON where that was asked for, else the text for people. */
export function print(json: boolean | undefined, document: unknown, text: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(document, null, 2) : text()}\n`);
}

/** Gives a table of plain text, without colours or lines between rows; numbers stand on the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const none = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
  const also = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
  const numeric = (column: number) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number');
  const made = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (numeric(column) ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
    chars: { ...Object.fromEntries([...none, ...also].map((name) => [name, ''])), middle: ' ' },
  });
  made.push(...rows.map((row) => row.map(String)));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Money as people write it: 12000 minor units are ₩12,000 or €120.00. */
export function money({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

/** A phone number that can be recognised but not called: +82…5678. */
export function masked(phone: string): string {
  return `${phone.slice(0, 3)}…${phone.slice(phone.length >= 11 ? -4 : -2)}`;
}

/** A span in milliseconds as people read it: 84 ms, 1.2 s, 3 min; a dash where it is not known. */
export function span(milliseconds: number | undefined): string {
  if (milliseconds === undefined || Number.isNaN(milliseconds)) return '–';
  const size = Math.abs(milliseconds);
  if (size < 1_000) return `${Math.round(milliseconds)} ms`;
  return size < 120_000 ? `${(milliseconds / 1_000).toFixed(1)} s` : `${Math.round(milliseconds / 60_000)} min`;
}
