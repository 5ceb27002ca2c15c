import { isReported, type Payment, type PaymentState, REFUND_DUE, type Refund } from './record.ts';

const STATE_OF_ONLY_REFUND: Partial<Record<PaymentState, Refund['state']>> = {
  refunding: 'pending',
  refunded: 'done',
  'refund-due': 'due',
};

/** What tells of an order's refunds. */
type RefundedPayment = Pick<Payment, 'refunds' | 'state' | 'money' | 'refundReason' | 'time'>;

/** Returns the refunds of an order, in the sequence in which they were asked for. A record of 0.3.0 knows only that of a cancellation, by its state. */
export function refundsOf({ refunds, state, money, refundReason: reason, time }: RefundedPayment): readonly Refund[] {
  if (refunds !== undefined) return refunds;
  const only = STATE_OF_ONLY_REFUND[state];
  if (only === undefined || money === undefined) return [];
  return [{ amount: money.amount, state: only, ...(reason === undefined ? {} : { reason }), time }];
}

/** Returns the first refund whose call to the gateway was begun and has no answer on record. */
export const pendingRefund = (payment: Payment): Refund | undefined =>
  refundsOf(payment).find(({ state }) => state === 'pending');

// What was captured before anything of it went back.
const CAPTURED: ReadonlySet<PaymentState> = new Set(['captured', 'refunding', 'refunded', 'refund-due']);

/** Returns what was captured of an order, in minor units; what the customer pays on delivery counts as that. */
export function capturedAmount(payment: Pick<Payment, 'state' | 'method' | 'money'>): number {
  const isCaptured = CAPTURED.has(payment.state) || (payment.state === 'authorized' && isReported(payment));
  return isCaptured ? (payment.money?.amount ?? 0) : 0;
}

/** Returns what went back of an order's money or is about to, in minor units: sent by the gateway, pending and due. */
export function refundedAmount(payment: RefundedPayment): number {
  const refunds = refundsOf(payment);
  const done = refunds.filter(({ state }) => state === 'done');
  // The gateway may have told of refunds that the table has forgotten, or that others have made.
  const sent = Math.max(sumOf(done), ...done.map(({ refunded = 0 }) => refunded));
  return sent + sumOf(refunds.filter(({ state }) => state !== 'done'));
}

const sumOf = (refunds: readonly Refund[]) => refunds.reduce((sum, { amount }) => sum + amount, 0);

/** Returns a payment with these refunds. When none is pending any more, that of a cancelled order has reached its end, at `time`. */
export function withRefunds(payment: Payment, refunds: readonly Refund[], time: string): Payment {
  const { refundDue: _, refundReason: __, ...rest } = payment;
  const has = (wanted: Refund['state']) => refunds.some(({ state }) => state === wanted);
  const due: Pick<Payment, 'refundDue'> = has('due') ? { refundDue: REFUND_DUE } : {};
  const isEnd = STATE_OF_ONLY_REFUND[payment.state] !== undefined && !has('pending');
  const end = isEnd ? { state: has('due') ? ('refund-due' as const) : ('refunded' as const), time } : {};
  return { ...rest, refunds, ...due, ...end };
}
