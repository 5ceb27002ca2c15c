import * as v from 'valibot';
import { boundedText, defineEvent, type EventOf } from './cloud-event.ts';
import { money } from './money.ts';
import { orderId } from './order.ts';

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

/** The captured amount was refunded to the customer. */
export const paymentRefunded = defineEvent({
  type: 'shop.payment.refunded.v1',
  channel: 'bus',
  source: '/shop/payment',
  description: 'The payment of an order was refunded.',
  data: payment,
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
    { ...payment.entries, reference: v.optional(boundedText(256)), reason: boundedText(200) },
    'must be an object',
  ),
});

export type PaymentReceived = EventOf<typeof paymentReceived>;
export type PaymentRefundDue = EventOf<typeof paymentRefundDue>;
export type PaymentAuthorized = EventOf<typeof paymentAuthorized>;
export type PaymentVoided = EventOf<typeof paymentVoided>;
export type PaymentCaptured = EventOf<typeof paymentCaptured>;
export type PaymentDeclined = EventOf<typeof paymentDeclined>;
export type PaymentRefunded = EventOf<typeof paymentRefunded>;
