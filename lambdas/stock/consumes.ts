import { orderCancelled, orderConfirmed, orderPlaced } from '../../contracts/order.ts';
import { stockReceived } from '../../contracts/stock.ts';

/** The events that the stock consumer handles. */
export const consumes = [orderPlaced, orderConfirmed, orderCancelled, stockReceived] as const;
