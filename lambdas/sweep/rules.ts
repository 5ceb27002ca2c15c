import type { OrderReconciliationDue } from '../../contracts/order.ts';
import { contentsOf } from '../notification/contents.ts';
import type { Notification } from '../notification/rules.ts';
import { withDecision } from '../order/decision.ts';
import type { Order } from '../order/record.ts';
import { isAuthorizedHere, type Payment } from '../payment/record.ts';
import type { Reservation } from '../stock/record.ts';
import { isPaymentSettled, isStockSettled } from './settled.ts';

/** What the consumers have on record about one order. */
export type OrderRecords = {
  order?: Order | undefined;
  payment?: Payment | undefined;
  reservation?: Reservation | undefined;
  notification?: Notification | undefined;
};

export type Decision = 'confirmed' | 'cancelled';

/** A message of the sweep about an order, to `order`. */
export type SweepMessage =
  | { name: 'deadline-passed' }
  | { name: 'reconciliation-due'; data: OrderReconciliationDue['data'] };

/** What the sweep finds of a decided order. `waiting`: a text is not to be sent before `until`. */
export type Finding = { kind: 'settled' } | { kind: 'waiting'; until: Date } | { kind: 'owing'; message: SweepMessage };

/**
 * Returns what to publish about an undecided order: what others have heard, if anything; else that it can be decided; else, where it is due, that
 * its time is up.
 */
export function messageForUndecided(
  orderId: string,
  records: OrderRecords,
  isPastDeadline: boolean,
  now: Date,
): SweepMessage {
  const { order } = records;
  const heard = decisionOfOthers(records);
  const canBeDecided = order !== undefined && withDecision(order, now) !== order;
  return heard !== undefined || canBeDecided || !isPastDeadline
    ? reconciliation(orderId, records, heard)
    : { name: 'deadline-passed' };
}

/**
 * Returns what a decided order owes: a step that is not published, a cancellation or a shipping that others have heard of and `order` does not know
 * (it was put back, and cancelled wins), a part of payment, stock or notification that is not done.
 */
export function findingOf(order: Order, records: OrderRecords, now: Date): Finding {
  const parts = owedParts(order, records, now);
  if (parts.length > 0) {
    const isTaught = parts.includes('decision') || parts.includes('dispatch');
    const decision = isTaught ? decisionOfOthers(records) : undefined;
    return { kind: 'owing', message: reconciliation(order.orderId, { ...records, order }, decision) };
  }
  const text = stateOfText(order, records.notification, now);
  return text instanceof Date ? { kind: 'waiting', until: text } : { kind: 'settled' };
}

/**
 * Returns the parts of a decided order that are not done. `decision`: others have heard of a cancellation that the order does not know; `dispatch`:
 * others have heard that goods of it left; `steps`: a step is not published. An order with a contradiction is taught nothing: a person was told.
 */
export function owedParts(order: Order, records: OrderRecords, now: Date): OwedPart[] {
  const { status, published, timeline, contradiction } = order;
  const isOtherwise = status === 'CONFIRMED' && decisionOfOthers(records) === 'cancelled';
  const isOwed: Record<OwedPart, boolean> = {
    decision: isOtherwise && contradiction === undefined,
    dispatch: isUnawareOfShipping(order, records),
    steps: published < timeline.length,
    payment: !isPaymentSettled(order, records.payment),
    stock: !isStockSettled(order, records.reservation),
    text: stateOfText(order, records.notification, now) === 'owed',
  };
  return OWED_PARTS.filter((part) => isOwed[part]);
}

const OWED_PARTS = ['decision', 'dispatch', 'steps', 'payment', 'stock', 'text'] as const;
export type OwedPart = (typeof OWED_PARTS)[number];

/**
 * Returns what to publish about money or goods that are held for an order without a record; `undefined` while nobody has heard a decision and
 * `isOverdue` is false, as the order itself may still be waiting for its consumer.
 */
export function messageForUnknown(
  orderId: string,
  records: OrderRecords,
  isOverdue: boolean,
  now: Date,
): SweepMessage | undefined {
  const message = messageForUndecided(orderId, records, true, now);
  return message.name === 'reconciliation-due' || isOverdue ? message : undefined;
}

/** Tells whether money or goods are held for an order; what came past the gateway is too. */
export const isHeld = ({ payment, reservation }: OrderRecords): boolean => heldBy(payment) || heldBy(reservation);

/** Tells whether a payment or a reservation does not agree with a decided order. */
export const disagrees = (order: Order, { payment, reservation }: OrderRecords): boolean =>
  isUnawareOfShipping(order, { payment, reservation }) ||
  (payment !== undefined && !isPaymentSettled(order, payment)) ||
  (reservation !== undefined && !isStockSettled(order, reservation));

const HOLDING = new Set<string>([
  'authorizing',
  'authorized',
  'capturing',
  'captured',
  'refunding',
  'reserved',
  'sold',
]);
const heldBy = (record: { state: string } | undefined): boolean => record !== undefined && HOLDING.has(record.state);

/** Builds the message that an order has to be reconciled, with what the other records know of it. */
function reconciliation(
  orderId: string,
  { order, payment, reservation }: OrderRecords,
  decision: Decision | undefined,
): SweepMessage {
  const items = reservation?.state === 'cancelled' ? undefined : reservation?.lines;
  const known = {
    ...(items && { items }),
    ...(payment?.money && { total: payment.money }),
    ...(payment?.method && { payment: payment.method }),
    ...(!order?.dispatched && haveHeardOfShipping({ payment, reservation }) && { dispatched: true as const }),
  };
  return { name: 'reconciliation-due', data: { orderId, ...(decision && { decision, ...known }) } };
}

/** Returns the decision that others have heard; a cancellation, where any of them has. */
export function decisionOfOthers({ payment, reservation, notification }: OrderRecords): Decision | undefined {
  const heard = [
    payment && decisionOfPayment(payment),
    reservation && DECISION_OF_STOCK[reservation.state],
    notification?.decision && DECISION_OF_NOTIFICATION[notification.decision],
    // Only what was confirmed is shipped.
    haveHeardOfShipping({ payment, reservation }) ? 'confirmed' : undefined,
  ];
  if (heard.includes('cancelled')) return 'cancelled';
  return heard.includes('confirmed') ? 'confirmed' : undefined;
}

/** A payment that comes past the gateway is captured without a confirmation. */
function decisionOfPayment(payment: Payment): Decision | undefined {
  switch (payment.state) {
    case 'capturing':
    case 'captured':
    case 'lapsed':
      return isAuthorizedHere(payment) ? 'confirmed' : undefined;
    case 'voiding':
    case 'voided':
    case 'refunding':
    case 'refunded':
    case 'refund-due':
      return 'cancelled';
    default:
      return undefined;
  }
}

const DECISION_OF_STOCK: Partial<Record<Reservation['state'], Decision>> = {
  sold: 'confirmed',
  released: 'cancelled',
  cancelled: 'cancelled',
};
const DECISION_OF_NOTIFICATION = { 'order-confirmed': 'confirmed', 'order-cancelled': 'cancelled' } as const;

const haveHeardOfShipping = ({ payment, reservation }: OrderRecords): boolean =>
  (payment?.dispatched ?? reservation?.dispatched) === true;

const isUnawareOfShipping = ({ dispatched, contradiction }: Order, records: OrderRecords): boolean =>
  !dispatched && contradiction === undefined && haveHeardOfShipping(records);

/** Returns whether the text of a decision is done, owed, or not to be looked at before a moment. */
function stateOfText(order: Order, notification: Notification | undefined, now: Date): 'done' | 'owed' | Date {
  if (isOfAnotherOrder(order, notification)) return 'done';
  // A person settles it with the customer, who may have been told otherwise.
  if (order.contradiction !== undefined && notification?.decision !== undefined) return 'done';
  const template = order.status === 'CONFIRMED' ? 'order-confirmed' : 'order-cancelled';
  if (notification?.decision !== template) return 'owed';
  // Nobody is known any more, or nobody ever was.
  if (notification.contact === undefined || notification.contact.forgotten) return 'done';
  const text = notification.texts[template];
  if (text === undefined) return 'owed';
  if (!('notBefore' in text || 'sendingUntil' in text)) return 'done';
  const until = new Date('notBefore' in text ? text.notBefore : text.sendingUntil);
  return until > now ? until : 'owed';
}

/**
 * Tells whether notification was told of another order under the same id. It dead-letters each confirmation, as nobody it knows is to be told
 * of this one.
 */
const isOfAnotherOrder = ({ status, items, total }: Order, notification: Notification | undefined): boolean =>
  status === 'CONFIRMED' &&
  items !== undefined &&
  total !== undefined &&
  notification?.contents !== undefined &&
  notification.contents !== contentsOf({ items, total });
