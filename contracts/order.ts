import * as v from 'valibot';
import { advisory, boundedText, defineEvent, type EventOf, textMatching, timestamp } from './cloud-event.ts';
import { amount, integer, type Money, money, signedAmount } from './money.ts';

// Printable ASCII without space, quotes, backslash and backtick: valid as a table key, a FIFO message group and a command's argument.
// The opening bracket is escaped for Java, where it would begin a class within the class.
const ID_CHARACTERS = '[!#-&(-\\[\\]-_a-~]';

/** An order's id, as platforms make them: `#1029`, `gid://shopify/Order/5`, `20241126-0000001`. */
export const orderId = textMatching(
  new RegExp(`^${ID_CHARACTERS}{1,64}$`),
  '1 to 64 printable ASCII characters without space, quotes, backslash or backtick',
);

/** What the customer knows the order by, where that is not its id. */
const orderNumber = textMatching(
  new RegExp(`^${ID_CHARACTERS}{1,20}$`),
  '1 to 20 printable ASCII characters without space, quotes, backslash or backtick',
);

const CONTROL = '\\x00-\\x1f\\x7f-\\x9f';

// What `\s` is in JavaScript: in Java and Go it is ASCII only. The code points themselves, because each language escapes them in
// another way; U+2028 cannot be written alone, because the source of a `RegExp` escapes it.
const SPACE = ' \u00a0\u1680\u2000-\u200a\u2027-\u202f\u205f\u3000\ufeff';

const SKU_PATTERN = new RegExp(`^[^${SPACE}${CONTROL}]([^${CONTROL}]{0,98}[^${SPACE}${CONTROL}])?$`, 'u');
const SKU_RULE = '1 to 100 characters without control characters, and without spaces around';

/** A stock keeping unit (SKU), in any script. The pattern means the same in JavaScript, Python, Java and Go. */
export const sku = textMatching(SKU_PATTERN, SKU_RULE);

const MAX_LINES = 500;
const MAX_QUANTITY = 100_000;

/** The most pieces of one SKU in one list of goods: those of an order whose lines are all of this SKU. */
export const MAX_PIECES = MAX_LINES * MAX_QUANTITY;

/** A stock keeping unit (SKU) and a quantity. */
export const line = v.pipe(v.object({ sku, quantity: integer(1, MAX_PIECES) }, 'must be an object'), v.title('Line'));

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
const MAX_SKUS = 99;
const MAX_CHARGES = 100;

/**
 * Builds a schema for lists of `minLines` to `maxLines` lines. Checks their number before their contents, so that a huge message
 * fails fast.
 */
const lineList = <Item extends v.GenericSchema>(item: Item, minLines: number, maxLines: number) =>
  v.pipe(
    v.array(v.unknown(), 'must be an array'),
    v.minLength(minLines, `must have at least ${minLines} line`),
    v.maxLength(maxLines, `must have at most ${maxLines} lines`),
    v.array(item),
  );

/** Goods: one line per SKU. Empty where nothing of an order has a shelf. */
export const goods = lineList(line, 0, MAX_SKUS);

/** Goods, at least one SKU. */
export const someGoods = lineList(line, 1, MAX_SKUS);

/** A line of an order. `tracked` is false for what has no shelf; only such a line may lack its SKU. */
export type OrderLine = {
  sku?: string | undefined;
  quantity: number;
  unitPrice: number;
  tracked?: boolean | undefined;
};

type PricedInput = Omit<OrderLine, 'sku'> & { sku?: unknown };

const orderLine = v.pipe(
  v.object(
    {
      /** Required for what has a shelf. */
      sku: v.optional(
        v.pipe(
          v.unknown(),
          v.metadata({ type: 'string', pattern: SKU_PATTERN.source, description: `Must be ${SKU_RULE}.` }),
        ),
      ),
      quantity: integer(1, MAX_QUANTITY),
      unitPrice: amount,
      /** `false`: it has no shelf, as a service, a gift wrapping or a download. @default true */
      tracked: v.optional(v.boolean('must be true or false')),
    },
    'must be an object',
  ),
  v.rawTransform<PricedInput, OrderLine>(({ dataset, addIssue, NEVER }) => {
    const result = v.safeParse(sku, dataset.value.sku);
    if (result.success) return { ...dataset.value, sku: result.output };
    const { sku: given, ...priced } = dataset.value;
    if (priced.tracked === false) return priced;
    const message =
      given === undefined ? 'is missing (only a line with tracked: false needs none)' : result.issues[0].message;
    addIssue({ message, path: [{ type: 'object', origin: 'value', input: dataset.value, key: 'sku', value: given }] });
    return NEVER;
  }),
  v.metadata({
    title: 'OrderLine',
    description: 'sku may be absent only where tracked is false.',
    if: { properties: { tracked: { const: false } }, required: ['tracked'] },
    else: { properties: { sku: { type: 'string' } }, required: ['sku'] },
  }),
);

/** Returns what an order takes from the shelves: its tracked lines, one line per SKU. */
export const goodsOf = (lines: readonly Omit<OrderLine, 'unitPrice'>[]): Line[] =>
  sumBySku(
    lines.flatMap(({ sku, quantity, tracked }) => (sku === undefined || tracked === false ? [] : [{ sku, quantity }])),
  );

const CHARGE_KINDS = ['shipping', 'tax', 'discount', 'gift-card', 'fee', 'rounding', 'other'] as const;

/** What is paid, or deducted, beside the lines. It never touches a shelf. */
const charge = v.pipe(
  v.object(
    {
      kind: v.pipe(v.picklist(CHARGE_KINDS, `must be one of ${CHARGE_KINDS.join(', ')}`), v.title('ChargeKind')),
      amount: signedAmount,
      label: advisory(boundedText(100, 0)),
    },
    'must be an object',
  ),
  v.title('Charge'),
);

export type Charge = v.InferOutput<typeof charge>;

const charges = v.pipe(
  v.array(charge, 'must be an array'),
  v.maxLength(MAX_CHARGES, `must have at most ${MAX_CHARGES} charges`),
);

/** Stands for a phone that is no text of at most 40 characters: no text can be sent to it. */
const UNREADABLE_PHONE = '?';

/** Whom to text, and in which language. Judged by the consumer `notification` alone. */
const customer = v.pipe(
  v.object(
    {
      id: advisory(boundedText(64, 0)),
      phone: advisory(boundedText(40, 0), UNREADABLE_PHONE),
      locale: advisory(boundedText(35, 0)),
    },
    'must be an object',
  ),
  v.title('Customer'),
);

export type Customer = v.InferOutput<typeof customer>;

const reference = boundedText(256);

const tokenPayment = v.pipe(
  v.object({ kind: v.optional(v.literal('token')), token: boundedText(256) }),
  v.metadata({
    title: 'TokenPayment',
    description: "Authorized and captured here, with the provider's token for the customer's card.",
  }),
);
const capturedPayment = v.pipe(
  v.object({ kind: v.literal('captured'), reference }),
  v.metadata({
    title: 'CapturedPayment',
    description: 'Charged by the checkout. A cancellation refunds it by its reference.',
  }),
);
const authorizedPayment = v.pipe(
  v.object({ kind: v.literal('authorized'), reference }),
  v.metadata({
    title: 'AuthorizedPayment',
    description: 'Authorized by the checkout, captured here by its reference once the order is confirmed.',
  }),
);
const paymentOnDelivery = v.pipe(
  v.object({ kind: v.literal('on-delivery') }),
  v.metadata({ title: 'PaymentOnDelivery', description: 'Never charged here.' }),
);
const awaitedPayment = v.pipe(
  v.object({ kind: v.literal('awaited'), until: v.optional(timestamp) }),
  v.metadata({
    title: 'AwaitedPayment',
    description:
      'A bank transfer: the order waits for shop.payment.received.v1, until the order deadline or its own until.',
  }),
);

/** How an order is paid, told apart by `kind`. */
const payment = v.pipe(
  v.variant('kind', [tokenPayment, capturedPayment, authorizedPayment, paymentOnDelivery, awaitedPayment], (issue) =>
    issue.expected === 'Object'
      ? 'must be an object'
      : 'must be one of captured, authorized, on-delivery, awaited, or absent with a token',
  ),
  // The type is implied; quicktype gives the class for all kinds its name by it.
  v.metadata({ title: 'Payment', type: 'object' }),
);

export type Payment = v.InferOutput<typeof payment>;

const PAYMENT_KINDS = ['token', 'captured', 'authorized', 'on-delivery', 'awaited'] as const;

/** What records and events keep of how an order is paid: not the token, which is a secret, nor until when a payment is awaited. */
const paymentMethod = v.pipe(
  v.object(
    {
      kind: v.pipe(v.picklist(PAYMENT_KINDS, `must be one of ${PAYMENT_KINDS.join(', ')}`), v.title('PaymentKind')),
      reference: v.optional(reference),
    },
    'must be an object',
  ),
  v.title('PaymentMethod'),
);

export type PaymentMethod = v.InferOutput<typeof paymentMethod>;

/** Returns what a record keeps of how an order is paid. */
export const paymentMethodOf = (payment: Payment): PaymentMethod => ({
  kind: payment.kind ?? 'token',
  ...('reference' in payment ? { reference: payment.reference } : {}),
});

/** As it was placed, where a token needs no kind, or as it is on record. */
type ComparedPayment = { kind?: Payment['kind']; reference?: string | undefined };

/**
 * Compares how two messages say that an order is paid: by kind, and by reference where there is one. A token may differ, because shops
 * retry with a new one.
 */
export const samePayment = (one: ComparedPayment | undefined, other: ComparedPayment | undefined): boolean =>
  (one === undefined) === (other === undefined) &&
  (one?.kind ?? 'token') === (other?.kind ?? 'token') &&
  one?.reference === other?.reference;

/** Tells whether an order waits for its money: not where there is nothing to pay, nor where the customer pays on delivery. */
export const needsPayment = ({ payment, total }: { payment?: Payment | undefined; total: Money }): boolean =>
  total.amount > 0 && payment?.kind !== 'on-delivery';

const sum = (amounts: readonly number[]) => amounts.reduce((total, one) => total + one, 0);

const order = v.pipe(
  v.object(
    {
      orderId,
      orderNumber: advisory(orderNumber),
      customer: advisory(customer),
      payment: v.optional(payment),
      items: lineList(orderLine, 1, MAX_LINES),
      charges: v.optional(charges),
      total: money,
    },
    'must be an object',
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const problemAt = (key: 'payment' | 'items', message: string) =>
      addIssue({
        message,
        path: [{ type: 'object', origin: 'value', input: dataset.value, key, value: dataset.value[key] }],
      });
    const { items, total, payment } = dataset.value;
    // There are no more SKUs than lines, so few lines need not be summed.
    const skus = items.length <= MAX_SKUS ? items.length : goodsOf(items).length;
    if (skus > MAX_SKUS) problemAt('items', `must be of at most ${MAX_SKUS} SKUs, not ${skus}`);
    if (payment === undefined && total.amount > 0)
      problemAt('payment', 'is missing (only an order with the total 0 needs none)');
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { items, charges = [], total } = dataset.value;
    const ofItems = sum(items.map(({ quantity, unitPrice }) => quantity * unitPrice));
    const ofCharges = sum(charges.map(({ amount }) => amount));
    if (ofItems + ofCharges === total.amount) return;
    addIssue({
      message: `must be ${ofItems + ofCharges}, the sum of the items (${ofItems}) and the charges (${ofCharges}), not ${total.amount}`,
      path: [
        { type: 'object', origin: 'value', input: dataset.value, key: 'total', value: total },
        { type: 'object', origin: 'value', input: total, key: 'amount', value: total.amount },
      ],
    });
  }),
  v.description(
    'total.amount is the sum of quantity × unitPrice over the items, and of the charges. At most 99 different SKUs. ' +
      'payment may be absent only where total.amount is 0.',
  ),
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
  data: v.object({ orderId, reason: advisory(boundedText(200, 0)) }, 'must be an object'),
});

/** What the goods left with, for those who follow the order. */
const parcel = v.pipe(
  v.object({ carrier: advisory(boundedText(64, 0)), number: advisory(boundedText(64, 0)) }, 'must be an object'),
  v.title('Parcel'),
);

/** Goods of an order left: said once per parcel, or once for all. From the first one on, the order cannot be cancelled any more. */
export const orderShipped = defineEvent({
  type: 'shop.order.shipped.v1',
  channel: 'topic',
  description: 'Goods of an order left: it can no longer be cancelled.',
  data: v.object({ orderId, items: advisory(goods), parcel: advisory(parcel) }, 'must be an object'),
});

/** The refund that a cancellation makes goes by this id: no request may use it. */
export const CANCELLATION_REFUND = 'cancel';

/** A refund's id, unique within its order. It keeps the rule of an order's id. */
export const refundId = v.pipe(
  orderId,
  v.check(
    (id) => id !== CANCELLATION_REFUND,
    `must not be ${CANCELLATION_REFUND}, which names the refund of a cancellation`,
  ),
);

const restock = v.boolean('must be true or false');

/** Pieces of one SKU that came back. `restock`: they go back on the shelf. @default false */
const refundLine = v.pipe(
  v.object({ ...line.entries, restock: v.optional(restock) }, 'must be an object'),
  v.title('RefundLine'),
);

/** Pieces of one SKU that were counted back. */
const returnedLine = v.pipe(v.object({ ...line.entries, restock }, 'must be an object'), v.title('ReturnedLine'));

export type ReturnedLine = v.InferOutput<typeof returnedLine>;

// A SKU may have a line of what goes on the shelf, and one of what does not.
const MAX_RETURNED_LINES = 2 * MAX_SKUS;

/** Goods that were counted back: at most one line per SKU with `restock`, and one without. */
export const returnedGoods = lineList(returnedLine, 1, MAX_RETURNED_LINES);

/** Money of a confirmed order goes back, goods come back, or both: once per `refundId`, however often it is asked for. */
export const orderRefundRequested = defineEvent({
  type: 'shop.order.refund-requested.v1',
  channel: 'topic',
  description: 'Money of a confirmed order is to go back, or goods of it came back.',
  data: v.pipe(
    v.object(
      {
        orderId,
        refundId,
        /** In the minor unit of the order's currency. 0 where only goods come back. */
        amount,
        items: v.optional(lineList(refundLine, 1, MAX_RETURNED_LINES)),
        reason: advisory(boundedText(200, 0)),
      },
      'must be an object',
    ),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed || dataset.value.amount > 0 || dataset.value.items !== undefined) return;
      addIssue({
        message: 'must be more than 0 (only where goods come back may it be 0)',
        path: [{ type: 'object', origin: 'value', input: dataset.value, key: 'amount', value: 0 }],
      });
    }),
    v.description('amount may be 0 only where items come back. refundId must not be "cancel".'),
  ),
});

const CANCEL_REASONS = [
  'payment-declined',
  'out-of-stock',
  'customer',
  'timed-out',
  /** Payment or stock took another order under the same id. */
  'contradiction',
  /** The orders table was put back to before the cancellation, which others have heard. */
  'unknown',
] as const;

/** Why an order was cancelled. */
export const cancelReason = v.pipe(
  v.picklist(CANCEL_REASONS, `must be one of ${CANCEL_REASONS.join(', ')}`),
  v.title('CancelReason'),
);

/** What of a message could not be taken: `path` names the member, `problem` says what it must be; neither quotes a value of the customer's. */
const problem = v.pipe(
  v.object({ path: boundedText(512), problem: boundedText(512) }, 'must be an object'),
  v.title('Problem'),
);

/** A message on the orders topic cannot be taken: it breaks its contract, or contradicts an order on record. Tells its publisher. */
export const orderRefused = defineEvent({
  type: 'shop.order.refused.v1',
  channel: 'bus',
  source: '/shop/order',
  description: 'What a service published on the topic cannot be taken, and why.',
  data: v.object(
    {
      orderId: v.optional(orderId),
      /** `source` and `id` of the message, where it has them. */
      source: v.optional(boundedText(256)),
      id: v.optional(boundedText(256)),
      problems: v.array(problem, 'must be an array'),
    },
    'must be an object',
  ),
});

/** Payment is authorized, or captured elsewhere, and all goods are reserved: the order is confirmed, and its payment is captured now. */
export const orderConfirmed = defineEvent({
  type: 'shop.order.confirmed.v1',
  channel: 'bus',
  source: '/shop/order',
  description: 'Payment and stock succeeded: the order is confirmed, and its payment is captured now.',
  data: v.object(
    {
      orderId,
      items: goods,
      total: money,
      /** How it is paid: what the courier collects on delivery, for example. Absent where nothing is to pay. */
      payment: v.optional(paymentMethod),
    },
    'must be an object',
  ),
});

/** The order is cancelled. Each consumer compensates: payment voids or refunds, stock releases. */
export const orderCancelled = defineEvent({
  type: 'shop.order.cancelled.v1',
  channel: 'bus',
  source: '/shop/order',
  description: 'The order is cancelled; every consumer undoes its part.',
  data: v.object({ orderId, reason: cancelReason }, 'must be an object'),
});

/** The first `shipped` of a confirmed order was noted: payment and stock undo nothing of it any more. */
export const orderDispatched = defineEvent({
  type: 'shop.order.dispatched.v1',
  channel: 'bus',
  source: '/shop/order',
  description: 'Goods of an order left for the first time: it can no longer be cancelled.',
  data: v.object({ orderId }, 'must be an object'),
});

const CANCEL_REFUSALS = ['shipped', 'already-cancelled'] as const;

/** A customer's request to cancel changed nothing. Tells its publisher. */
export const orderCancelRefused = defineEvent({
  type: 'shop.order.cancel-refused.v1',
  channel: 'bus',
  source: '/shop/order',
  description: 'A request to cancel an order changed nothing, and why.',
  data: v.object(
    {
      orderId,
      reason: v.pipe(
        v.picklist(CANCEL_REFUSALS, `must be one of ${CANCEL_REFUSALS.join(', ')}`),
        v.title('CancelRefusal'),
      ),
      /** `source` and `id` of the request. */
      source: boundedText(256),
      id: boundedText(256),
    },
    'must be an object',
  ),
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

/**
 * An order's record may owe something: it was only learnt from a replay, a step of it is unpublished, or another consumer's record disagrees
 * with its decision. Makes the order consumer decide what can be decided, take over a `decision` that others have on record, and publish again.
 */
export const orderReconciliationDue = defineEvent({
  type: 'shop.order.reconciliation-due.v1',
  channel: 'bus',
  source: '/shop/sweep',
  description: "An order's record has to be brought into line with those of payment, stock and notification.",
  data: v.object(
    {
      orderId,
      /** The decision that others have on record and the order does not. */
      decision: v.optional(
        v.pipe(v.picklist(['confirmed', 'cancelled'], 'must be confirmed or cancelled'), v.title('Decision')),
      ),
      /** What others know of the order, where its record may not. */
      items: v.optional(goods),
      total: v.optional(money),
      payment: v.optional(paymentMethod),
      /** Others have on record that goods of it left. */
      dispatched: v.optional(v.literal(true, 'must be true')),
    },
    'must be an object',
  ),
});

/** An order takes longer than usual and is undecided. */
export const orderDelayed = defineEvent({
  type: 'shop.order.delayed.v1',
  channel: 'bus',
  source: '/shop/order',
  description: 'An order takes longer than usual and is undecided.',
  data: v.object({ orderId }, 'must be an object'),
});

export type OrderRefused = EventOf<typeof orderRefused>;
export type OrderReminderDue = EventOf<typeof orderReminderDue>;
export type OrderDelayed = EventOf<typeof orderDelayed>;
export type OrderReconciliationDue = EventOf<typeof orderReconciliationDue>;
export type OrderDeadlinePassed = EventOf<typeof orderDeadlinePassed>;
export type OrderPlaced = EventOf<typeof orderPlaced>;
export type OrderShipped = EventOf<typeof orderShipped>;
export type OrderDispatched = EventOf<typeof orderDispatched>;
export type OrderCancelRefused = EventOf<typeof orderCancelRefused>;
export type OrderRefundRequested = EventOf<typeof orderRefundRequested>;
export type OrderCancelRequested = EventOf<typeof orderCancelRequested>;
export type OrderConfirmed = EventOf<typeof orderConfirmed>;
export type OrderCancelled = EventOf<typeof orderCancelled>;
export type CancelReason = v.InferOutput<typeof cancelReason>;
