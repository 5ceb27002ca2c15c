import { orderDeadlinePassed, orderReminderDue } from '../../contracts/order.ts';
import { paymentCaptured, paymentDeclined, paymentRefunded } from '../../contracts/payment.ts';
import { stockRejected, stockReleased, stockReserved } from '../../contracts/stock.ts';

/** The events that the outcomes consumer handles: what the shop itself publishes about an order on the event bus. */
export const consumes = [
  orderDeadlinePassed,
  orderReminderDue,
  paymentCaptured,
  paymentDeclined,
  paymentRefunded,
  stockReserved,
  stockRejected,
  stockReleased,
] as const;
