import { orderCancelled, orderConfirmed, orderDelayed, orderPlaced } from '../../contracts/order.ts';

/** What the notification consumer understands. */
export const consumes = [orderPlaced, orderDelayed, orderConfirmed, orderCancelled] as const;
