import * as v from 'valibot';
import { defineEvent, type EventOf } from './cloud-event.ts';
import { integer } from './money.ts';
import { goods, line, orderId, refundId, returnedGoods, someGoods } from './order.ts';

const orderItems = v.object({ orderId, items: goods }, 'must be an object');

/** All the order's items are reserved. */
export const stockReserved = defineEvent({
  type: 'shop.stock.reserved.v1',
  channel: 'bus',
  source: '/shop/stock',
  description: 'The goods of an order are reserved.',
  data: orderItems,
});

/** A SKU that an order asks for more of than there is. `unknown`: it never had a shelf. */
const shortage = v.pipe(
  v.object(
    {
      ...line.entries,
      available: integer(0, Number.MAX_SAFE_INTEGER),
      unknown: v.optional(v.literal(true, 'must be true')),
    },
    'must be an object',
  ),
  v.title('Shortage'),
);

export type Shortage = v.InferOutput<typeof shortage>;

/** At least one SKU is short, so nothing was reserved. `items` are the SKUs that were short: what was ordered, and what there is. */
export const stockRejected = defineEvent({
  type: 'shop.stock.rejected.v1',
  channel: 'bus',
  source: '/shop/stock',
  description: 'At least one SKU of an order is short; nothing is reserved.',
  data: v.object({ orderId, items: v.array(shortage, 'must be an array') }, 'must be an object'),
});

/** Reserved items are available for sale again. */
export const stockReleased = defineEvent({
  type: 'shop.stock.released.v1',
  channel: 'bus',
  source: '/shop/stock',
  description: 'The reserved goods of an order are available again.',
  data: orderItems,
});

/** Goods of an order came back, once per `refundId`. */
export const stockReturned = defineEvent({
  type: 'shop.stock.returned.v1',
  channel: 'bus',
  source: '/shop/stock',
  description: 'Goods of an order came back; what has restock is available again.',
  data: v.object({ orderId, refundId, items: returnedGoods }, 'must be an object'),
});

/** Goods came in: they are added to the shelves, once per receipt. */
export const stockReceived = defineEvent({
  type: 'shop.stock.received.v1',
  channel: 'topic',
  description: 'Goods came in; they are added to the shelves, once per receiptId.',
  data: v.object({ receiptId: orderId, items: someGoods }, 'must be an object'),
});

export type StockReceived = EventOf<typeof stockReceived>;
export type StockReturned = EventOf<typeof stockReturned>;
export type StockReserved = EventOf<typeof stockReserved>;
export type StockRejected = EventOf<typeof stockRejected>;
export type StockReleased = EventOf<typeof stockReleased>;
