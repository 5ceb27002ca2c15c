import * as v from 'valibot';
import { boundedText, defineEvent, type EventOf } from './cloud-event.ts';
import { amount, money } from './money.ts';
import { orderId, refundId } from './order.ts';

const payment = v.object({ orderId, ...money.entries }, 'must be an object');

/** The order's total is held, or there is nothing to be held: it costs nothing, or is paid on delivery. The order may be confirmed. */
export const paymentAuthorized = defineEvent({
  type: 'shop.payment.authorized.v1',
  channel: 'bus',
  source: '/shop/payment',
  description: 'The payment of an order is authorized, or the order needs no authorization.',
  data: payment,
});

/** The order's total was captured: after the confirmation, or by the checkout, or a payment that was awaited came. */
export const paymentCaptured = defineEvent({
  type: 'shop.payment.captured.v1',
  channel: 'bus',
  source: '/shop/payment',
  description: 'The payment of an order was captured.',
  data: payment,
});

/** The authorized amount of a cancelled order is no longer held. Nothing was captured. */
export const paymentVoided = defineEvent({
  type: 'shop.payment.voided.v1',
  channel: 'bus',
  source: '/shop/payment',
  description: 'The authorization of a cancelled order was voided; nothing was captured.',
  data: payment,
});

/** The customer's bank declined the payment; after the confirmation: what was authorized can no longer be captured. */
export const paymentDeclined = defineEvent({
  type: 'shop.payment.declined.v1',
  channel: 'bus',
  source: '/shop/payment',
  description: 'The payment of an order was declined, or could not be captured any more.',
  data: v.object({ orderId, reason: boundedText(200) }, 'must be an object'),
});

/** Money went back to the customer: what was asked for as `refundId`, or, without one, what a cancelled order had left. */
export const paymentRefunded = defineEvent({
  type: 'shop.payment.refunded.v1',
  channel: 'bus',
  source: '/shop/payment',
  description: 'Captured money of an order was sent back.',
  data: v.object(
    {
      ...payment.entries,
      refundId: v.optional(refundId),
      /** All that was sent back of the order so far, this refund included. */
      refunded: v.optional(amount),
    },
    'must be an object',
  ),
});

/** A refund that was asked for is more than is left of what was captured: nothing of it is sent. Tells its publisher. */
export const paymentRefundRefused = defineEvent({
  type: 'shop.payment.refund-refused.v1',
  channel: 'bus',
  source: '/shop/payment',
  description: 'A refund was refused, because it is more than is left of what was captured.',
  data: v.object(
    {
      orderId,
      refundId,
      amount,
      /** What was captured of the order. */
      captured: amount,
      /** What was sent back of it, or is about to be. */
      refunded: amount,
      /** Absent where the order itself never came. */
      currency: v.optional(money.entries.currency),
    },
    'must be an object',
  ),
});

/** An awaited payment arrived: a bank transfer, or the customer paid on delivery. Put on the bus by whoever has the reporter's policy. */
export const paymentReceived = defineEvent({
  type: 'shop.payment.received.v1',
  channel: 'bus',
  source: '/shop/payments',
  sentBy: 'services',
  description: 'An awaited payment of an order arrived.',
  data: v.object({ ...payment.entries, reference: v.optional(boundedText(256)) }, 'must be an object'),
});

/** Money must go back to the customer and no gateway can send it: a person has to. */
export const paymentRefundDue = defineEvent({
  type: 'shop.payment.refund-due.v1',
  channel: 'bus',
  source: '/shop/payment',
  description: 'Money of an order must go back and no gateway can send it: a person has to.',
  data: v.object(
    {
      ...payment.entries,
      reference: v.optional(boundedText(256)),
      reason: boundedText(200),
      /** The refund that was asked for; absent where it is that of a cancellation. */
      refundId: v.optional(refundId),
    },
    'must be an object',
  ),
});

export type PaymentReceived = EventOf<typeof paymentReceived>;
export type PaymentRefundDue = EventOf<typeof paymentRefundDue>;
export type PaymentAuthorized = EventOf<typeof paymentAuthorized>;
export type PaymentVoided = EventOf<typeof paymentVoided>;
export type PaymentCaptured = EventOf<typeof paymentCaptured>;
export type PaymentDeclined = EventOf<typeof paymentDeclined>;
export type PaymentRefundRefused = EventOf<typeof paymentRefundRefused>;
export type PaymentRefunded = EventOf<typeof paymentRefunded>;
