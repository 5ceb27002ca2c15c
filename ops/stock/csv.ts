import { hash } from 'node:crypto';
import { CsvError, parse } from 'csv-parse/sync';
import * as v from 'valibot';
import { type Line, MAX_PIECES, sku } from '../../contracts/order.ts';
import { formatProblem, type Problem } from '../../contracts/parse.ts';

/** What a CSV file of goods holds: the pieces of each SKU, and the name under which its content is taken once. */
export type StockFile = { rows: number; lines: Line[]; contentId: string };

// More rows than this do not help anybody to repair a file.
const MAX_PROBLEMS = 50;

type Row = { record: string[]; info: { lines: number } };

/**
 * Parses a CSV file of two columns, `sku,quantity`, with or without that header. Rows of the same SKU are added up. Throws one error
 * that names every bad row by its line.
 */
export function parseStockFile(text: string): StockFile {
  const rows = readRows(text);
  const [first] = rows;
  const hasHeader = first?.record.map((name) => name.toLowerCase()).join() === 'sku,quantity';
  const data = hasHeader ? rows.slice(1) : rows;
  if (data.length === 0) throw new Error('The file has no rows: it needs lines such as KB-01,40.');
  const problems: Problem[] = [];
  const pieces = new Map<string, number>();
  for (const row of data) {
    const parsed = readRow(row);
    const path = `line ${row.info.lines}`;
    if ('problem' in parsed) {
      problems.push({ path, problem: parsed.problem });
      continue;
    }
    const sum = (pieces.get(parsed.sku) ?? 0) + parsed.quantity;
    if (sum > MAX_PIECES)
      problems.push({ path, problem: `brings this SKU to more than ${MAX_PIECES} pieces in one file` });
    pieces.set(parsed.sku, sum);
  }
  if (problems.length > 0) throw new Error(describeProblems(problems));
  return {
    rows: data.length,
    lines: [...pieces].map(([sku, quantity]) => ({ sku, quantity })),
    contentId: hash('sha256', text).slice(0, 32),
  };
}

function readRows(text: string): Row[] {
  try {
    // With `info`, each row comes with its line; the types do not say so.
    return parse(text, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as Row[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new Error(`The file is not CSV: ${error.message}.`, { cause: error });
  }
}

function readRow({ record }: Row): Line | { problem: string } {
  const [name, count = '', ...others] = record;
  if (record.length < 2 || others.length > 0) return { problem: `has ${record.length} columns, not 2 (sku,quantity)` };
  // A program that could not read the name wrote this character in its place.
  if (name?.includes('\uFFFD')) return { problem: 'the SKU must be UTF-8: save the file as "CSV UTF-8"' };
  const parsed = v.safeParse(sku, name);
  if (!parsed.success) return { problem: `the SKU ${parsed.issues[0].message}` };
  const quantity = Number(count);
  const isQuantity = /^\d+$/.test(count) && quantity >= 1 && quantity <= MAX_PIECES;
  return isQuantity
    ? { sku: parsed.output, quantity }
    : { problem: `the quantity must be a whole number from 1 to ${MAX_PIECES}` };
}

function describeProblems(problems: readonly Problem[]): string {
  const more = problems.length - MAX_PROBLEMS;
  const shown = problems.slice(0, MAX_PROBLEMS).map((problem) => `  ${formatProblem(problem)}`);
  return [
    `Nothing was sent, because ${problems.length} ${problems.length === 1 ? 'row is' : 'rows are'} wrong:`,
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join('\n');
}
