import { orderCancelRequested, orderPlaced } from '../../contracts/order.ts';

/** What the order consumer understands: what travels on the topic, and nothing that a publisher of orders may not say. */
export const consumes = [orderPlaced, orderCancelRequested] as const;
