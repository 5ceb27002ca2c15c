import type { EventContract } from './cloud-event.ts';
import { orderProgressed } from './lifecycle.ts';
import { notificationRefused, notificationSent } from './notification.ts';
import {
  orderCancelled,
  orderCancelRequested,
  orderConfirmed,
  orderDeadlinePassed,
  orderDelayed,
  orderPlaced,
  orderReconciliationDue,
  orderRefused,
  orderReminderDue,
} from './order.ts';
import {
  paymentAuthorized,
  paymentCaptured,
  paymentDeclined,
  paymentReceived,
  paymentRefundDue,
  paymentRefunded,
  paymentVoided,
} from './payment.ts';
import { stockReceived, stockRejected, stockReleased, stockReserved } from './stock.ts';

/** Every event of the shop. An event that is not listed here is not part of the public interface. */
export const catalog: readonly EventContract[] = [
  orderPlaced,
  orderCancelRequested,
  orderConfirmed,
  orderCancelled,
  orderRefused,
  orderDelayed,
  orderDeadlinePassed,
  orderReminderDue,
  orderReconciliationDue,
  orderProgressed,
  paymentAuthorized,
  paymentCaptured,
  paymentVoided,
  paymentDeclined,
  paymentRefunded,
  paymentReceived,
  paymentRefundDue,
  stockReserved,
  stockRejected,
  stockReleased,
  stockReceived,
  notificationSent,
  notificationRefused,
];
