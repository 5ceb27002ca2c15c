import * as v from 'valibot';
import { boundedText, defineEvent, type EventOf, textMatching } from './cloud-event.ts';
import { amount, integer, money } from './money.ts';

/** An order's id. Short and plain, because it becomes a table key, a FIFO message group and part of an SMS. */
export const orderId = textMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, '1 to 40 letters, digits, - or _');

/** A stock keeping unit (SKU) and a quantity. */
export const line = v.object(
  {
    sku: textMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, '1 to 64 letters, digits, ., - or _'),
    quantity: integer(1, 100_000),
  },
  'must be an object',
);

export type Line = v.InferOutput<typeof line>;

/** Adds up quantities per SKU. The result has one line per SKU, sorted by SKU. */
export function sumBySku(lines: readonly Line[]): Line[] {
  const sums = new Map<string, number>();
  for (const { sku, quantity } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  return [...sums].map(([sku, quantity]) => ({ sku, quantity })).sort((a, b) => (a.sku < b.sku ? -1 : 1));
}

/** Compares the quantity of each SKU. Ignores the sequence of lines and how a quantity is split over lines. */
export function sameGoods(one: readonly Line[], other: readonly Line[]): boolean {
  const left = sumBySku(one);
  const right = sumBySku(other);
  return (
    left.length === right.length &&
    left.every(({ sku, quantity }, index) => sku === right[index]?.sku && quantity === right[index].quantity)
  );
}

// One DynamoDB transaction reserves a whole order. It has at most 100 actions; one of them writes the reservation.
const MAX_LINES = 99;

/** Builds a schema for an order's lines. Checks their number before their contents, so that a huge message fails fast. */
export const lines = <Item extends v.GenericSchema>(item: Item) =>
  v.pipe(
    v.array(v.unknown(), 'must be an array'),
    v.minLength(1, 'must have at least 1 line'),
    v.maxLength(MAX_LINES, `must have at most ${MAX_LINES} lines`),
    v.array(item),
  );

const pricedLine = v.object({ ...line.entries, unitPrice: amount }, 'must be an object');

const order = v.pipe(
  v.object(
    {
      orderId,
      customer: v.object(
        {
          id: boundedText(64),
          phone: textMatching(/^\+[1-9]\d{6,14}$/, 'an E.164 number such as +821012345678'),
          locale: v.optional(
            textMatching(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'a BCP 47 tag such as ko or en-GB'),
            'en',
          ),
        },
        'must be an object',
      ),
      payment: v.object({ token: boundedText(256) }, 'must be an object'),
      items: lines(pricedLine),
      total: money,
    },
    'must be an object',
  ),
  v.forward(
    v.partialCheck(
      [['items'], ['total', 'amount']],
      ({ items, total }) => items.reduce((sum, item) => sum + item.quantity * item.unitPrice, 0) === total.amount,
      'must be the sum of the items',
    ),
    ['total', 'amount'],
  ),
  v.description('total.amount is the sum of quantity × unitPrice over the items.'),
);

export const orderPlaced = defineEvent({
  type: 'shop.order.placed.v1',
  channel: 'topic',
  description: 'A customer placed an order.',
  data: order,
});

/** A customer asks to cancel an order. */
export const orderCancelRequested = defineEvent({
  type: 'shop.order.cancel-requested.v1',
  channel: 'topic',
  description: 'A customer asks to cancel an order.',
  data: v.object({ orderId, reason: boundedText(200) }, 'must be an object'),
});

/** Why an order was cancelled. */
export const cancelReason = v.picklist(
  ['payment-declined', 'out-of-stock', 'customer', 'timed-out'],
  'must be one of payment-declined, out-of-stock, customer, timed-out',
);

/** Payment is captured and all goods are reserved: the order is confirmed. */
export const orderConfirmed = defineEvent({
  type: 'shop.order.confirmed.v1',
  channel: 'bus',
  source: '/shop/order',
  description: 'Payment and stock succeeded: the order is confirmed.',
  data: v.object({ orderId, items: lines(line), total: money }, 'must be an object'),
});

/** The order is cancelled. Each consumer compensates: payment refunds, stock releases. */
export const orderCancelled = defineEvent({
  type: 'shop.order.cancelled.v1',
  channel: 'bus',
  source: '/shop/order',
  description: 'The order is cancelled; every consumer undoes its part.',
  data: v.object({ orderId, reason: cancelReason }, 'must be an object'),
});

/** An order is still undecided after `orderDeadlineHours`. Makes the order consumer cancel it. */
export const orderDeadlinePassed = defineEvent({
  type: 'shop.order.deadline-passed.v1',
  channel: 'bus',
  source: '/shop/sweep',
  description: 'An order is undecided past its deadline.',
  data: v.object({ orderId }, 'must be an object'),
});

/** An order is undecided for so long that its customer should be informed. */
export const orderReminderDue = defineEvent({
  type: 'shop.order.reminder-due.v1',
  channel: 'bus',
  source: '/shop/sweep',
  description: 'An order is undecided for so long that its customer is told.',
  data: v.object({ orderId }, 'must be an object'),
});

/** An order takes longer than usual and is undecided. */
export const orderDelayed = defineEvent({
  type: 'shop.order.delayed.v1',
  channel: 'bus',
  source: '/shop/order',
  description: 'An order takes longer than usual and is undecided.',
  data: v.object({ orderId }, 'must be an object'),
});

export type OrderReminderDue = EventOf<typeof orderReminderDue>;
export type OrderDelayed = EventOf<typeof orderDelayed>;
export type OrderDeadlinePassed = EventOf<typeof orderDeadlinePassed>;
export type OrderPlaced = EventOf<typeof orderPlaced>;
export type OrderCancelRequested = EventOf<typeof orderCancelRequested>;
export type OrderConfirmed = EventOf<typeof orderConfirmed>;
export type OrderCancelled = EventOf<typeof orderCancelled>;
export type CancelReason = v.InferOutput<typeof cancelReason>;
