/**
 * Entry point of the package `shop-messaging/contracts`: what a service needs to publish and read the shop's events, without
 * the AWS SDK. This is the only file that re-exports; code in this repository imports the files themselves.
 */
export { catalog } from './catalog.ts';
export { type CheckResult, checkEvent } from './check.ts';
export { buildEvent, type Channel, type CloudEvent, type EventContract, type EventOf } from './cloud-event.ts';
export * from './custom/index.ts';
export * from './lifecycle.ts';
export type { Money } from './money.ts';
export {
  type NotificationRefused,
  type NotificationSent,
  notificationRefused,
  notificationSent,
  type RefusalReason,
  type Template,
} from './notification.ts';
export {
  type CancelReason,
  type Charge,
  type Customer,
  type Line,
  type OrderCancelled,
  type OrderCancelRefused,
  type OrderCancelRequested,
  type OrderConfirmed,
  type OrderDeadlinePassed,
  type OrderDelayed,
  type OrderDispatched,
  type OrderLine,
  type OrderPlaced,
  type OrderReconciliationDue,
  type OrderRefundRequested,
  type OrderRefused,
  type OrderReminderDue,
  type OrderShipped,
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
  type Payment,
  type ReturnedLine,
} from './order.ts';
export { ContractError, formatProblem, type Problem, parseEvent } from './parse.ts';
export * from './payment.ts';
export * from './stock.ts';
