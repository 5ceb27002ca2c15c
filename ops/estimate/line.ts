import type { PriceId } from './prices.ts';

/** Something that is paid for: units by the order, and units in a month whatever the number of orders. */
export type Line = { service: string; what: string; price: PriceId; perOrder?: number; fixed?: number };
