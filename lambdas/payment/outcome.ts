import { buildEvent, type CloudEvent, type EventContract } from '../../contracts/cloud-event.ts';
import { paymentCaptured, paymentDeclined, paymentRefundDue, paymentRefunded } from '../../contracts/payment.ts';
import { ConflictError } from '../runtime/failure.ts';
import type { Transition } from '../runtime/state-machine.ts';
import { REFUND_DUE } from './due-refunds.ts';
import type { PaymentEffect } from './effects.ts';
import { type EventContext, isReported, optionalReference, type Payment } from './record.ts';

export type PaymentTransition = Transition<Payment, PaymentEffect>;

/** Records a state and publishes its outcome. */
export const finishPayment = (payment: Payment, context: EventContext): PaymentTransition => ({
  after: payment,
  ...resumePayment(payment, context),
});

/** Returns what a recorded state requires each time it is read: an outcome to publish, possibly again, or a refund to finish. */
export function resumePayment(payment: Payment, context: EventContext): PaymentTransition {
  const { orderId, state, money } = payment;
  const reference = optionalReference(payment.reference);
  const event = <Data>(contract: EventContract<string, Data>, data: Data): CloudEvent =>
    buildEvent(contract, {
      id: `${orderId}.${state}`,
      time: payment.time,
      subject: orderId,
      trace: context.trace,
      data,
    });
  if (money === undefined) return {};
  switch (state) {
    case 'declined':
      return { publish: [event(paymentDeclined, { orderId, reason: payment.declineReason ?? 'declined' })] };
    case 'captured':
      return { publish: [event(paymentCaptured, { orderId, ...money })] };
    case 'refunded':
      return { publish: [event(paymentRefunded, { orderId, ...money })] };
    case 'refund-due': {
      const reason = payment.refundReason ?? 'cancelled';
      return { publish: [event(paymentRefundDue, { orderId, ...money, ...reference, reason })] };
    }
    case 'refunding':
      // An earlier invocation called the gateway and may have crashed before it recorded the refund.
      return { effect: { ...context, kind: 'find-then-refund', money, ...reference } };
    default:
      return {};
  }
}

/** Sends a captured payment back: through the gateway, or where the money came past it, by telling that a person has to. */
export function refund(payment: Payment, context: EventContext, reason: string): PaymentTransition {
  const { money } = payment;
  if (money === undefined) throw new ConflictError(`Order ${payment.orderId} has nothing to refund`);
  if (isReported(payment))
    return finishPayment({ ...payment, state: 'refund-due', refundReason: reason, refundDue: REFUND_DUE }, context);
  const effect = { ...context, kind: 'refund' as const, money, ...optionalReference(payment.reference) };
  return { after: { ...payment, state: 'refunding' }, effect };
}
