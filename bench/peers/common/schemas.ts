import { z } from 'zod';

/** Reads what does not fit as absent, because it matters neither to money nor to goods. */
const advisory = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);

// The events of each consumer that lead to a confirmed order, with the same rules as the contracts, in zod.
const ID_CHARACTERS = '[!#-&(-[\\]-_a-~]';
const orderId = z.string().regex(new RegExp(`^${ID_CHARACTERS}{1,64}$`));
const integer = (least: number, most = 1_000_000_000_000) => z.number().int().min(least).max(most);
const sku = z.string().regex(/^[^\s\p{Cc}]([^\p{Cc}]{0,98}[^\s\p{Cc}])?$/u);
const line = z.object({ sku, quantity: integer(1, 100_000) });
const MAX_SKUS = 99;
const goods = z.array(line).max(MAX_SKUS);
const money = z.object({ amount: integer(0), currency: z.string().regex(/^[A-Z]{3}$/) });

const charge = z.object({
  kind: z.enum(['shipping', 'tax', 'discount', 'gift-card', 'fee', 'rounding', 'other']),
  amount: integer(-1_000_000_000_000),
  label: advisory(z.string().max(100)),
});

type Priced = { quantity: number; unitPrice: number } | { amount: number };

const sumOf = (parts: readonly Priced[]) =>
  parts.reduce((sum, part) => sum + ('amount' in part ? part.amount : part.quantity * part.unitPrice), 0);

/** Builds the schema of a CloudEvent. */
const event = <Type extends string, Data extends z.ZodType>(type: Type, data: Data) =>
  z.object({
    specversion: z.literal('1.0').default('1.0'),
    id: z.string().min(1).max(256),
    source: z.string().min(1).max(256),
    type: z.literal(type),
    time: z.iso.datetime({ offset: true }).optional(),
    subject: advisory(z.string().min(1).max(256)),
    datacontenttype: z
      .string()
      .regex(/^[a-z]+\/([\w.+-]+\+)?json *(;.*)?$/i)
      .default('application/json'),
    traceparent: advisory(z.string().min(1).max(512)),
    tracestate: advisory(z.string().min(1).max(512)),
    data,
  });

const customer = z.object({
  id: advisory(z.string().max(64)),
  phone: z.string().max(40),
  locale: z.string().max(35).default('en'),
});
const placed = event(
  'shop.order.placed.v1',
  z
    .object({
      orderId,
      orderNumber: advisory(z.string().regex(new RegExp(`^${ID_CHARACTERS}{1,20}$`))),
      customer,
      payment: z.object({ kind: z.literal('token').optional(), token: z.string().min(1).max(256) }),
      items: z
        .array(line.extend({ unitPrice: integer(0), tracked: z.boolean().optional() }))
        .min(1)
        .max(500),
      charges: z.array(charge).max(100).optional(),
      total: money,
    })
    .refine(({ items }) => new Set(items.map((one) => one.sku)).size <= MAX_SKUS, {
      path: ['items'],
      error: 'must be of at most 99 SKUs',
    })
    .refine(({ items, charges = [], total }) => sumOf(items) + sumOf(charges) === total.amount, {
      path: ['total', 'amount'],
      error: 'must be the sum of the items and the charges',
    }),
);
const confirmedPayment = z.object({
  kind: z.enum(['token', 'captured', 'authorized', 'on-delivery', 'awaited']),
  reference: z.string().min(1).max(256).optional(),
});
const confirmed = event(
  'shop.order.confirmed.v1',
  z.object({ orderId, items: goods, total: money, payment: confirmedPayment.optional() }),
);
const cancelled = event(
  'shop.order.cancelled.v1',
  z.object({ orderId, reason: z.enum(['payment-declined', 'out-of-stock', 'customer', 'timed-out']) }),
);

export const paymentInput = z.discriminatedUnion('type', [placed, confirmed, cancelled]);
export const stockInput = z.discriminatedUnion('type', [placed, confirmed]);
export const notificationInput = stockInput;
export const orderInput = z.discriminatedUnion('type', [
  placed,
  event('shop.payment.authorized.v1', z.object({ orderId, ...money.shape })),
  event('shop.payment.captured.v1', z.object({ orderId, ...money.shape })),
  event('shop.stock.reserved.v1', z.object({ orderId, items: goods })),
]);
export const shippingInput = event(
  'shop.order.progressed.v1',
  z.object({
    orderId,
    sequence: integer(1, 1000),
    step: z.string().min(1).max(128),
    status: z.enum(['PLACED', 'CONFIRMED']).optional(),
    items: goods.optional(),
  }),
);
