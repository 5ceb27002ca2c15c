import * as v from 'valibot';
import { defineEvent, type EventOf } from './cloud-event.ts';
import { orderId } from './order.ts';

/** The text messages that a customer can receive: at most one of each per order. */
export const template = v.pipe(
  v.picklist(
    ['order-placed', 'order-delayed', 'order-confirmed', 'order-cancelled', 'order-shipped', 'order-refunded'],
    'must be one of order-placed, order-delayed, order-confirmed, order-cancelled, order-shipped, order-refunded',
  ),
  v.title('Template'),
);

/** A text message was sent. The event names the template, never the wording or the phone number. */
export const notificationSent = defineEvent({
  type: 'shop.notification.sent.v1',
  channel: 'bus',
  source: '/shop/notification',
  description: 'A text was sent: which template, never the text or the number.',
  data: v.object({ orderId, template }, 'must be an object'),
});

/** Why a text message will never be sent. */
export const refusalReason = v.pipe(
  v.picklist(
    ['opted-out', 'invalid-number', 'premium-rate', 'country', 'too-many'],
    'must be one of opted-out, invalid-number, premium-rate, country, too-many',
  ),
  v.title('RefusalReason'),
);

/**
 * A text message will not be sent: the number does not accept texts, or the shop's settings exclude it. `invalid-number` with `forgotten`: the
 * number is not kept any more.
 */
export const notificationRefused = defineEvent({
  type: 'shop.notification.refused.v1',
  channel: 'bus',
  source: '/shop/notification',
  description: 'A text will not be sent: its number cannot receive texts, or the settings do not allow it.',
  data: v.object(
    { orderId, template, reason: refusalReason, forgotten: v.optional(v.literal(true, 'must be true')) },
    'must be an object',
  ),
});

export type RefusalReason = v.InferOutput<typeof refusalReason>;
export type NotificationRefused = EventOf<typeof notificationRefused>;
export type Template = v.InferOutput<typeof template>;
export type NotificationSent = EventOf<typeof notificationSent>;
