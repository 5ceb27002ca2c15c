import type { Notification } from '../../lambdas/notification/rules.ts';
import type { Order } from '../../lambdas/order/rules.ts';
import type { Payment } from '../../lambdas/payment/rules.ts';
import { dynamoRecordStore } from '../../lambdas/runtime/records.ts';
import type { DeployedShop } from '../stack.ts';

/** What is read of the record of an order. */
type OrderFacts = Pick<
  Order,
  'orderId' | 'status' | 'reason' | 'total' | 'stock' | 'cancelRequested' | 'timeline' | 'traceparent'
>;

/** What the consumers have on record of one order; each may know of it before the others do. */
export type OrderRecords = {
  order?: OrderFacts | undefined;
  payment?: Pick<Payment, 'state'> | undefined;
  notification?: Pick<Notification, 'contact' | 'texts'> | undefined;
};

/** Reads what is on record of orders, consistently. */
export async function loadOrderRecords(
  shop: DeployedShop,
  orderIds: readonly string[],
): Promise<Map<string, OrderRecords>> {
  const { documents } = shop;
  const [orders, payments, notifications] = await Promise.all([
    dynamoRecordStore<Order>(shop.output('OrdersTableName'), documents).load(orderIds),
    dynamoRecordStore<Payment>(shop.output('PaymentsTableName'), documents).load(orderIds),
    dynamoRecordStore<Notification>(shop.output('NotificationsTableName'), documents).load(orderIds),
  ]);
  return new Map(
    orderIds.map((id) => [
      id,
      { order: orders.get(id), payment: payments.get(id), notification: notifications.get(id) },
    ]),
  );
}

/** A text that went out: which one, to whom, and when. */
export type SentText = { template: string; phone: string; sentAt: string };

/** Takes what is known of an order's texts and gives those that went out. */
export function sentTexts(notification: OrderRecords['notification']): SentText[] {
  const phone = notification?.contact?.phone ?? '';
  return Object.entries(notification?.texts ?? {}).flatMap(([template, state]) =>
    'sentAt' in state ? [{ template, phone, sentAt: state.sentAt }] : [],
  );
}

/** Takes what is known of an order's texts and gives those that were refused: which one, when, and why. */
export const refusedTexts = (notification: OrderRecords['notification']) =>
  Object.entries(notification?.texts ?? {}).flatMap(([template, state]) =>
    'refusedAt' in state ? [{ template, time: state.refusedAt, refused: state.reason }] : [],
  );
