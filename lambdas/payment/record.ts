import type { TraceContext } from '../../contracts/cloud-event.ts';
import type { Money } from '../../contracts/money.ts';
import type { PaymentMethod } from '../../contracts/order.ts';
import type { OrderRecord } from '../runtime/records.ts';

/** The index of the payments table that holds only payments whose money a person has to send back. */
export const dueRefundsIndex = 'due-refunds';

/** Marks a payment for the index; the attribute is the index's key and is absent otherwise. */
export const REFUND_DUE = 'due';

/** The reason of a refund of money that was captured although its order is cancelled. */
export const CANCELLED = 'cancelled';

/**
 * Where an order's payment is. `authorizing`, `capturing`, `voiding` and `refunding` are written before the gateway is called, so that
 * after a crash the next invocation asks what the call did before it makes it again. `awaiting` waits for a reported payment. `authorized`
 * is also the state of an order that the gateway has no part in: nothing is to pay, or the customer pays on delivery. `lapsed`: the
 * authorization could not be captured any more. `voided` without `money` is the tombstone of an order that has not come.
 * `refunding`, `refunded` and `refund-due` are those of a cancelled order: what is left of its money goes back, and `refund-due` waits for a
 * person to send it. A refund that was asked for leaves the state as it is.
 */
export type PaymentState =
  | 'awaiting'
  | 'authorizing'
  | 'authorized'
  | 'capturing'
  | 'captured'
  | 'lapsed'
  | 'declined'
  | 'voiding'
  | 'voided'
  | 'refunding'
  | 'refunded'
  | 'refund-due';

/**
 * Money that goes back. `pending` is written before the gateway is called; `due`: a person has to send it. Without `refundId` it is what a
 * cancellation leaves to be sent back.
 */
export type Refund = {
  refundId?: string;
  /** In the minor unit of the order's currency. */
  amount: number;
  state: 'pending' | 'done' | 'due';
  /** Goods were to come back with it: stock has a return under the same id. */
  goods?: true;
  /** All that was sent back once this was done. */
  refunded?: number;
  /** Why a person has to send it. */
  reason?: string;
  /** When the state was reached (ISO 8601). */
  time: string;
};

/** An order's payment record. */
export type Payment = OrderRecord & {
  state: PaymentState;
  /** The order's total; absent while only its cancellation has arrived. */
  money?: Money;
  /** Who placed the order, as `CustomerHash` hides them; absent where the order names no customer. */
  customer?: string;
  /** How the order is paid, as it was placed. */
  method?: PaymentMethod;
  /** Why the bank or the provider refused to authorize or to capture. */
  declineReason?: string;
  /** The id of the payment itself, from the gateway, the checkout or whoever reported it. */
  reference?: string;
  /** Since when the gateway may hold something for the order (ISO 8601); absent where the table forgot, or nothing was asked of it. */
  since?: string;
  /** The payment was reported by `shop.payment.received.v1`. */
  received?: true;
  /** The void let go of an authorization; absent where nothing was held. */
  released?: true;
  /** In the sequence in which they were asked for. Absent in records of 0.3.0, which know the refund of a cancellation by their state. */
  refunds?: readonly Refund[];
  /** Goods of the order left: its cancellation refunds nothing any more. */
  dispatched?: true;
  /** Why the refund of a cancellation is due, in records of 0.3.0. */
  refundReason?: string;
  /** Set while a refund is due. */
  refundDue?: typeof REFUND_DUE;
  /** When the state was reached (ISO 8601). Used as event time, so that an event published again is identical. */
  time: string;
  /** When a tombstone is deleted (seconds since 1970): see `TOMBSTONE_DAYS`. */
  expiresAt?: number;
};

/** The order and the trace that an event or an effect belongs to. */
export type EventContext = { orderId: string; trace: TraceContext };

const FIRST_STATE = {
  token: 'authorizing',
  authorized: 'authorizing',
  captured: 'captured',
  awaited: 'awaiting',
  'on-delivery': 'authorized',
} as const satisfies Record<string, PaymentState>;

/** Builds the first record of an order. A payment that the checkout captured is captured from the start. */
export function firstPayment(orderId: string, money: Money, method: PaymentMethod | undefined, time: string): Payment {
  const state = money.amount === 0 ? 'authorized' : FIRST_STATE[method?.kind ?? 'token'];
  return {
    orderId,
    version: 0,
    state,
    money,
    ...(state === 'authorizing' ? { since: time } : {}),
    ...(method === undefined ? {} : { method }),
    ...optionalReference(method?.reference),
    time,
  };
}

/** Tells whether the money comes past the gateway, so that only a report can tell that it came. */
export const isReported = ({ method }: Pick<Payment, 'method'>): boolean =>
  method?.kind === 'awaited' || method?.kind === 'on-delivery';

/** Tells whether the gateway authorizes and captures the money: not where the checkout captured it, nor where it comes past the gateway. */
export const isAuthorizedHere = ({ method, money }: Pick<Payment, 'method' | 'money'>): boolean =>
  money === undefined ||
  (money.amount > 0 && (method === undefined || method.kind === 'token' || method.kind === 'authorized'));

/** Returns a reference as a member to spread, or nothing. */
export const optionalReference = (reference: string | undefined): { reference?: string } =>
  reference === undefined ? {} : { reference };
