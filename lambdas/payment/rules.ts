import { buildEvent, type CloudEvent, type EventContract } from '../../contracts/cloud-event.ts';
import { type Money, sameMoney } from '../../contracts/money.ts';
import { type OrderCancelled, type OrderPlaced, orderPlaced } from '../../contracts/order.ts';
import { paymentCaptured, paymentDeclined, paymentRefunded } from '../../contracts/payment.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { ConflictError } from '../runtime/failure.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Transition } from '../runtime/state-machine.ts';
import type { Charge, ChargeAnswer, PaymentGateway } from './gateway.ts';

/**
 * What is kept of an order's payment. `capturing` is written before the gateway is asked, so that whoever finds it after
 * a crash knows to look before charging. `cancelled` alone is the tombstone of an order that must not be charged.
 */
export type Payment = OrderRecord & {
  state: 'capturing' | 'captured' | 'declined' | 'refunding' | 'refunded' | 'cancelled';
  money?: Money;
  declineReason?: string;
  /** What the gateway calls the payment, if it calls it anything. */
  reference?: string;
  /** The order was cancelled while its capture was under way. */
  cancelled?: true;
  /** When the state was reached, so that an event published again is the same event. */
  time: string;
};

export type PaymentInput = OrderPlaced | OrderCancelled;

type Context = { orderId: string; traceparent: string | undefined };

export type PaymentEffect = Context &
  (
    | { kind: 'capture'; charge: Charge }
    | { kind: 'find-then-capture'; charge: Charge; since: string }
    | { kind: 'refund' | 'find-then-refund'; money: Money; reference?: string }
  );

export type PaymentEffectResult = Context & { answer: ChargeAnswer | { kind: 'refunded' } };

/** Takes a payment as it is known and a delivery or the gateway's answer and gives what to write, do and publish. */
export function nextPayment(
  payment: Payment | undefined,
  input: Delivery<PaymentInput> | PaymentEffectResult,
  now: Date,
): Transition<Payment, PaymentEffect> {
  const time = now.toISOString();
  if ('answer' in input) return onAnswer(payment, input, time);
  const { event } = input;
  return event.type === orderPlaced.type ? onPlaced(payment, event, time) : onCancelled(payment, event, time);
}

function onPlaced(
  payment: Payment | undefined,
  { data, traceparent }: OrderPlaced,
  time: string,
): Transition<Payment, PaymentEffect> {
  const { orderId, total: money } = data;
  const context = { orderId, traceparent };
  const charge = { orderId, token: data.payment.token, money };
  if (payment === undefined) {
    return {
      after: { orderId, version: 0, state: 'capturing', money, time },
      effect: { ...context, kind: 'capture', charge },
    };
  }
  if (payment.money !== undefined && !sameMoney(payment.money, money)) {
    throw new ConflictError(`Order ${orderId} was already placed with another total`);
  }
  // Somebody asked the gateway before and may have died before the answer was written down. The gateway may even be busy
  // with it still, so a cancelled order is charged under the same key, to know, and refunded.
  if (payment.state === 'capturing') {
    return { effect: { ...context, kind: 'find-then-capture', charge, since: payment.time } };
  }
  return resumePayment(payment, context);
}

function onCancelled(
  payment: Payment | undefined,
  { data, traceparent }: OrderCancelled,
  time: string,
): Transition<Payment, PaymentEffect> {
  const { orderId } = data;
  const context = { orderId, traceparent };
  if (payment === undefined) return { after: { orderId, version: 0, state: 'cancelled', time } };
  if (payment.state === 'capturing') return payment.cancelled ? {} : { after: { ...payment, cancelled: true } };
  if (payment.state === 'captured') return refund({ ...payment, time }, context);
  return payment.state === 'declined' ? {} : resumePayment(payment, context);
}

function onAnswer(
  payment: Payment | undefined,
  { answer, ...context }: PaymentEffectResult,
  time: string,
): Transition<Payment, PaymentEffect> {
  if (payment === undefined) throw new ConflictError(`The payment of order ${context.orderId} disappeared`);
  const { state } = payment;
  switch (answer.kind) {
    case 'captured': {
      const { reference } = answer;
      const paid = { ...payment, time, ...(reference === undefined ? {} : { reference }) };
      // The order came to nothing while the gateway was busy: the money is there and has to go back.
      if (state === 'declined' || (state === 'capturing' && payment.cancelled)) return refund(paid, context);
      return state === 'capturing'
        ? finishPayment({ ...paid, state: 'captured' }, context)
        : resumePayment(payment, context);
    }
    case 'declined':
      if (state !== 'capturing') return resumePayment(payment, context);
      return finishPayment({ ...payment, state: 'declined', declineReason: answer.reason, time }, context);
    case 'refunded':
      return state === 'refunding'
        ? finishPayment({ ...payment, state: 'refunded', time }, context)
        : resumePayment(payment, context);
  }
}

/** Writes a final state and publishes it. */
function finishPayment(payment: Payment, context: Context): Transition<Payment, PaymentEffect> {
  return { after: payment, ...resumePayment(payment, context) };
}

function refund(payment: Payment, context: Context): Transition<Payment, PaymentEffect> {
  const { money } = payment;
  if (money === undefined) throw new ConflictError(`Order ${payment.orderId} has nothing to refund`);
  const effect = { ...context, kind: 'refund' as const, money, ...referenceOf(payment) };
  return { after: { ...payment, state: 'refunding' }, effect };
}

const referenceOf = ({ reference }: Payment) => (reference === undefined ? {} : { reference });

/** What a state calls for whenever it is met: an outcome to publish, once more if need be, or a refund to finish. */
function resumePayment(payment: Payment, context: Context): Transition<Payment, PaymentEffect> {
  const { orderId, state, money } = payment;
  const event = <Data>(contract: EventContract<string, Data>, data: Data): CloudEvent =>
    buildEvent(contract, {
      id: `${orderId}.${state}`,
      time: payment.time,
      subject: orderId,
      traceparent: context.traceparent,
      data,
    });
  if (state === 'declined') {
    return { publish: [event(paymentDeclined, { orderId, reason: payment.declineReason ?? 'declined' })] };
  }
  if (money === undefined) return {};
  if (state === 'captured') return { publish: [event(paymentCaptured, { orderId, ...money })] };
  if (state === 'refunded') return { publish: [event(paymentRefunded, { orderId, ...money })] };
  // Somebody began to refund before and may have died before the answer was written down.
  if (state !== 'refunding') return {};
  return { effect: { ...context, kind: 'find-then-refund', money, ...referenceOf(payment) } };
}

/** Takes the gateway and an action and carries it out; the answer goes back into `nextPayment`. */
export async function runPaymentEffect(gateway: PaymentGateway, action: PaymentEffect): Promise<PaymentEffectResult> {
  const { orderId, traceparent } = action;
  switch (action.kind) {
    case 'capture':
      return { orderId, traceparent, answer: await gateway.capture(action.charge) };
    case 'find-then-capture': {
      const { captured, reference } = await gateway.find(orderId, { since: action.since });
      const known = reference === undefined ? {} : { reference };
      const answer = captured
        ? { kind: 'captured' as const, ...known }
        : await gateway.capture(action.charge, reference);
      return { orderId, traceparent, answer };
    }
    case 'find-then-refund':
    case 'refund': {
      const { money, reference } = action;
      const known = reference === undefined ? {} : { reference };
      const found = action.kind === 'find-then-refund' ? await gateway.find(orderId, known) : undefined;
      if (!found?.refunded) await gateway.refund(orderId, money, reference ?? found?.reference);
      return { orderId, traceparent, answer: { kind: 'refunded' } };
    }
  }
}
