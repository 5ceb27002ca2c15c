import { orderCancelled, orderConfirmed, orderDelayed, orderPlaced } from '../../contracts/order.ts';

/** The events that the notification consumer handles. */
export const consumes = [orderPlaced, orderDelayed, orderConfirmed, orderCancelled] as const;
