import { orderCancelled, orderConfirmed, orderPlaced } from '../../contracts/order.ts';

/** The events that the loyalty consumer handles. */
export const consumes = [orderPlaced, orderConfirmed, orderCancelled] as const;
