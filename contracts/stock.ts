import * as v from 'valibot';
import { defineEvent, type EventOf } from './cloud-event.ts';
import { line, lines, orderId } from './order.ts';

const orderItems = v.object({ orderId, items: lines(line) }, 'must be an object');

/** All the order's items are reserved. */
export const stockReserved = defineEvent({
  type: 'shop.stock.reserved.v1',
  channel: 'bus',
  source: '/shop/stock',
  description: 'The goods of an order are reserved.',
  data: orderItems,
});

/** At least one item is not available, so nothing was reserved. `items` are the lines that could not be reserved. */
export const stockRejected = defineEvent({
  type: 'shop.stock.rejected.v1',
  channel: 'bus',
  source: '/shop/stock',
  description: 'At least one SKU of an order is short; nothing is reserved.',
  data: orderItems,
});

/** Reserved items are available for sale again. */
export const stockReleased = defineEvent({
  type: 'shop.stock.released.v1',
  channel: 'bus',
  source: '/shop/stock',
  description: 'The reserved goods of an order are available again.',
  data: orderItems,
});

export type StockReserved = EventOf<typeof stockReserved>;
export type StockRejected = EventOf<typeof stockRejected>;
export type StockReleased = EventOf<typeof stockReleased>;
