import { table } from '../format.ts';
import type { Estimate, Sum } from './estimate.ts';
import type { PriceList } from './prices.ts';
import { DAYS_PER_MONTH } from './stations.ts';
import type { Variation } from './variations.ts';

/** Everything `ops estimate` prints, as one document; money in US dollars. */
export type Report = {
  ordersPerDay: number;
  settings: Readonly<Record<string, string>>;
  prices: Pick<PriceList, 'region' | 'date' | 'checked'>;
  /** Messages in a batch, on average, by consumer. */
  batches: Readonly<Record<string, number>>;
  texts: { perOrder: number; perMonth: number; counted: false };
  assumptions: readonly string[];
  variations: readonly Variation[];
} & Estimate;

const AMOUNTS: Readonly<Record<number, string>> = { 1: 'a ', 10000: 'per 10,000 ', 1000000: 'per million ' };

/** The report for people. */
export function text(report: Report): string {
  const { ordersPerDay, settings, prices, lines, services, total, batches, texts } = report;
  const given = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const sums = (name: string, { perMillionOrders, perMonth }: Sum) => [
    name,
    dollars(perMillionOrders),
    dollars(perMonth),
  ];
  const allIn = (total.perMonth / (ordersPerDay * DAYS_PER_MONTH)) * 1_000_000;
  const filled = Object.entries(batches).map(([name, size]) => `${name} ${figure(size)}`);
  return [
    `${ordersPerDay.toLocaleString('en')} orders a day, ${given.join(', ')}, ${prices.region}, list prices of ${prices.date}, without the free tier`,
    '',
    rightAligned(
      ['service', 'what', 'an order', 'a month', 'price', '$ a million orders', '$ a month'],
      lines.map((line) => [
        line.service,
        line.what,
        figure(line.perOrder ?? 0),
        figure(line.fixed ?? 0),
        `$${line.price.amount} ${AMOUNTS[line.price.per] ?? ''}${line.price.unit}`,
        dollars(line.perMillionOrders),
        dollars(line.perMonth),
      ]),
      [2, 3, 5, 6],
    ),
    '',
    rightAligned(
      ['service', '$ a million orders', '$ a month'],
      [...Object.entries(services).map(([name, sum]) => sums(name, sum)), sums('total', total)],
      [1, 2],
    ),
    '',
    `"an order" is what each order adds; "a month" comes whatever the number of orders, or is kept. A million orders: what each adds only;`,
    `with everything, at ${ordersPerDay.toLocaleString('en')} a day: $${dollars(allIn)}.`,
    `Texts are not in the total: ${figure(texts.perOrder)} an order, ${figure(texts.perMonth)} a month; what one costs depends on the country (https://aws.amazon.com/sns/sms-pricing/).`,
    `Messages in a batch: ${filled.join(', ')}.`,
    '',
    'What a setting changes, everything else as deployed:',
    '',
    rightAligned(
      ['setting', 'to', '$ a month', 'difference'],
      report.variations.map(({ setting, to, perMonth, difference }) => [
        setting,
        to,
        dollars(perMonth),
        signed(difference),
      ]),
      [2, 3],
    ),
    '',
    'What it rests on:',
    ...report.assumptions.map((sentence) => `- ${sentence}`),
  ].join('\n');
}

const dollars = (amount: number) => amount.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const signed = (amount: number) =>
  Math.abs(amount) < 0.005 ? '–' : `${amount > 0 ? '+' : '−'}${dollars(Math.abs(amount))}`;

/** Takes a number and gives it with three digits that matter; nothing where it is zero. */
export function figure(value: number): string {
  if (value === 0) return '';
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value >= 0.001 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

/** A table in which figures that are text already stand on the right. */
function rightAligned(head: readonly string[], rows: readonly string[][], columns: readonly number[]): string {
  const width = (column: number) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0));
  const moved = (row: readonly string[]) =>
    row.map((cell, column) => (columns.includes(column) ? cell.padStart(width(column)) : cell));
  return table(moved(head), rows.map(moved));
}
