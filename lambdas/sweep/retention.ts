import { momentOf } from '../notification/text-state.ts';
import { isDecided, type Order } from '../order/record.ts';
import { isAuthorizedHere, type Payment } from '../payment/record.ts';
import { pendingRefund } from '../payment/refunds.ts';
import type { Shipment } from '../shipping/rules.ts';
import { type OrderRecords, type OwedPart, owedParts } from './rules.ts';
import { changedAt } from './settled.ts';

/**
 * Tells whether the time of an order's records is over: nothing has happened to it for `recordMs` milliseconds (0: it never ends), and nothing of it
 * is left to do. A record that is missing has ended before: a table that was put back has some of the records of such an order again.
 */
export function isOver(
  records: OrderRecords & { shipment?: Shipment | undefined },
  recordMs: number,
  now: Date,
): boolean {
  const { order, payment, reservation } = records;
  const until = new Date(now.getTime() - recordMs);
  const moments = momentsOf(records);
  return (
    recordMs > 0 &&
    moments.length > 0 &&
    moments.every((time) => new Date(time) < until) &&
    (order === undefined || isOrderDone(order, records, until)) &&
    (payment === undefined || isPaymentDone(payment)) &&
    reservation?.state !== 'reserved'
  );
}

/** Returns when something happened to an order (ISO 8601). */
function momentsOf({ order, payment, reservation, notification, shipment }: Parameters<typeof isOver>[0]): string[] {
  return [
    ...(order?.timeline ?? []).map(({ time }) => time),
    ...[payment, reservation].flatMap((record) => (record === undefined ? [] : [changedAt(record)])),
    ...Object.values(notification?.texts ?? {}).map(momentOf),
    ...(shipment?.shipment === undefined ? [] : [shipment.shipment.recordedAt]),
  ];
}

function isOrderDone(order: Order, records: OrderRecords, now: Date): boolean {
  if (!isDecided(order)) return false;
  if (order.contradiction !== undefined && !order.contradictionSettled) return false;
  return owedParts(order, records, now).every((part) => isOfMissingRecord(part, records));
}

const isOfMissingRecord = (part: OwedPart, { payment, reservation, notification }: OrderRecords): boolean =>
  (part === 'payment' && payment === undefined) ||
  (part === 'stock' && reservation === undefined) ||
  (part === 'text' && notification === undefined);

const UNDERWAY: ReadonlySet<string> = new Set(['authorizing', 'capturing', 'voiding', 'refunding']);

/** Tells whether neither the gateway nor a person has anything left to do about a payment. */
function isPaymentDone(payment: Payment): boolean {
  const { state, refundDue } = payment;
  const isHeld = state === 'authorized' && isAuthorizedHere(payment);
  return !UNDERWAY.has(state) && !isHeld && refundDue === undefined && pendingRefund(payment) === undefined;
}
