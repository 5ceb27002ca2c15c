import { z } from 'zod';

const orderId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/);
const whole = (least: number, most = 1_000_000_000_000) => z.number().int().min(least).max(most);
const line = z.object({ sku: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/), quantity: whole(1, 100_000) });
const lines = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(99);
const money = z.object({ amount: whole(1), currency: z.string().regex(/^[A-Z]{3}$/) });
const cancelReason = z.enum(['payment-declined', 'out-of-stock', 'customer', 'timed-out']);

/** Takes a type and the schema of its data and gives the schema of the whole CloudEvent. */
const event = <Type extends string, Data extends z.ZodType>(type: Type, data: Data) =>
  z.object({
    specversion: z.literal('1.0').default('1.0'),
    id: z.string().min(1).max(256),
    source: z.string().min(1).max(256),
    type: z.literal(type),
    time: z.iso.datetime({ offset: true }).optional(),
    subject: z.string().min(1).max(256).optional(),
    data,
  });

const ofOrder = z.object({ orderId });
const held = z.object({ orderId, items: lines(line) });
const paid = z.object({ orderId, ...money.shape });

const placed = event(
  'shop.order.placed.v1',
  z
    .object({
      orderId,
      customer: z.object({
        id: z.string().min(1).max(64),
        phone: z.string().regex(/^\+[1-9]\d{6,14}$/),
        locale: z
          .string()
          .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
          .default('en'),
      }),
      payment: z.object({ token: z.string().min(1).max(256) }),
      items: lines(line.extend({ unitPrice: whole(0) })),
      total: money,
    })
    .refine(({ items, total }) => items.reduce((sum, one) => sum + one.quantity * one.unitPrice, 0) === total.amount, {
      path: ['total', 'amount'],
      error: 'must be the sum of the items',
    }),
);
const confirmed = event('shop.order.confirmed.v1', z.object({ orderId, items: lines(line), total: money }));
const cancelled = event('shop.order.cancelled.v1', z.object({ orderId, reason: cancelReason }));

/** What each consumer understands; the same rules as the contracts, in zod. */
export const paymentInput = z.discriminatedUnion('type', [placed, cancelled]);
export const stockInput = z.discriminatedUnion('type', [placed, confirmed, cancelled]);
export const notificationInput = z.discriminatedUnion('type', [placed, confirmed, cancelled]);
/** What happens to an order: what publishers say, and what payment and stock do, come through queues of their own. */
export const orderInput = z.discriminatedUnion('type', [
  placed,
  event('shop.order.cancel-requested.v1', z.object({ orderId, reason: z.string().min(1).max(200) })),
  event('shop.order.deadline-passed.v1', ofOrder),
  event('shop.payment.captured.v1', paid),
  event('shop.payment.declined.v1', z.object({ orderId, reason: z.string().min(1).max(200) })),
  event('shop.payment.refunded.v1', paid),
  event('shop.stock.reserved.v1', held),
  event('shop.stock.rejected.v1', held),
  event('shop.stock.released.v1', held),
]);
export const shippingInput = event(
  'shop.order.progressed.v1',
  z.object({
    orderId,
    sequence: whole(1, 1000),
    step: z.string().min(1).max(128),
    status: z.enum(['PLACED', 'CONFIRMED', 'CANCELLED']).optional(),
    reason: cancelReason.optional(),
    items: lines(line).optional(),
  }),
);
