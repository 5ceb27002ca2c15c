import type { Money } from '../../contracts/money.ts';
import type { Fence } from '../runtime/fence.ts';

/**
 * What is to be authorized for an order: its total. `token` identifies the customer's means of payment at the provider; `authorization` is
 * the provider's reference of what the checkout has authorized.
 */
export type AuthorizeRequest = { orderId: string; money: Money } & ({ token: string } | { authorization: string });

/**
 * What the payment's record knows and may tell the adapter: the provider's reference, the order's total, and since when a call may be
 * under way (ISO 8601). `voidingSince`: from this time on no other call is begun for the order, and those under way end with their invocations.
 */
export type KnownPayment = { reference?: string; money?: Money; since?: string; voidingSince?: string };

/** The answer of a bank or provider that will not authorize, whoever asks again. A decline is an answer, not an error. */
type Declined = { kind: 'declined'; reason: string };

/**
 * `reference` is the provider's own id of the payment, if it has one: it is stored with the order, because a lookup by id is immediately
 * consistent and works without a time limit.
 */
export type AuthorizeResult = { kind: 'authorized'; reference?: string } | Declined;

/** `lapsed`: what was authorized cannot be captured any more, for the given reason (the provider's code). */
export type CaptureResult = { kind: 'captured'; reference?: string } | { kind: 'lapsed'; reason: string };

/** `released`: an authorization was held, and was let go of. `captured`: it had been captured, so that a refund has to follow. */
export type VoidResult = { kind: 'voided'; released: boolean } | { kind: 'captured'; money: Money; reference?: string };

/** `refused`: the provider will never send this money back, for the given reason (its code): disputed, the account is closed, more than is left. */
export type RefundResult = { kind: 'refunded' } | { kind: 'refused'; reason: string };

/**
 * What a provider knows of an order's payment. `state` is absent where it knows none, or one that was begun and holds nothing.
 * `reference` may also be that of a payment that was begun and never completed. `captured` is what was taken, where the provider tells it, and
 * `refunds` what was sent back of it, with our `refundId` where it was us; both in minor units.
 */
export type FoundPayment = {
  state?: 'authorized' | 'captured' | 'voided';
  reference?: string;
  captured?: number;
  refunds: readonly { refundId?: string; amount: number }[];
};

/**
 * The port to a payment provider; `docs/payment-gateways.md` says how to write an adapter. Every call may be repeated after a lost
 * response, so an adapter derives its idempotency keys from the order's id. `find` covers the time after the provider has dropped
 * the key (Stripe may after 24 hours). Calls throw `UnavailableError` while the provider cannot answer, `OneOrderError` where it answers
 * others but not for this order, `BusyError` while another call for the same order is in progress, `WaitingError` while the provider itself
 * waits for somebody, and `PermanentError` if the same call would always be refused. Each call that moves money looks at its fence
 * directly before, and ends when the fence's signal aborts.
 */
export type PaymentGateway = {
  /**
   * Holds the total, once per order, and takes nothing. An authorization of the checkout's is checked, not made: one that has lapsed, is of
   * another order or of less is a decline. `known.reference` may be a payment that `find` returned as not completed: it is completed instead.
   */
  authorize(request: AuthorizeRequest, known: KnownPayment, fence: Fence): Promise<AuthorizeResult>;
  /** Takes what is held, once. */
  capture(orderId: string, money: Money, known: KnownPayment, fence: Fence): Promise<CaptureResult>;
  /**
   * Closes the order's key: nothing is held or taken under it afterwards, whatever was on its way. Also where nothing was authorized yet,
   * or nothing is known of the order. What was captured before stays captured, which the answer says.
   */
  void(orderId: string, known: KnownPayment, fence: Fence): Promise<VoidResult>;
  /**
   * Sends exactly this money back, once per `refundId`, or refuses where less is left of what was captured. `known.reference` may be that of a
   * payment that the checkout captured.
   */
  refund(orderId: string, refundId: string, money: Money, known: KnownPayment, fence: Fence): Promise<RefundResult>;
  /**
   * Looks up what was done for an order, however long ago. If `known.since` is so recent that the provider still holds the
   * idempotency key, an adapter may answer "nothing": repeating the call under that key then returns the first result.
   */
  find(orderId: string, known: KnownPayment, fence: Fence): Promise<FoundPayment>;
};
