import { z } from 'zod';

// The events of each consumer that lead to a confirmed order, with the same rules as the contracts, in zod.
const orderId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/);
const integer = (least: number, most = 1_000_000_000_000) => z.number().int().min(least).max(most);
const line = z.object({ sku: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/), quantity: integer(1, 100_000) });
const lines = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(99);
const money = z.object({ amount: integer(1), currency: z.string().regex(/^[A-Z]{3}$/) });

/** Builds the schema of a CloudEvent. */
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

const customer = z.object({
  id: z.string().min(1).max(64),
  phone: z.string().regex(/^\+[1-9]\d{6,14}$/),
  locale: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
    .default('en'),
});
const placed = event(
  'shop.order.placed.v1',
  z
    .object({
      orderId,
      customer,
      payment: z.object({ token: z.string().min(1).max(256) }),
      items: lines(line.extend({ unitPrice: integer(0) })),
      total: money,
    })
    .refine(({ items, total }) => items.reduce((sum, one) => sum + one.quantity * one.unitPrice, 0) === total.amount, {
      path: ['total', 'amount'],
      error: 'must be the sum of the items',
    }),
);
const confirmed = event('shop.order.confirmed.v1', z.object({ orderId, items: lines(line), total: money }));

/** A placed order as the benchmark publishes it: with a token and a phone. */
export type PlacedOrder = z.infer<typeof placed>;

export const paymentInput = placed;
export const stockInput = z.discriminatedUnion('type', [placed, confirmed]);
export const notificationInput = stockInput;
export const orderInput = z.discriminatedUnion('type', [
  placed,
  event('shop.payment.captured.v1', z.object({ orderId, ...money.shape })),
  event('shop.stock.reserved.v1', z.object({ orderId, items: lines(line) })),
]);
export const shippingInput = event(
  'shop.order.progressed.v1',
  z.object({
    orderId,
    sequence: integer(1, 1000),
    step: z.string().min(1).max(128),
    status: z.enum(['PLACED', 'CONFIRMED']).optional(),
    items: lines(line).optional(),
  }),
);
