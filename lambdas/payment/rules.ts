import {
  buildEvent,
  type CloudEvent,
  type EventContract,
  type TraceContext,
  traceContextOf,
} from '../../contracts/cloud-event.ts';
import { type Money, sameMoney } from '../../contracts/money.ts';
import { needsPayment, type OrderCancelled, type OrderPlaced, orderPlaced } from '../../contracts/order.ts';
import { paymentCaptured, paymentDeclined, paymentRefunded } from '../../contracts/payment.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { ConflictError } from '../runtime/failure.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Transition } from '../runtime/state-machine.ts';
import type { Charge, ChargeResult, PaymentGateway } from './gateway.ts';

/**
 * An order's payment record. `capturing` is written before the gateway is called, so that after a crash the next invocation looks
 * up the payment before it charges. The state `cancelled` is the tombstone of an order that must never be charged.
 */
export type Payment = OrderRecord & {
  state: 'capturing' | 'captured' | 'declined' | 'refunding' | 'refunded' | 'cancelled';
  money?: Money;
  declineReason?: string;
  /** The gateway's own id of the payment, if it has one. */
  reference?: string;
  /** The order was cancelled while its capture was in progress. */
  cancelled?: true;
  /** When the state was reached (ISO 8601). Used as event time, so that an event published again is identical. */
  time: string;
};

export type PaymentInput = OrderPlaced | OrderCancelled;

type EventContext = { orderId: string; trace: TraceContext };

export type PaymentEffect = EventContext &
  (
    | { kind: 'capture'; charge: Charge }
    | { kind: 'find-then-capture'; charge: Charge; capturingSince: string }
    | { kind: 'refund' | 'find-then-refund'; money: Money; reference?: string }
  );

export type PaymentEffectResult = EventContext & { result: ChargeResult | { kind: 'refunded' } };

/** Decides what follows from an event or from a gateway's result. Throws `ConflictError` if it contradicts the record. */
export function nextPayment(
  payment: Payment | undefined,
  input: Delivery<PaymentInput> | PaymentEffectResult,
  now: Date,
): Transition<Payment, PaymentEffect> {
  const time = now.toISOString();
  if ('result' in input) return onGatewayResult(payment, input, time);
  const { event } = input;
  return event.type === orderPlaced.type ? onPlaced(payment, event, time) : onCancelled(payment, event, time);
}

function onPlaced(
  payment: Payment | undefined,
  { data, ...event }: OrderPlaced,
  time: string,
): Transition<Payment, PaymentEffect> {
  const { orderId, total: money } = data;
  const context = { orderId, trace: traceContextOf(event) };
  if (!needsPayment(data)) return {};
  const token = data.payment !== undefined && 'token' in data.payment ? data.payment.token : '';
  const charge = { orderId, token, money };
  if (payment === undefined) {
    return {
      after: { orderId, version: 0, state: 'capturing', money, time },
      effect: { ...context, kind: 'capture', charge },
    };
  }
  if (payment.money !== undefined && !sameMoney(payment.money, money)) {
    throw new ConflictError(`Order ${orderId} was already placed with another total`);
  }
  // An earlier invocation called the gateway and may have crashed before it recorded the result. The call may even still be in
  // progress. So even a cancelled order is charged under the same key, which reveals the result, and is then refunded.
  if (payment.state === 'capturing') {
    return { effect: { ...context, kind: 'find-then-capture', charge, capturingSince: payment.time } };
  }
  return resumePayment(payment, context);
}

function onCancelled(
  payment: Payment | undefined,
  { data, ...event }: OrderCancelled,
  time: string,
): Transition<Payment, PaymentEffect> {
  const { orderId } = data;
  const context = { orderId, trace: traceContextOf(event) };
  if (payment === undefined) return { after: { orderId, version: 0, state: 'cancelled', time } };
  if (payment.state === 'capturing') return payment.cancelled ? {} : { after: { ...payment, cancelled: true } };
  if (payment.state === 'captured') return refund({ ...payment, time }, context);
  return payment.state === 'declined' ? {} : resumePayment(payment, context);
}

function onGatewayResult(
  payment: Payment | undefined,
  { result, ...context }: PaymentEffectResult,
  time: string,
): Transition<Payment, PaymentEffect> {
  if (payment === undefined) throw new ConflictError(`The payment of order ${context.orderId} disappeared`);
  const { state } = payment;
  switch (result.kind) {
    case 'captured': {
      const { reference } = result;
      const captured = { ...payment, time, ...optionalReference(reference) };
      // The order was cancelled or declined meanwhile, but the money was captured: refund it.
      if (state === 'declined' || (state === 'capturing' && payment.cancelled)) return refund(captured, context);
      return state === 'capturing'
        ? finishPayment({ ...captured, state: 'captured' }, context)
        : resumePayment(payment, context);
    }
    case 'declined':
      if (state !== 'capturing') return resumePayment(payment, context);
      return finishPayment({ ...payment, state: 'declined', declineReason: result.reason, time }, context);
    case 'refunded':
      return state === 'refunding'
        ? finishPayment({ ...payment, state: 'refunded', time }, context)
        : resumePayment(payment, context);
  }
}

/** Records a final state and publishes it. */
function finishPayment(payment: Payment, context: EventContext): Transition<Payment, PaymentEffect> {
  return { after: payment, ...resumePayment(payment, context) };
}

function refund(payment: Payment, context: EventContext): Transition<Payment, PaymentEffect> {
  const { money } = payment;
  if (money === undefined) throw new ConflictError(`Order ${payment.orderId} has nothing to refund`);
  const effect = { ...context, kind: 'refund' as const, money, ...optionalReference(payment.reference) };
  return { after: { ...payment, state: 'refunding' }, effect };
}

const optionalReference = (reference: string | undefined) => (reference === undefined ? {} : { reference });

/** Returns what a recorded state requires each time it is read: an outcome to publish, possibly again, or a refund to finish. */
function resumePayment(payment: Payment, context: EventContext): Transition<Payment, PaymentEffect> {
  const { orderId, state, money } = payment;
  const event = <Data>(contract: EventContract<string, Data>, data: Data): CloudEvent =>
    buildEvent(contract, {
      id: `${orderId}.${state}`,
      time: payment.time,
      subject: orderId,
      trace: context.trace,
      data,
    });
  if (state === 'declined') {
    return { publish: [event(paymentDeclined, { orderId, reason: payment.declineReason ?? 'declined' })] };
  }
  if (money === undefined) return {};
  if (state === 'captured') return { publish: [event(paymentCaptured, { orderId, ...money })] };
  if (state === 'refunded') return { publish: [event(paymentRefunded, { orderId, ...money })] };
  // An earlier invocation called the gateway and may have crashed before it recorded the refund.
  if (state !== 'refunding') return {};
  return { effect: { ...context, kind: 'find-then-refund', money, ...optionalReference(payment.reference) } };
}

/** Runs an effect against the gateway. The result is the next input of `nextPayment`. */
export async function runPaymentEffect(gateway: PaymentGateway, effect: PaymentEffect): Promise<PaymentEffectResult> {
  const { orderId, trace } = effect;
  switch (effect.kind) {
    case 'capture':
      return { orderId, trace, result: await gateway.capture(effect.charge) };
    case 'find-then-capture': {
      const { captured, reference } = await gateway.find(orderId, { capturingSince: effect.capturingSince });
      const result = captured
        ? { kind: 'captured' as const, ...optionalReference(reference) }
        : await gateway.capture(effect.charge, reference);
      return { orderId, trace, result };
    }
    case 'find-then-refund':
    case 'refund': {
      const { money, reference } = effect;
      const found =
        effect.kind === 'find-then-refund' ? await gateway.find(orderId, optionalReference(reference)) : undefined;
      if (!found?.refunded) await gateway.refund(orderId, money, reference ?? found?.reference);
      return { orderId, trace, result: { kind: 'refunded' } };
    }
  }
}
