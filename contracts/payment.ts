import * as v from 'valibot';
import { boundedText, defineEvent, type EventOf } from './cloud-event.ts';
import { money } from './money.ts';
import { orderId } from './order.ts';

const payment = v.object({ orderId, ...money.entries }, 'must be an object');

/** The order's total was captured. */
export const paymentCaptured = defineEvent({
  type: 'shop.payment.captured.v1',
  channel: 'bus',
  source: '/shop/payment',
  description: 'The payment of an order was captured.',
  data: payment,
});

/** The customer's bank declined the payment. */
export const paymentDeclined = defineEvent({
  type: 'shop.payment.declined.v1',
  channel: 'bus',
  source: '/shop/payment',
  description: 'The payment of an order was declined.',
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

export type PaymentCaptured = EventOf<typeof paymentCaptured>;
export type PaymentDeclined = EventOf<typeof paymentDeclined>;
export type PaymentRefunded = EventOf<typeof paymentRefunded>;
