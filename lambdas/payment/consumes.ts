import { orderCancelled, orderPlaced } from '../../contracts/order.ts';

/** What the payment consumer understands. */
export const consumes = [orderPlaced, orderCancelled] as const;
