import { orderCancelRequested, orderPlaced } from '../../contracts/order.ts';

/** The events that the order consumer handles: those of the topic, and none that only the shop itself may publish. */
export const consumes = [orderPlaced, orderCancelRequested] as const;
