import type { OrderProgressed } from '../../contracts/lifecycle.ts';
import type {
  CancelReason,
  Line,
  OrderCancelled,
  OrderCancelRequested,
  OrderConfirmed,
  OrderDeadlinePassed,
  OrderDelayed,
  OrderDispatched,
  OrderLine,
  OrderPlaced,
  OrderReconciliationDue,
  OrderRefundRequested,
  OrderReminderDue,
  OrderShipped,
  Payment,
  ReturnedLine,
} from '../../contracts/order.ts';
import type {
  PaymentAuthorized,
  PaymentCaptured,
  PaymentDeclined,
  PaymentReceived,
  PaymentRefunded,
  PaymentVoided,
} from '../../contracts/payment.ts';
import type {
  Shortage,
  StockReceived,
  StockRejected,
  StockReleased,
  StockReserved,
  StockReturned,
} from '../../contracts/stock.ts';

export const KEYBOARD = { sku: 'KB-01', quantity: 1, unitPrice: 12_000 };

type Priced = Line & { unitPrice: number };

type Parts = { id?: string; orderId?: string };

const envelope = <Type extends string, Data extends { orderId: string }>(
  type: Type,
  source: string,
  id: string | undefined,
  data: Data,
) => ({
  specversion: '1.0' as const,
  id: id ?? `${data.orderId}.${type}`,
  source,
  type,
  time: '2026-11-21T09:00:00Z',
  subject: data.orderId,
  datacontenttype: 'application/json' as const,
  data,
});

/** Returns a placed order whose total is the sum of its items. */
export function placed({
  id,
  orderId = 'o-1001',
  items = [KEYBOARD],
  currency = 'KRW',
  token = 'tok_visa',
  payment = { token },
  phone = '+821012345678',
  locale = 'ko',
}: Parts & {
  items?: OrderLine[];
  currency?: string;
  token?: string;
  payment?: Payment;
  phone?: string;
  locale?: string;
} = {}): OrderPlaced {
  const amount = items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);
  return envelope('shop.order.placed.v1', '/shop/checkout', id, {
    orderId,
    customer: { id: 'c-7', phone, locale },
    payment,
    items,
    total: { amount, currency },
  });
}

export const cancelRequested = ({ id, orderId = 'o-1001' }: Parts = {}): OrderCancelRequested =>
  envelope('shop.order.cancel-requested.v1', '/shop/account', id, { orderId, reason: 'changed my mind' });

/** Returns the word that goods of an order left, by default without saying which. */
export const shipped = ({
  id,
  orderId = 'o-1001',
  ...what
}: Parts & Partial<OrderShipped['data']> = {}): OrderShipped =>
  envelope('shop.order.shipped.v1', '/shop/warehouse', id, { orderId, ...what });

/** Returns the request to send money back, by default a part, and with `items` to count goods back. */
export const refundRequested = ({
  id,
  orderId = 'o-1001',
  refundId = 'r-1',
  amount = 5_000,
  items,
}: Parts & Partial<Omit<OrderRefundRequested['data'], 'reason'>> = {}): OrderRefundRequested =>
  envelope('shop.order.refund-requested.v1', '/shop/support', id ?? `${orderId}.${refundId}`, {
    orderId,
    refundId,
    amount,
    ...(items && { items }),
  });

export const dispatched = ({ id, orderId = 'o-1001' }: Parts = {}): OrderDispatched =>
  envelope('shop.order.dispatched.v1', '/shop/order', id, { orderId });

/** Returns the confirmation of an order that was placed with `payment`. */
export const confirmed = ({
  id,
  orderId = 'o-1001',
  items = [line()],
  amount = 12_000,
  payment,
}: Parts & { items?: Line[]; amount?: number; payment?: Payment } = {}): OrderConfirmed =>
  envelope('shop.order.confirmed.v1', '/shop/order', id, {
    orderId,
    items,
    total: { amount, currency: 'KRW' },
    ...(payment && {
      payment: { kind: payment.kind ?? 'token', ...('reference' in payment ? { reference: payment.reference } : {}) },
    }),
  });

export const cancelled = ({
  id,
  orderId = 'o-1001',
  reason = 'customer',
}: Parts & { reason?: CancelReason } = {}): OrderCancelled =>
  envelope('shop.order.cancelled.v1', '/shop/order', id, { orderId, reason });

export const deadlinePassed = ({ id, orderId = 'o-1001' }: Parts = {}): OrderDeadlinePassed =>
  envelope('shop.order.deadline-passed.v1', '/shop/sweep', id, { orderId });

export const reminderDue = ({ id, orderId = 'o-1001' }: Parts = {}): OrderReminderDue =>
  envelope('shop.order.reminder-due.v1', '/shop/sweep', id, { orderId });

/** Returns the sweep's word that an order's record may owe something, with what others have heard of the order. */
export const reconciliationDue = ({
  id,
  orderId = 'o-1001',
  ...known
}: Parts & Partial<OrderReconciliationDue['data']> = {}): OrderReconciliationDue =>
  envelope('shop.order.reconciliation-due.v1', '/shop/sweep', id, { orderId, ...known });

export const delayed = ({ id, orderId = 'o-1001' }: Parts = {}): OrderDelayed =>
  envelope('shop.order.delayed.v1', '/shop/order', id, { orderId });

/** Returns one step of the lifecycle feed, by default the placement. */
export const progressed = ({
  orderId = 'o-1001',
  sequence = 1,
  step = 'shop.order.placed.v1',
  ...rest
}: Partial<OrderProgressed['data']> = {}): OrderProgressed =>
  envelope('shop.order.progressed.v1', '/shop/order', `${orderId}.${sequence}`, { orderId, sequence, step, ...rest });

export const authorized = ({
  id,
  orderId = 'o-1001',
  amount = 12_000,
  currency = 'KRW',
}: Parts & { amount?: number; currency?: string } = {}): PaymentAuthorized =>
  envelope('shop.payment.authorized.v1', '/shop/payment', id, { orderId, amount, currency });

export const captured = ({
  id,
  orderId = 'o-1001',
  amount = 12_000,
  currency = 'KRW',
}: Parts & { amount?: number; currency?: string } = {}): PaymentCaptured =>
  envelope('shop.payment.captured.v1', '/shop/payment', id, { orderId, amount, currency });

export const declined = ({ id, orderId = 'o-1001' }: Parts = {}): PaymentDeclined =>
  envelope('shop.payment.declined.v1', '/shop/payment', id, { orderId, reason: 'card_declined' });

export const paymentReceived = ({
  id,
  orderId = 'o-1001',
  amount = 12_000,
  currency = 'KRW',
  reference,
}: Parts & { amount?: number; currency?: string; reference?: string } = {}): PaymentReceived =>
  envelope('shop.payment.received.v1', '/shop/payments', id, {
    orderId,
    amount,
    currency,
    ...(reference === undefined ? {} : { reference }),
  });

export const voided = ({ id, orderId = 'o-1001' }: Parts = {}): PaymentVoided =>
  envelope('shop.payment.voided.v1', '/shop/payment', id, { orderId, amount: 12_000, currency: 'KRW' });

/** Returns the word that money went back, by default all of a cancelled order. */
export const refunded = ({
  id,
  orderId = 'o-1001',
  amount = 12_000,
  currency = 'KRW',
  ...which
}: Parts & Partial<PaymentRefunded['data']> = {}): PaymentRefunded =>
  envelope('shop.payment.refunded.v1', '/shop/payment', id, { orderId, amount, currency, ...which });

export const reserved = ({
  id,
  orderId = 'o-1001',
  items = [line()],
}: Parts & { items?: Line[] } = {}): StockReserved =>
  envelope('shop.stock.reserved.v1', '/shop/stock', id, { orderId, items });

export const rejected = ({
  id,
  orderId = 'o-1001',
  items = [{ ...line(), available: 0 }],
}: Parts & { items?: Shortage[] } = {}): StockRejected =>
  envelope('shop.stock.rejected.v1', '/shop/stock', id, { orderId, items });

export const released = ({
  id,
  orderId = 'o-1001',
  items = [line()],
}: Parts & { items?: Line[] } = {}): StockReleased =>
  envelope('shop.stock.released.v1', '/shop/stock', id, { orderId, items });

export const returned = ({
  id,
  orderId = 'o-1001',
  refundId = 'r-1',
  items = [{ ...line(), restock: true }],
}: Parts & { refundId?: string; items?: ReturnedLine[] } = {}): StockReturned =>
  envelope('shop.stock.returned.v1', '/shop/stock', id, { orderId, refundId, items });

/** Returns a receipt of goods, by default of ten keyboards. */
export const received = ({
  id,
  receiptId = 'GR-1',
  items = [line(KEYBOARD.sku, 10)],
}: {
  id?: string;
  receiptId?: string;
  items?: Line[];
} = {}): StockReceived => ({
  ...envelope('shop.stock.received.v1', '/shop/warehouse', id ?? `${receiptId}.received`, { orderId: receiptId }),
  data: { receiptId, items },
});

export function line(sku = KEYBOARD.sku, quantity = KEYBOARD.quantity): Line {
  return { sku, quantity };
}

/** Returns an order line for tests in which the price does not matter. */
export const priced = (sku: string, quantity = 1, unitPrice = 1_000): Priced => ({ sku, quantity, unitPrice });
