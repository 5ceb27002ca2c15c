import * as v from 'valibot';
import { defineEvent, type EventOf } from './cloud-event.ts';
import { orderId } from './order.ts';

/** The texts a customer can get, at most one of each per order. */
export const template = v.picklist(
  ['order-placed', 'order-delayed', 'order-confirmed', 'order-cancelled'],
  'must be one of order-placed, order-delayed, order-confirmed, order-cancelled',
);

/** A text went out: which one, never its words or the number. */
export const notificationSent = defineEvent({
  type: 'shop.notification.sent.v1',
  channel: 'bus',
  source: '/shop/notification',
  means: 'A text went out: which one, never its words or the number.',
  data: v.object({ orderId, template }, 'must be an object'),
});

export type Template = v.InferOutput<typeof template>;
export type NotificationSent = EventOf<typeof notificationSent>;
