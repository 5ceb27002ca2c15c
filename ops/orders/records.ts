import type { Notification } from '../../lambdas/notification/rules.ts';
import type { Order } from '../../lambdas/order/record.ts';
import type { Payment, PaymentState } from '../../lambdas/payment/record.ts';
import { dynamoRecordStore } from '../../lambdas/runtime/records.ts';
import type { Reservation } from '../../lambdas/stock/record.ts';
import { stockTable } from '../../lambdas/stock/table.ts';
import type { DeployedShop } from '../stack.ts';

/** The parts of an order's record that are read here. */
type OrderSummary = Pick<
  Order,
  | 'orderId'
  | 'orderNumber'
  | 'status'
  | 'reason'
  | 'total'
  | 'stock'
  | 'short'
  | 'dispatched'
  | 'contradiction'
  | 'timeline'
  | 'traceparent'
>;

/** The parts of a payment's record that are read here. */
export type PaymentSummary = Pick<
  Payment,
  'state' | 'money' | 'method' | 'declineReason' | 'refunds' | 'refundReason' | 'time'
>;

/** The parts of a reservation that are read here. */
export type ReservationSummary = Pick<Reservation, 'state' | 'lines' | 'returned'>;

/** The consumers' records of one order. Any of them may be the first to have one. */
export type OrderRecords = {
  order?: OrderSummary | undefined;
  payment?: PaymentSummary | undefined;
  notification?: Pick<Notification, 'contact' | 'texts'> | undefined;
  /** Read by `loadWholeOrder` alone. */
  reservation?: ReservationSummary | undefined;
};

/** Loads the records of orders with consistent reads; every id asked for has an entry. */
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

/** Loads all records of one order, its reservation too. */
export async function loadWholeOrder(shop: DeployedShop, orderId: string): Promise<OrderRecords> {
  const stock = stockTable(shop.output('StockTableName'), shop.output('ReservationsTableName'), shop.documents);
  const [records, reservations] = await Promise.all([loadOrderRecords(shop, [orderId]), stock.load([orderId])]);
  return { ...records.get(orderId), reservation: reservations.get(orderId) ?? undefined };
}

const PENDING_STATES: readonly string[] = ['authorizing', 'capturing', 'voiding', 'refunding'] satisfies PaymentState[];

/** Tells whether a call to the payment gateway is unanswered. */
export const isPaymentPending = (state: string | undefined): boolean =>
  state !== undefined && PENDING_STATES.includes(state);

export type SentText = { template: string; phone: string; sentAt: string };

/** Lists an order's texts that were sent. */
export function sentTexts(notification: OrderRecords['notification']): SentText[] {
  const phone = notification?.contact?.phone ?? '';
  return Object.entries(notification?.texts ?? {}).flatMap(([template, state]) =>
    'sentAt' in state ? [{ template, phone, sentAt: state.sentAt }] : [],
  );
}

/** Lists an order's texts that were refused, with the reason. */
export const refusedTexts = (notification: OrderRecords['notification']) =>
  Object.entries(notification?.texts ?? {}).flatMap(([template, state]) =>
    'refusedAt' in state ? [{ template, time: state.refusedAt, refused: state.reason }] : [],
  );

/** Returns until when an order's text waits (ISO 8601): the end of quiet hours. */
export const textNotBefore = (notification: OrderRecords['notification']): string | undefined =>
  Object.values(notification?.texts ?? {}).flatMap((state) => ('notBefore' in state ? [state.notBefore] : []))[0];
