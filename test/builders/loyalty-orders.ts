import fc from 'fast-check';
import type { LoyaltyEvent } from '../../examples/loyalty/rules.ts';
import { cancelled, confirmed, placed, priced } from './events.ts';
import { hiddenName } from './loyalty.ts';

/** An order as loyalty hears of it. */
export type HeardOrder = {
  orderId: string;
  customer: string;
  amount: number;
  ends: readonly ('confirmed' | 'cancelled')[];
};

/** Generates up to eight orders of up to three customers: undecided, confirmed, cancelled, or first one and then the other. */
export const heardOrders: fc.Arbitrary<HeardOrder[]> = fc
  .array(
    fc.record({
      customer: fc.constantFrom('c-7', 'c-7', 'c-8', 'c-9'),
      amount: fc.constantFrom(50, 100, 12_000, 99_999),
      ends: fc.constantFrom<HeardOrder['ends']>(
        [],
        ['confirmed'],
        ['confirmed'],
        ['cancelled'],
        ['confirmed', 'cancelled'],
      ),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((orders) => orders.map((order, index) => ({ orderId: `o-${index}`, ...order })));

/** Returns an order that a customer placed. */
export function placedBy(customer: string, orderId: string, amount = 12_000): LoyaltyEvent {
  const event = placed({ orderId, items: [priced('KB-01', 1, amount)] });
  return { ...event, data: { ...event.data, customer: { id: customer } } };
}

/** Returns what loyalty hears of an order, in sequence. */
export const eventsOf = ({ orderId, customer, amount, ends }: HeardOrder): LoyaltyEvent[] => [
  placedBy(customer, orderId, amount),
  ...ends.map((end) => (end === 'confirmed' ? confirmed({ orderId }) : cancelled({ orderId }))),
];

/** Generates deliveries of all events of some orders: in any sequence, and some of them twice or more. */
export const deliveriesOf = (orders: readonly HeardOrder[]): fc.Arbitrary<LoyaltyEvent[]> => {
  const events = orders.flatMap(eventsOf);
  return fc.array(fc.nat({ max: events.length - 1 }), { maxLength: 8 }).chain((again) => {
    const all = [...events, ...again.flatMap((index) => events[index] ?? [])];
    return fc.shuffledSubarray(all, { minLength: all.length });
  });
};

/** Returns the points and orders that each customer has in the end: those of confirmed orders that were not cancelled. */
export function expectedPoints(orders: readonly HeardOrder[]): Record<string, { points: number; orders: number }> {
  const sums: Record<string, { points: number; orders: number }> = {};
  for (const { customer, amount, ends } of orders) {
    if (ends.at(-1) !== 'confirmed') continue;
    const { points, orders: count } = sums[hiddenName(customer)] ?? { points: 0, orders: 0 };
    sums[hiddenName(customer)] = { points: points + Math.floor(amount / 100), orders: count + 1 };
  }
  return sums;
}

/** Returns what a table of points has, without the customers that have nothing. */
export const keptPoints = (items: Iterable<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    [...items]
      .filter(({ orders }) => orders !== 0)
      .map(({ customer, points = 0, orders }) => [customer, { points, orders }]),
  );
