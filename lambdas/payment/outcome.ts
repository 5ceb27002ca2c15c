import { buildEvent, type CloudEvent, type EventContract, toBoundedText } from '../../contracts/cloud-event.ts';
import type { Money } from '../../contracts/money.ts';
import {
  paymentAuthorized,
  paymentCaptured,
  paymentDeclined,
  paymentRefundDue,
  paymentRefunded,
  paymentVoided,
} from '../../contracts/payment.ts';
import { ConflictError } from '../runtime/failure.ts';
import type { Transition } from '../runtime/state-machine.ts';
import type { PaymentEffect } from './effects.ts';
import type { KnownPayment } from './gateway.ts';
import { type EventContext, isReported, optionalReference, type Payment, REFUND_DUE } from './record.ts';

export type PaymentTransition = Transition<Payment, PaymentEffect>;

/** Records a state and publishes its outcome. */
export const finishPayment = (payment: Payment, context: EventContext): PaymentTransition => ({
  after: payment,
  ...resumePayment(payment, context),
});

/**
 * Returns what a recorded state requires each time it is read: an outcome to publish, possibly again, or a void or refund to finish. An authorization
 * or capture is only resumed by the event that asks for it.
 */
export function resumePayment(payment: Payment, context: EventContext): PaymentTransition {
  const { orderId, state, money } = payment;
  if (state === 'voiding') return { effect: voidEffect(payment, context) };
  if (money === undefined) return {};
  const event = <Data>(contract: EventContract<string, Data>, data: Data): CloudEvent =>
    buildEvent(contract, {
      id: `${orderId}.${contract.type.split('.')[2]}`,
      time: payment.time,
      subject: orderId,
      trace: context.trace,
      data,
    });
  switch (state) {
    case 'authorized':
      return { publish: [event(paymentAuthorized, { orderId, ...money })] };
    case 'declined':
    case 'lapsed':
      return { publish: [event(paymentDeclined, { orderId, reason: reasonOf(payment.declineReason, state) })] };
    case 'captured':
      return { publish: [event(paymentCaptured, { orderId, ...money })] };
    case 'voided':
      return payment.released ? { publish: [event(paymentVoided, { orderId, ...money })] } : {};
    case 'refunded':
      return { publish: [event(paymentRefunded, { orderId, ...money })] };
    case 'refund-due': {
      const reason = reasonOf(payment.refundReason, 'cancelled');
      const reference = fits(payment.reference) ? { reference: payment.reference } : {};
      return { publish: [event(paymentRefundDue, { orderId, ...money, ...reference, reason })] };
    }
    case 'refunding':
      return { effect: refundEffect(payment, money, context) };
    default:
      return {};
  }
}

// What the contracts of these events allow. A provider's texts have no limits.
const MAX_REASON_CHARACTERS = 200;
const MAX_REFERENCE_CHARACTERS = 256;

const reasonOf = (reason: string | undefined, otherwise: string): string =>
  toBoundedText(reason ?? '', MAX_REASON_CHARACTERS) || otherwise;

/** Tells whether a reference can be published; one that was cut would be that of another payment. */
const fits = (reference: string | undefined): reference is string =>
  reference !== undefined && reference !== '' && toBoundedText(reference, MAX_REFERENCE_CHARACTERS) === reference;

/** Sends a captured payment back: through the gateway, or where the money came past it, by telling that a person has to. */
export function refund(payment: Payment, context: EventContext, reason: string): PaymentTransition {
  const { money } = payment;
  if (money === undefined) throw new ConflictError(`Order ${payment.orderId} has nothing to refund`);
  if (isReported(payment)) return refundByPerson(payment, context, reason);
  const after: Payment = { ...payment, state: 'refunding' };
  return { after, effect: refundEffect(after, money, context) };
}

/** Tells that a person has to send the money back, and why no gateway can. */
export const refundByPerson = (payment: Payment, context: EventContext, reason: string): PaymentTransition =>
  finishPayment({ ...payment, state: 'refund-due', refundReason: reason, refundDue: REFUND_DUE }, context);

/** Makes sure that nothing is or will be held or taken for an order. */
export function voidPayment(payment: Payment, context: EventContext): PaymentTransition {
  const after: Payment = { ...payment, state: 'voiding' };
  return { after, effect: voidEffect(after, context) };
}

const voidEffect = (payment: Payment, context: EventContext): PaymentEffect => ({
  ...context,
  kind: 'void',
  known: { ...knownOf(payment), voidingSince: payment.time },
});

const refundEffect = (payment: Payment, money: Money, context: EventContext): PaymentEffect => ({
  ...context,
  kind: 'refund',
  money,
  known: knownOf(payment),
});

/** Returns what the record can tell a gateway about a call. */
export const knownOf = ({ money, reference, since }: Payment): KnownPayment => ({
  ...(money === undefined ? {} : { money }),
  ...optionalReference(reference),
  ...(since === undefined ? {} : { since }),
});
