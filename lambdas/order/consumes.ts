import { orderCancelRequested, orderDeadlinePassed, orderPlaced, orderReminderDue } from '../../contracts/order.ts';
import { paymentCaptured, paymentDeclined, paymentRefunded } from '../../contracts/payment.ts';
import { stockRejected, stockReleased, stockReserved } from '../../contracts/stock.ts';

/** What the order consumer understands. */
export const consumes = [
  orderPlaced,
  orderCancelRequested,
  orderDeadlinePassed,
  orderReminderDue,
  paymentCaptured,
  paymentDeclined,
  paymentRefunded,
  stockReserved,
  stockRejected,
  stockReleased,
] as const;
