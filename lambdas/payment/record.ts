import type { TraceContext } from '../../contracts/cloud-event.ts';
import type { Money } from '../../contracts/money.ts';
import { type OrderPlaced, type PaymentMethod, paymentMethodOf } from '../../contracts/order.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { REFUND_DUE } from './due-refunds.ts';

/**
 * Where an order's payment is. `capturing` is written before the gateway is called, so that after a crash the next invocation looks
 * up the payment before it charges. `awaiting` and `on-delivery` wait for a reported payment. `cancelled` is the tombstone of an
 * order that must never be charged. `refund-due`: money must go back, and no gateway can send it.
 */
export type PaymentState =
  | 'not-needed'
  | 'awaiting'
  | 'on-delivery'
  | 'capturing'
  | 'captured'
  | 'declined'
  | 'refunding'
  | 'refunded'
  | 'refund-due'
  | 'cancelled';

/** An order's payment record. */
export type Payment = OrderRecord & {
  state: PaymentState;
  /** The order's total; absent while only its cancellation has arrived. */
  money?: Money;
  /** How the order is paid, as it was placed. */
  method?: PaymentMethod;
  declineReason?: string;
  /** The id of the payment itself, from the gateway, the checkout or whoever reported it. */
  reference?: string;
  /** The payment was reported by `shop.payment.received.v1`. */
  received?: true;
  /** The order was cancelled while its capture was in progress. */
  cancelled?: true;
  /** Why money must go back. */
  refundReason?: string;
  refundDue?: typeof REFUND_DUE;
  /** When the state was reached (ISO 8601). Used as event time, so that an event published again is identical. */
  time: string;
};

/** The order and the trace that an event or an effect belongs to. */
export type EventContext = { orderId: string; trace: TraceContext };

/** Builds the first record of a placed order. A payment that the checkout captured is captured from the start. */
export function placedPayment({ orderId, payment, total }: OrderPlaced['data'], time: string): Payment {
  const reference = payment?.kind === 'captured' ? payment.reference : undefined;
  return {
    orderId,
    version: 0,
    state: total.amount === 0 ? 'not-needed' : FIRST_STATE[payment?.kind ?? 'token'],
    money: total,
    ...(payment === undefined ? {} : { method: paymentMethodOf(payment) }),
    ...optionalReference(reference),
    time,
  };
}

const FIRST_STATE = {
  token: 'capturing',
  authorized: 'capturing',
  captured: 'captured',
  awaited: 'awaiting',
  'on-delivery': 'on-delivery',
} as const satisfies Record<string, PaymentState>;

/** Tells whether the money comes past the gateway, so that only a report can tell that it came. */
export const isReported = ({ method }: Payment): boolean =>
  method?.kind === 'awaited' || method?.kind === 'on-delivery';

/** Returns a reference as a member to spread, or nothing. */
export const optionalReference = (reference: string | undefined): { reference?: string } =>
  reference === undefined ? {} : { reference };
