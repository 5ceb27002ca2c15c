import { orderCancelled, orderConfirmed, orderPlaced } from '../../contracts/order.ts';

/** What the notification consumer understands. */
export const consumes = [orderPlaced, orderConfirmed, orderCancelled] as const;
