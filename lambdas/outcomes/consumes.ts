import { orderDeadlinePassed, orderReminderDue } from '../../contracts/order.ts';
import { paymentCaptured, paymentDeclined, paymentRefunded } from '../../contracts/payment.ts';
import { stockRejected, stockReleased, stockReserved } from '../../contracts/stock.ts';

/** What the outcomes consumer understands: what the shop itself says of an order, on the bus. */
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
