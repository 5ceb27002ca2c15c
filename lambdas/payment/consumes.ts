import { orderCancelled, orderConfirmed, orderPlaced } from '../../contracts/order.ts';
import { paymentReceived } from '../../contracts/payment.ts';

/** The events that the payment consumer handles. */
export const consumes = [orderPlaced, orderConfirmed, orderCancelled, paymentReceived] as const;
