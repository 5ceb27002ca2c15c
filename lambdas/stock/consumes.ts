import { orderCancelled, orderConfirmed, orderPlaced } from '../../contracts/order.ts';

/** What the stock consumer understands. */
export const consumes = [orderPlaced, orderConfirmed, orderCancelled] as const;
