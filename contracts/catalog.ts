import type { EventContract } from './cloud-event.ts';
import { customCatalog } from './custom/catalog.ts';
import { orderProgressed } from './lifecycle.ts';
import { notificationRefused, notificationSent } from './notification.ts';
import {
  orderCancelled,
  orderCancelRefused,
  orderCancelRequested,
  orderConfirmed,
  orderDeadlinePassed,
  orderDelayed,
  orderDispatched,
  orderPlaced,
  orderReconciliationDue,
  orderRefundRequested,
  orderRefused,
  orderReminderDue,
  orderShipped,
} from './order.ts';
import {
  paymentAuthorized,
  paymentCaptured,
  paymentDeclined,
  paymentReceived,
  paymentRefundDue,
  paymentRefunded,
  paymentRefundRefused,
  paymentVoided,
} from './payment.ts';
import { stockReceived, stockRejected, stockReleased, stockReserved, stockReturned } from './stock.ts';

/** The shipped events. A shop adds its own in `contracts/custom/catalog.ts`, which no update touches. */
export const shippedCatalog: readonly EventContract[] = [
  orderPlaced,
  orderCancelRequested,
  orderShipped,
  orderRefundRequested,
  orderConfirmed,
  orderCancelled,
  orderDispatched,
  orderCancelRefused,
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
  paymentRefundRefused,
  stockReserved,
  stockRejected,
  stockReleased,
  stockReturned,
  stockReceived,
  notificationSent,
  notificationRefused,
];

/** Every event of the shop. An event that is not listed here is not part of the public interface. */
export const catalog: readonly EventContract[] = [...shippedCatalog, ...customCatalog];
