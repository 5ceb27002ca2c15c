import { orderDispatched, orderShipped } from '../../contracts/order.ts';
import { isDecision, type Order } from '../order/record.ts';
import { isAuthorizedHere, type Payment } from '../payment/record.ts';
import { pendingRefund } from '../payment/refunds.ts';
import type { Reservation } from '../stock/record.ts';

type Decided = Pick<Order, 'status' | 'contradiction' | 'dispatched'>;

const ENDED: ReadonlySet<string> = new Set(['declined', 'voided', 'refunded', 'refund-due']);
/** States in which a cancellation has not undone a payment; versions before 0.3.0 wrote others, which it leaves as they are. */
const NOT_UNDONE: ReadonlySet<string> = new Set([
  'awaiting',
  'authorizing',
  'authorized',
  'capturing',
  'captured',
  'lapsed',
  'voiding',
]);
/** States in which payment notes that goods left. */
const NOTES_SHIPPING: ReadonlySet<string> = new Set(['captured', 'authorized']);

/**
 * Tells whether payment has nothing left to do about a decided order. An order with a contradiction is a person's: what contradicts it in payment is
 * not mended by publishing its decision again, but a refund or a void that was begun is ended by it.
 */
export function isPaymentSettled(order: Decided, payment: Payment | undefined): boolean {
  if (payment === undefined) return false;
  // It refuses the cancellation, which would not resume a refund either.
  if (order.status === 'CANCELLED' && isKeptBy(order, payment)) return true;
  if (pendingRefund(payment) !== undefined) return false;
  const { status, contradiction } = order;
  const { state } = payment;
  if (status === 'CANCELLED') return !NOT_UNDONE.has(state);
  if (contradiction !== undefined && (state === 'lapsed' || ENDED.has(state))) return true;
  const isAsConfirmed = isAuthorizedHere(payment) ? state === 'captured' : !ENDED.has(state) && state !== 'voiding';
  return isAsConfirmed && (!NOTES_SHIPPING.has(state) || knowsShipping(order, payment));
}

/** Tells whether stock has nothing left to do about a decided order. */
export function isStockSettled(order: Decided, reservation: Reservation | undefined): boolean {
  if (reservation === undefined) return false;
  const { status, contradiction } = order;
  const { state } = reservation;
  if (status === 'CANCELLED') return (state !== 'reserved' && state !== 'sold') || isKeptBy(order, reservation);
  if (state === 'sold') return knowsShipping(order, reservation);
  return contradiction !== undefined && state !== 'reserved';
}

type Dispatched = { dispatched?: true };

/** Tells whether a consumer keeps what it has although the order is cancelled, because it knows that goods left: a person was told. */
const isKeptBy = ({ contradiction }: Decided, { dispatched }: Dispatched): boolean =>
  contradiction !== undefined && dispatched === true;

/** Tells whether a consumer knows that goods of an order left, so that it undoes nothing of it. */
export const knowsShipping = (order: Decided, record: Dispatched): boolean =>
  order.dispatched === undefined || order.contradiction !== undefined || record.dispatched === true;

/** Returns when a payment or a reservation last changed (ISO 8601), by a refund or a return too. */
export function changedAt(record: Payment | Reservation): string {
  const parts = ('version' in record ? record.refunds : record.returned) ?? [];
  return parts.reduce((latest, { time }) => (time > latest ? time : latest), record.time);
}

/** Returns when payment and stock were last told something of a decided order: its decision, or that goods of it left (ISO 8601). */
export const toldAt = ({ timeline }: Pick<Order, 'timeline'>): string | undefined =>
  timeline.findLast((entry) => isDecision(entry) || SHIPPING.has(entry.type))?.time;

const SHIPPING: ReadonlySet<string> = new Set([orderShipped.type, orderDispatched.type]);
