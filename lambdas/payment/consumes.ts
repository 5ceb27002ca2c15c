import { orderCancelled, orderPlaced } from '../../contracts/order.ts';

/** The events that the payment consumer handles. */
export const consumes = [orderPlaced, orderCancelled] as const;
