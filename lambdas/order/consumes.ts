import { orderCancelRequested, orderPlaced, orderRefundRequested, orderShipped } from '../../contracts/order.ts';
import { stockReceived } from '../../contracts/stock.ts';

/** The events that the order consumer handles: those of the topic, and none that only the shop itself may publish. */
export const consumes = [orderPlaced, orderCancelRequested, orderShipped, orderRefundRequested, stockReceived] as const;
