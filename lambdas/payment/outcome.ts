import { buildEvent, type CloudEvent, type EventContract, toBoundedText } from '../../contracts/cloud-event.ts';
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
import { type EventContext, isReported, optionalReference, type Payment, type Refund } from './record.ts';
import { pendingRefund, refundedAmount, refundsOf, withRefunds } from './refunds.ts';

export type PaymentTransition = Transition<Payment, PaymentEffect>;

/** Records a state and publishes its outcome. */
export const finishPayment = (payment: Payment, context: EventContext): PaymentTransition => ({
  after: payment,
  ...resumePayment(payment, context),
});

/**
 * Returns what a record requires each time it is read: outcomes to publish, possibly again, and a void or a refund to finish. An authorization
 * or capture is only resumed by the event that asks for it.
 */
export function resumePayment(payment: Payment, context: EventContext): PaymentTransition {
  const { publish = [], ...calls } = resumeCalls(payment, context);
  const events = [...stateEvents(payment, context), ...publish];
  return { ...calls, ...(events.length === 0 ? {} : { publish: events }) };
}

/** As `resumePayment`, without the outcome of the state itself. */
export function resumeCalls(payment: Payment, context: EventContext): PaymentTransition {
  if (payment.state === 'voiding') return { effect: voidEffect(payment, context) };
  const events = refundsOf(payment).flatMap((refund) => refundEvents(payment, refund, context));
  return { ...nextRefund(payment, context), ...(events.length === 0 ? {} : { publish: events }) };
}

/** Returns the call of the first refund that is pending. */
export function nextRefund(payment: Payment, context: EventContext): Pick<PaymentTransition, 'effect'> {
  const { money } = payment;
  const pending = pendingRefund(payment);
  if (money === undefined || pending === undefined) return {};
  const { refundId, amount } = pending;
  const known = knownOf(payment);
  const which = refundId === undefined ? {} : { refundId };
  return { effect: { ...context, kind: 'refund', ...which, money: { ...money, amount }, known } };
}

function stateEvents(payment: Payment, context: EventContext): CloudEvent[] {
  const { orderId, state, money, time } = payment;
  if (money === undefined) return [];
  const event = <Data>(contract: EventContract<string, Data>, data: Data): CloudEvent[] => [
    buildOutcome(contract, data, context, time),
  ];
  switch (state) {
    case 'authorized':
      return event(paymentAuthorized, { orderId, ...money });
    case 'declined':
    case 'lapsed':
      return event(paymentDeclined, { orderId, reason: reasonOf(payment.declineReason, state) });
    case 'captured':
      return event(paymentCaptured, { orderId, ...money });
    case 'voided':
      return payment.released ? event(paymentVoided, { orderId, ...money }) : [];
    default:
      return [];
  }
}

/** Returns what tells of a refund, once it has come to an end. */
export function refundEvents(payment: Payment, refund: Refund, context: EventContext): CloudEvent[] {
  const { orderId, money } = payment;
  const { refundId, amount, state, refunded, reason, time } = refund;
  if (money === undefined || state === 'pending') return [];
  const data = { orderId, ...money, amount, ...(refundId === undefined ? {} : { refundId }) };
  if (state === 'done') {
    const sum = refunded === undefined ? {} : { refunded };
    return [buildOutcome(paymentRefunded, { ...data, ...sum }, context, time, refundId)];
  }
  const reference = fits(payment.reference) ? { reference: payment.reference } : {};
  const due = { ...data, ...reference, reason: reasonOf(reason, 'cancelled') };
  return [buildOutcome(paymentRefundDue, due, context, time, refundId)];
}

/** Builds an outcome. Its id follows from the order and, where given, the refund, so that one that is published again is the same. */
export const buildOutcome = <Data>(
  contract: EventContract<string, Data>,
  data: Data,
  { orderId, trace }: EventContext,
  time: string,
  refundId?: string,
): CloudEvent =>
  buildEvent(contract, {
    id: [orderId, contract.type.split('.')[2], refundId].filter((part) => part !== undefined).join('.'),
    time,
    subject: orderId,
    trace,
    data,
  });

// What the contracts of these events allow. A provider's texts have no limits.
const MAX_REASON_CHARACTERS = 200;
const MAX_REFERENCE_CHARACTERS = 256;

const reasonOf = (reason: string | undefined, otherwise: string): string =>
  toBoundedText(reason ?? '', MAX_REASON_CHARACTERS) || otherwise;

/** Tells whether a reference can be published; one that was cut would be that of another payment. */
const fits = (reference: string | undefined): reference is string =>
  reference !== undefined && reference !== '' && toBoundedText(reference, MAX_REFERENCE_CHARACTERS) === reference;

/**
 * Sends back what is left of a captured payment: through the gateway, after the refunds that were begun, or where the money came past it, by
 * telling that a person has to, for `reason`.
 */
export function refundRest(payment: Payment, context: EventContext, reason: string): PaymentTransition {
  const { money, time } = payment;
  if (money === undefined) throw new ConflictError(`Order ${payment.orderId} has nothing to refund`);
  const amount = money.amount - refundedAmount(payment);
  const rest: Refund = isReported(payment)
    ? { amount, state: 'due', reason, time }
    : { amount, state: 'pending', time };
  const refunds = [...refundsOf(payment), ...(amount > 0 ? [rest] : [])];
  return beginRefund(withRefunds({ ...payment, state: 'refunding' }, refunds, time), rest, context);
}

/** Records a refund, and calls the gateway or, where it is due, says so. What was told of earlier ones is not told again. */
export function beginRefund(after: Payment, refund: Refund, context: EventContext): PaymentTransition {
  const events = refund.amount > 0 ? refundEvents(after, refund, context) : [];
  return { after, ...nextRefund(after, context), ...(events.length === 0 ? {} : { publish: events }) };
}

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

/** Returns what the record can tell a gateway about a call. */
export const knownOf = ({ money, reference, since }: Payment): KnownPayment => ({
  ...(money === undefined ? {} : { money }),
  ...optionalReference(reference),
  ...(since === undefined ? {} : { since }),
});
