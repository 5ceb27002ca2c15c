import * as v from 'valibot';
import { boundedText, defineEvent, type EventOf } from './cloud-event.ts';
import { integer } from './money.ts';
import { cancelReason, line, lines, orderId } from './order.ts';

/** One step of an order's life, numbered from 1; the feed gives an order's steps in sequence. */
export const orderProgressed = defineEvent({
  type: 'shop.order.progressed.v1',
  channel: 'lifecycle',
  source: '/shop/order',
  description: "One step of an order's life, numbered, in sequence.",
  data: v.object(
    {
      orderId,
      sequence: integer(1, 1000),
      /** The type of the event that this step is. */
      step: boundedText(128),
      status: v.optional(v.picklist(['PLACED', 'CONFIRMED', 'CANCELLED'], 'must be an order status')),
      reason: v.optional(cancelReason),
      /** What is to be shipped: with the step that confirms the order. */
      items: v.optional(lines(line)),
    },
    'must be an object',
  ),
});

export type OrderProgressed = EventOf<typeof orderProgressed>;
