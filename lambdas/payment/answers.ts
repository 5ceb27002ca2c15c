import { ConflictError } from '../runtime/failure.ts';
import type { PaymentEffectResult } from './effects.ts';
import {
  finishPayment,
  nextRefund,
  type PaymentTransition,
  refundEvents,
  refundRest,
  resumePayment,
  voidPayment,
} from './outcome.ts';
import { CANCELLED, type EventContext, optionalReference, type Payment, type Refund } from './record.ts';
import { pendingRefund, refundsOf, withRefunds } from './refunds.ts';

/**
 * Decides what follows from a gateway's answer, which may come when nobody waits for it any more: after another delivery's, or after the
 * cancellation.
 */
export function onGatewayResult(
  payment: Payment | undefined,
  answer: PaymentEffectResult,
  time: string,
): PaymentTransition {
  const { orderId, trace } = answer;
  const context = { orderId, trace };
  if (payment === undefined) throw new ConflictError(`The payment of order ${orderId} disappeared`);
  switch (answer.kind) {
    case 'authorize':
      return onAuthorizeResult(payment, answer.result, context, time);
    case 'capture':
      return onCaptureResult(payment, answer.result, context, time);
    case 'void':
      return onVoidResult(payment, answer.result, context, time);
    case 'refund':
      return onRefundResult(payment, answer, context, time);
  }
}

type ResultOf<Kind extends PaymentEffectResult['kind']> = Extract<PaymentEffectResult, { kind: Kind }>['result'];

function onAuthorizeResult(
  payment: Payment,
  result: ResultOf<'authorize'>,
  context: EventContext,
  time: string,
): PaymentTransition {
  const { state } = payment;
  switch (result.kind) {
    case 'authorized': {
      const authorized: Payment = { ...payment, ...optionalReference(result.reference), time };
      if (state === 'authorizing') return finishPayment({ ...authorized, state: 'authorized' }, context);
      // Another delivery was told that the card is declined, and the order is cancelled for that.
      return state === 'declined' ? voidPayment(authorized, context) : lateAnswer(payment, context);
    }
    case 'captured':
      // The table was put back to before the confirmation.
      return state === 'authorizing'
        ? finishPayment({ ...payment, state: 'captured', ...optionalReference(result.reference), time }, context)
        : lateAnswer(payment, context);
    default:
      return state === 'authorizing'
        ? finishPayment({ ...payment, state: 'declined', declineReason: result.reason, time }, context)
        : lateAnswer(payment, context);
  }
}

function onCaptureResult(
  payment: Payment,
  result: ResultOf<'capture'>,
  context: EventContext,
  time: string,
): PaymentTransition {
  const { state } = payment;
  if (result.kind === 'lapsed') {
    return state === 'capturing'
      ? finishPayment({ ...payment, state: 'lapsed', declineReason: result.reason, time }, context)
      : lateAnswer(payment, context);
  }
  const captured: Payment = { ...payment, ...optionalReference(result.reference), time };
  if (state === 'capturing') return finishPayment({ ...captured, state: 'captured' }, context);
  // Another delivery was told that the authorization has lapsed, and the order is cancelled for that.
  return state === 'lapsed' ? refundRest(captured, context, CANCELLED) : lateAnswer(payment, context);
}

function onVoidResult(
  payment: Payment,
  result: ResultOf<'void'>,
  context: EventContext,
  time: string,
): PaymentTransition {
  if (payment.state !== 'voiding') return lateAnswer(payment, context);
  if (result.kind === 'captured') {
    const { money = result.money } = payment;
    const { expiresAt: _, ...captured } = payment;
    // A write-ahead of its own: the refund is begun only when it is on record that one is owed.
    return refundRest({ ...captured, money, ...optionalReference(result.reference), time }, context, CANCELLED);
  }
  const released = result.released ? { released: true as const } : {};
  return finishPayment({ ...payment, state: 'voided', ...released, time }, context);
}

function onRefundResult(
  payment: Payment,
  { refundId, result }: Extract<PaymentEffectResult, { kind: 'refund' }>,
  context: EventContext,
  time: string,
): PaymentTransition {
  const refunds = refundsOf(payment);
  const refund = refunds.find((one) => one.refundId === refundId);
  // Another delivery was told that the refund is refused: whoever was asked to send the money must not send it again.
  const isAwaited = refund?.state === 'pending' || (refund?.state === 'due' && result.kind === 'refunded');
  if (refund === undefined || !isAwaited) return lateAnswer(payment, context);
  const settled = settle(refund, result, time);
  const after = withRefunds(
    payment,
    refunds.map((one) => (one === refund ? settled : one)),
    time,
  );
  return { after, ...nextRefund(after, context), publish: refundEvents(after, settled, context) };
}

function settle({ reason: _, ...refund }: Refund, result: ResultOf<'refund'>, time: string): Refund {
  if (result.kind === 'refused') return { ...refund, state: 'due', reason: result.reason, time };
  return { ...refund, state: 'done', amount: result.amount, refunded: result.total, time };
}

/** A call was answered that nobody waits for any more: the record has gone on. What follows from its state is left to whoever changed it. */
const lateAnswer = (payment: Payment, context: EventContext): PaymentTransition =>
  payment.state === 'voiding' || pendingRefund(payment) !== undefined ? {} : resumePayment(payment, context);
