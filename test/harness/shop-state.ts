import type { Order } from '../../lambdas/order/record.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import type { Shelf } from '../../lambdas/stock/record.ts';

/** The parts of an order that tests choose. */
export type TestOrder = {
  orderId: string;
  sku: string;
  quantity: number;
  token: string;
  phone: string;
  locale: string;
  unitPrice: number;
  /** Who placed it. @default c-7 */
  customerId?: string;
  /** The checkout's reference of a payment that it captured itself; the token is not sent then. */
  capturedAs?: string;
  /** Another way to pay; the token is not sent then. */
  payment?: { kind: 'authorized'; reference: string } | { kind: 'awaited' | 'on-delivery' };
};

/** Money of an order that is to go back, and pieces of it that came back. */
export type RefundRequest = {
  refundId: string;
  amount: number;
  items?: readonly { sku: string; quantity: number; restock?: boolean }[];
};

/** What a run put in, to be compared with what came out: orders by id, and the pieces of each SKU that came in. */
export type PlacedOrders = {
  orders: ReadonlyMap<string, TestOrder>;
  goods: ReadonlyMap<string, number>;
  /** The refunds that were asked for, by order. */
  refunds?: ReadonlyMap<string, readonly RefundRequest[]>;
  /** Orders of which goods are said to have left. */
  shipped?: ReadonlySet<string>;
};

/** A message in a queue. */
export type QueuedMessage = {
  consumer: string;
  body: string;
  attributes: Record<string, string>;
  receiveCount: number;
};

/** One entry of the payment gateway's own book. */
export type BookEntry = {
  orderId: string;
  kind: 'authorization' | 'capture' | 'void' | 'refund';
  amount: number;
  refundId?: string;
};

/** Everything that can be seen from outside. */
export type ShopState = {
  orders: Map<string, Order>;
  charges: BookEntry[];
  /** The payments' records, where they are looked at. */
  payments?: Map<string, Payment>;
  shelves: Map<string, Shelf>;
  /** Every text that was sent, by number. */
  texts: Record<string, string[]>;
  waiting: QueuedMessage[];
  deadLetters: QueuedMessage[];
};
