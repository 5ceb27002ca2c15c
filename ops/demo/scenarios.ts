import type { CancelReason, OrderPlaced } from '../../contracts/order.ts';
import { generateOrder } from '../orders/generate.ts';

/** The end that an order is to come to. `charged`: its money is taken, which a cancellation gives back. */
export type Expected = { status: 'CONFIRMED' | 'CANCELLED'; reason?: CancelReason; charged: 'yes' | 'no' | 'either' };

/** One order of the demonstration: what it shows, how it is published, and how it has to end. */
export type Scenario = {
  story: string;
  order: OrderPlaced['data'];
  publish: 'once' | 'repeatedly' | 'cancelled-first';
  expected: Expected;
};

/** How many pieces are on the demonstration's shelves when it starts; of the last there are none. */
export const SHELVES = { 'KB-01': 100, 'MS-02': 100, 'SOLD-OUT': 0 } as const;

const confirmed: Expected = { status: 'CONFIRMED', charged: 'yes' };

/** Gives the orders of one run, one for every outcome; `run` makes their ids new. */
export function scenarios(run: string, phone?: string): Scenario[] {
  const reach = phone === undefined ? {} : { phone };
  const korean = (name: string) => generateOrder({ orderId: `demo-${run}-${name}`, locale: 'ko', ...reach });
  const english = (name: string): OrderPlaced['data'] => ({
    ...generateOrder({ orderId: `demo-${run}-${name}`, locale: 'en-GB', ...reach }),
    items: [
      { sku: 'KB-01', quantity: 1, unitPrice: 7_950 },
      { sku: 'MS-02', quantity: 2, unitPrice: 2_475 },
    ],
    total: { amount: 12_900, currency: 'EUR' },
  });
  const declined = korean('declined');
  const outOfStock = english('no-stock');
  return [
    { story: 'confirmed, customer reads Korean', order: korean('ko'), publish: 'once', expected: confirmed },
    { story: 'confirmed, customer reads English', order: english('en'), publish: 'once', expected: confirmed },
    {
      story: 'card declined',
      order: { ...declined, payment: { token: 'tok_declined' } },
      publish: 'once',
      expected: { status: 'CANCELLED', reason: 'payment-declined', charged: 'no' },
    },
    {
      story: 'out of stock',
      order: {
        ...outOfStock,
        items: outOfStock.items.map((item) => (item.sku === 'MS-02' ? { ...item, sku: 'SOLD-OUT' } : item)),
      },
      publish: 'once',
      expected: { status: 'CANCELLED', reason: 'out-of-stock', charged: 'yes' },
    },
    {
      story: 'cancelled by the customer',
      order: english('customer'),
      publish: 'cancelled-first',
      // Whether the money was taken before the cancellation came is a race; either way none is kept.
      expected: { status: 'CANCELLED', reason: 'customer', charged: 'either' },
    },
    { story: 'published three times', order: korean('repeated'), publish: 'repeatedly', expected: confirmed },
  ];
}

/** Takes scenarios and gives how many pieces of each SKU they sell in the end. */
export function piecesSold(all: readonly Scenario[]): Map<string, number> {
  const sold = new Map<string, number>();
  for (const { order, expected } of all) {
    if (expected.status !== 'CONFIRMED') continue;
    for (const { sku, quantity } of order.items) sold.set(sku, (sold.get(sku) ?? 0) + quantity);
  }
  return sold;
}
