import type { Order } from '../../lambdas/order/record.ts';
import { isAuthorizedHere, type Payment, type PaymentState } from '../../lambdas/payment/record.ts';
import { pendingRefund } from '../../lambdas/payment/refunds.ts';
import type { Reservation } from '../../lambdas/stock/record.ts';
import type { OrderRecords, OwedPart } from '../../lambdas/sweep/rules.ts';
import { decisionOfOthers } from '../../lambdas/sweep/rules.ts';
import { knowsShipping } from '../../lambdas/sweep/settled.ts';
import { pendingWords } from './refunds.ts';

const PAYMENT_WORDS: Record<PaymentState, string> = {
  awaiting: 'still awaited',
  authorizing: 'still being authorized',
  authorized: 'only authorized',
  capturing: 'still being captured',
  captured: 'captured',
  lapsed: 'lapsed before it was captured',
  declined: 'declined',
  voiding: 'still being voided',
  voided: 'voided',
  refunding: 'still being refunded',
  refunded: 'refunded',
  'refund-due': 'to be refunded by a person',
};

const STOCK_WORDS: Record<Reservation['state'], string> = {
  reserved: 'reserved',
  rejected: 'rejected',
  sold: 'sold',
  released: 'back on the shelf',
  cancelled: 'cancelled before they were reserved',
  received: 'received',
};

/** Says where a payment is, as in "its payment is only authorized". */
export const paymentWords = ({ state }: Payment): string => `its payment is ${PAYMENT_WORDS[state]}`;

/** Says where an order's goods are. */
export const stockWords = ({ state }: Reservation): string => `its goods are ${STOCK_WORDS[state]}`;

/** Says in words what a part that a decided order owes looks like. */
export function owedWords(part: OwedPart, order: Order, records: OrderRecords): string {
  const { payment, reservation } = records;
  switch (part) {
    case 'decision':
      return `${listenersOf(records, 'cancelled')} heard that it is cancelled`;
    case 'dispatch':
      return `${andOf([...(payment?.dispatched ? ['payment'] : []), ...(reservation?.dispatched ? ['stock'] : [])])} heard that goods of it left`;
    case 'steps': {
      const names = order.timeline.slice(order.published).map(({ type }) => type.split('.')[2]);
      return `${names.length} of its ${order.timeline.length} steps ${names.length === 1 ? 'is' : 'are'} not known to be published (${names.join(', ')})`;
    }
    case 'payment':
      return payment === undefined ? 'payment has no record of it' : unsettledWords(order, payment);
    case 'stock':
      if (reservation === undefined) return 'stock has no record of it';
      return isKeptUnaware(order, reservation) ? 'stock has not heard that goods of it left' : stockWords(reservation);
    case 'text':
      return textWords(order, records);
  }
}

function unsettledWords(order: Order, payment: Payment): string {
  const pending = payment.state === 'refunding' ? undefined : pendingRefund(payment);
  if (pending !== undefined) return pendingWords(payment, pending);
  return isKeptUnaware(order, payment) ? 'payment has not heard that goods of it left' : paymentWords(payment);
}

/** Tells whether a consumer has what a confirmed order is owed, and would undo it because it does not know that goods left. */
const isKeptUnaware = (order: Order, record: Payment | Reservation): boolean =>
  order.status === 'CONFIRMED' && isKept(record) && !knowsShipping(order, record);

const isKept = (record: Payment | Reservation): boolean =>
  'version' in record ? record.state === 'captured' || !isAuthorizedHere(record) : record.state === 'sold';

function textWords({ status }: Order, { notification }: OrderRecords): string {
  const decision = notification?.decision;
  if (decision === undefined) return 'notification has not heard of it';
  const isOther = (decision === 'order-confirmed') !== (status === 'CONFIRMED');
  return isOther
    ? `notification heard that it is ${decision.replace('order-', '')}`
    : 'its customer is known and was not told';
}

/** Names the consumers that heard a decision. */
export function listenersOf(records: OrderRecords, decision: 'confirmed' | 'cancelled'): string {
  const { payment, reservation, notification } = records;
  const each = { payment: { payment }, stock: { reservation }, notification: { notification } };
  const names = Object.entries(each).flatMap(([name, one]) => (decisionOfOthers(one) === decision ? [name] : []));
  return andOf(names);
}

const andOf = (names: readonly string[]): string =>
  names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names.join('');
