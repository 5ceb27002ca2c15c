import { orderCancelled, orderConfirmed, orderDelayed, orderDispatched, orderPlaced } from '../../contracts/order.ts';
import { paymentRefunded } from '../../contracts/payment.ts';

/** The events that the notification consumer handles. */
export const consumes = [
  orderPlaced,
  orderDelayed,
  orderConfirmed,
  orderCancelled,
  orderDispatched,
  paymentRefunded,
] as const;
