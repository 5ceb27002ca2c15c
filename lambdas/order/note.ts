import type { Money } from '../../contracts/money.ts';
import {
  goodsOf,
  type OrderPlaced,
  type OrderReconciliationDue,
  orderCancelRequested,
  orderDeadlinePassed,
  orderPlaced,
  orderReminderDue,
  orderShipped,
  type Payment,
  paymentMethodOf,
} from '../../contracts/order.ts';
import {
  type PaymentAuthorized,
  type PaymentCaptured,
  paymentAuthorized,
  paymentCaptured,
  paymentDeclined,
  paymentRefunded,
  paymentVoided,
} from '../../contracts/payment.ts';
import { stockRejected, stockReleased, stockReserved, stockReturned } from '../../contracts/stock.ts';
import { entryOf } from './entry.ts';
import type { OrderInput } from './input.ts';
import { openAttributes } from './open-orders.ts';
import { isDecided, type Order } from './record.ts';
import { withShipment } from './shipment.ts';

/** Adds an event to its order's record, without deciding anything. */
export function noteEvent(
  order: Order,
  event: Exclude<OrderInput, OrderReconciliationDue>,
  time: string,
  now: Date,
): Order {
  const entry = entryOf(event, time);
  const updated = { ...order, timeline: [...order.timeline, entry] };
  switch (event.type) {
    case orderPlaced.type:
      return placement(updated, event.data, now);
    case orderCancelRequested.type:
      return { ...updated, cancelRequested: true };
    case orderShipped.type:
      return withShipment(order, entry);
    case paymentAuthorized.type:
      // One that comes late says nothing new.
      return { ...updated, payment: order.payment ?? 'authorized', paid: paidBy(event) };
    case paymentCaptured.type: {
      // The customer has paid in time: from now on the order waits for the shop.
      const waited = order.status === 'PLACED' && order.method?.kind === 'awaited';
      const captured: Order = { ...updated, payment: 'captured', paid: paidBy(event) };
      return waited ? { ...captured, ...openAttributes('open', order.orderId, now) } : captured;
    }
    case paymentDeclined.type:
      return { ...updated, payment: 'declined' };
    case stockReserved.type:
      return { ...updated, stock: 'reserved', reserved: event.data.items };
    case stockRejected.type:
      return { ...updated, stock: 'rejected', short: event.data.items };
    case orderDeadlinePassed.type:
      return { ...updated, timedOut: true };
    case orderReminderDue.type:
      return { ...updated, open: openAttributes('reminded', order.orderId, now).open };
    case paymentVoided.type:
    case paymentRefunded.type:
    case stockReleased.type:
    case stockReturned.type:
      return updated;
  }
}

const paidBy = ({ data: { amount, currency } }: PaymentAuthorized | PaymentCaptured): Money => ({ amount, currency });

/**
 * Adds a placed order to its record, without the payment's token and the customer. One that was decided before it came stays decided, and
 * nobody waits for it.
 */
function placement(
  order: Order,
  { orderId, orderNumber, total, items, payment }: OrderPlaced['data'],
  now: Date,
): Order {
  const { expiresAt: _, ...kept } = order;
  const placed: Order = {
    ...kept,
    ...(orderNumber === undefined ? {} : { orderNumber }),
    total,
    items: goodsOf(items),
    ...(payment === undefined ? {} : { method: paymentMethodOf(payment) }),
  };
  if (isDecided(order)) return placed;
  const waitsFor = order.payment === undefined && total.amount > 0 ? payment : undefined;
  return { ...placed, status: 'PLACED', ...openPlaced(orderId, now, waitsFor) };
}

/** Returns where the sweep finds an order that was placed now. A customer who has yet to pay is not told of a delay. */
function openPlaced(orderId: string, now: Date, waitsFor: Payment | undefined) {
  if (waitsFor?.kind !== 'awaited') return openAttributes('open', orderId, now);
  return waitsFor.until === undefined
    ? openAttributes('reminded', orderId, now)
    : openAttributes('until', orderId, new Date(waitsFor.until));
}
