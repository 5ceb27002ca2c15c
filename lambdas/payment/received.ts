import { traceContextOf } from '../../contracts/cloud-event.ts';
import { type Money, sameMoney } from '../../contracts/money.ts';
import type { PaymentReceived } from '../../contracts/payment.ts';
import { ConflictError, WaitingError } from '../runtime/failure.ts';
import { finishPayment, type PaymentTransition, refundRest, resumePayment } from './outcome.ts';
import { isReported, optionalReference, type Payment } from './record.ts';

/** The reason of a refund that is due because the payment came after the order's cancellation. */
const RECEIVED_AFTER_CANCELLATION = 'received-after-cancellation';

/**
 * Counts a reported payment once. Throws `WaitingError` until the order itself has arrived, also where it is cancelled already: only the
 * order says what it costs and how it is paid. Throws `ConflictError` for what must never confirm an order: another amount, a second payment,
 * an order that is paid otherwise.
 */
export function onReceived(
  payment: Payment | undefined,
  { data, ...event }: PaymentReceived,
  time: string,
): PaymentTransition {
  const { orderId } = data;
  if (payment?.money === undefined)
    throw new WaitingError(`A payment of order ${orderId} was reported before the order arrived`);
  rejectReport(payment, payment.money, data);
  const context = { orderId, trace: traceContextOf(event) };
  if (payment.received) return resumePayment(payment, context);
  const received = { ...payment, received: true as const, ...optionalReference(data.reference) };
  switch (payment.state) {
    case 'awaiting':
      return finishPayment({ ...received, state: 'captured', time }, context);
    case 'voided':
      return refundRest({ ...received, time }, context, RECEIVED_AFTER_CANCELLATION);
    default:
      // The customer paid on delivery: nobody waits for it, but a cancellation has to know.
      return { after: received };
  }
}

function rejectReport(
  payment: Payment,
  total: Money,
  { orderId, reference, amount, currency }: PaymentReceived['data'],
) {
  if (total.amount === 0) throw new ConflictError(`Order ${orderId} has nothing to pay, but a payment was reported`);
  if (!isReported(payment))
    throw new ConflictError(`Order ${orderId} is paid by ${payment.method?.kind}, but another payment was reported`);
  if (!sameMoney(total, { amount, currency })) {
    const [expected, reported] = [total, { amount, currency }].map((money) => `${money.amount} ${money.currency}`);
    throw new ConflictError(
      `Order ${orderId} costs ${expected} (minor units), but a payment of ${reported} was reported`,
      total.currency === currency ? 'data.amount' : 'data.currency',
    );
  }
  if (payment.received && differs(payment.reference, reference))
    throw new ConflictError(`Order ${orderId} was paid before, under another reference`, 'data.reference');
}

const differs = (one: string | undefined, other: string | undefined) =>
  one !== undefined && other !== undefined && one !== other;
