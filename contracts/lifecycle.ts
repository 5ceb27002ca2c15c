import * as v from 'valibot';
import { boundedText, defineEvent, type EventOf } from './cloud-event.ts';
import { integer } from './money.ts';
import { cancelReason, goods, orderId } from './order.ts';

/** One step in an order's life. Steps are numbered from 1; the lifecycle topic delivers an order's steps in sequence. */
export const orderProgressed = defineEvent({
  type: 'shop.order.progressed.v1',
  channel: 'lifecycle',
  source: '/shop/order',
  description: 'One step of an order, numbered from 1, in sequence.',
  data: v.object(
    {
      orderId,
      sequence: integer(1, 1000),
      /** The type of the event that made this step, for example `shop.payment.captured.v1`. */
      step: boundedText(128),
      status: v.optional(
        v.pipe(v.picklist(['PLACED', 'CONFIRMED', 'CANCELLED'], 'must be an order status'), v.title('OrderStatus')),
      ),
      reason: v.optional(cancelReason),
      /** The items to ship. Present only on the step that confirms the order. */
      items: v.optional(goods),
    },
    'must be an object',
  ),
});

export type OrderProgressed = EventOf<typeof orderProgressed>;
