import {
  orderCancelled,
  orderConfirmed,
  orderDispatched,
  orderPlaced,
  orderRefundRequested,
} from '../../contracts/order.ts';
import { paymentReceived } from '../../contracts/payment.ts';

/** The events that the payment consumer handles. */
export const consumes = [
  orderPlaced,
  orderConfirmed,
  orderCancelled,
  orderRefundRequested,
  orderDispatched,
  paymentReceived,
] as const;
