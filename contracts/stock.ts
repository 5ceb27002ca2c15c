import * as v from 'valibot';
import { defineEvent, type EventOf } from './cloud-event.ts';
import { line, lines, orderId } from './order.ts';

const held = v.object({ orderId, items: lines(line) }, 'must be an object');

/** All the order's goods are set aside for it. */
export const stockReserved = defineEvent({
  type: 'shop.stock.reserved.v1',
  channel: 'bus',
  source: '/shop/stock',
  description: "All the order's goods are set aside for it.",
  data: held,
});

/** At least one of the order's goods is not there; nothing was set aside. `items` are the lines that were short. */
export const stockRejected = defineEvent({
  type: 'shop.stock.rejected.v1',
  channel: 'bus',
  source: '/shop/stock',
  description: "At least one of the order's goods is not there; nothing was set aside.",
  data: held,
});

/** Goods that were set aside are for sale again. */
export const stockReleased = defineEvent({
  type: 'shop.stock.released.v1',
  channel: 'bus',
  source: '/shop/stock',
  description: 'Goods that were set aside are for sale again.',
  data: held,
});

export type StockReserved = EventOf<typeof stockReserved>;
export type StockRejected = EventOf<typeof stockRejected>;
export type StockReleased = EventOf<typeof stockReleased>;
