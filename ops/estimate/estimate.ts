import { archive } from './archive.ts';
import { compute } from './compute.ts';
import { keys } from './keys.ts';
import type { Line } from './line.ts';
import { messaging } from './messaging.ts';
import { cost, type Price, type PriceList } from './prices.ts';
import { DAYS_PER_MONTH, type Situation, stationsOf } from './stations.ts';
import { tables } from './tables.ts';
import { watching } from './watching.ts';

/** A line with its price, in US dollars. */
export type Priced = Omit<Line, 'price'> & { price: Price; perMillionOrders: number; perMonth: number };

/** A sum in US dollars: what a million orders take, and what a month takes, fixed parts included. */
export type Sum = { perMillionOrders: number; perMonth: number };

/** What a month takes. */
export type Estimate = { lines: readonly Priced[]; services: Readonly<Record<string, Sum>>; total: Sum };

/** Takes a situation and prices and gives what a month takes, by line, by service and in total. */
export function estimate(situation: Situation, { prices }: PriceList): Estimate {
  const orders = situation.ordersPerDay * DAYS_PER_MONTH;
  const lines = linesOf(situation).map((line): Priced => {
    const { perOrder = 0, fixed = 0 } = line;
    const price = prices[line.price];
    return {
      ...line,
      price,
      perMillionOrders: cost(perOrder * 1_000_000, price),
      perMonth: cost(perOrder * orders + fixed, price),
    };
  });
  const services = new Map<string, Sum>();
  for (const line of lines) services.set(line.service, plus(services.get(line.service) ?? nothing, line));
  return { lines, services: Object.fromEntries(services), total: lines.reduce<Sum>(plus, nothing) };
}

/** Everything that is paid for. */
export function linesOf(situation: Situation): Line[] {
  const stations = stationsOf(situation);
  return [messaging, compute, tables, archive, watching, keys].flatMap((part) => part(situation, stations));
}

const nothing: Sum = { perMillionOrders: 0, perMonth: 0 };
const plus = (one: Sum, other: Sum): Sum => ({
  perMillionOrders: one.perMillionOrders + other.perMillionOrders,
  perMonth: one.perMonth + other.perMonth,
});
