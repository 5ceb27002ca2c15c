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
  orderReminderDue,
} from './order.ts';
import { paymentCaptured, paymentDeclined, paymentRefunded } from './payment.ts';
import { stockRejected, stockReleased, stockReserved } from './stock.ts';

/** Every event of the shop. An event that is not listed here is not part of the public interface. */
export const catalog: readonly EventContract[] = [
  orderPlaced,
  orderCancelRequested,
  orderConfirmed,
  orderCancelled,
  orderDelayed,
  orderDeadlinePassed,
  orderReminderDue,
  orderProgressed,
  paymentCaptured,
  paymentDeclined,
  paymentRefunded,
  stockReserved,
  stockRejected,
  stockReleased,
  notificationSent,
  notificationRefused,
];
