import { orderDeadlinePassed, orderReconciliationDue, orderReminderDue } from '../../contracts/order.ts';
import {
  paymentAuthorized,
  paymentCaptured,
  paymentDeclined,
  paymentRefunded,
  paymentVoided,
} from '../../contracts/payment.ts';
import { stockRejected, stockReleased, stockReserved, stockReturned } from '../../contracts/stock.ts';

/** The events that the outcomes consumer handles: what the shop itself publishes about an order on the event bus. */
export const consumes = [
  orderDeadlinePassed,
  orderReminderDue,
  orderReconciliationDue,
  paymentAuthorized,
  paymentCaptured,
  paymentVoided,
  paymentDeclined,
  paymentRefunded,
  stockReserved,
  stockRejected,
  stockReleased,
  stockReturned,
] as const;
