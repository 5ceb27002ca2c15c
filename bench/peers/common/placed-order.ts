import type { Line, OrderPlaced } from '../../../contracts/order.ts';

/** A placed order as the benchmark publishes it: paid with a token, with a phone, and every line with a SKU. */
export type PlacedOrder = Omit<OrderPlaced, 'data'> & {
  data: Omit<OrderPlaced['data'], 'customer' | 'payment' | 'items'> & {
    customer: { phone: string; locale: string };
    payment: { token: string };
    items: (Line & { unitPrice: number })[];
  };
};
