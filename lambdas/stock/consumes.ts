import {
  orderCancelled,
  orderConfirmed,
  orderDispatched,
  orderPlaced,
  orderRefundRequested,
} from '../../contracts/order.ts';
import { stockReceived } from '../../contracts/stock.ts';

/** The events that the stock consumer handles. */
export const consumes = [
  orderPlaced,
  orderConfirmed,
  orderCancelled,
  orderDispatched,
  orderRefundRequested,
  stockReceived,
] as const;
