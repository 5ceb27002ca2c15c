import type { Money } from '../../contracts/money.ts';

/** What is asked of a gateway: this order's money, from whoever the token stands for. */
export type Charge = { orderId: string; token: string; money: Money };

/**
 * A gateway's answer. A refusal by the bank is an answer, not an error. `reference` is what the provider calls the payment, where
 * it has a name of its own: it is kept with the order, for an order's payment is found by it at once and for ever.
 */
export type ChargeAnswer = { kind: 'captured'; reference?: string } | { kind: 'declined'; reason: string };

/** What our record says of a payment: its reference, and since when it may be under way (ISO 8601). */
export type PaymentHint = { reference?: string; since?: string };

/** What a provider knows of an order; `reference` may also be that of a payment that was begun and not finished. */
export type FoundPayment = { captured: boolean; refunded: boolean; reference?: string };

/**
 * The port to a payment provider; `docs/payment-gateways.md` says how to write an adapter. Every call may come again after a lost
 * answer, so an adapter derives its idempotency key from the order's id; `find` covers the time after the provider has forgotten
 * the key (Stripe may after 24 hours). A call that cannot be answered now throws `UnavailableError`, one that meets somebody else
 * at work on the same order `BusyError`, one that would be refused for ever `PermanentError`.
 */
export type PaymentGateway = {
  /** Takes the order's money once; `begun`: the reference of a payment that `find` found unfinished, to be finished. */
  capture(charge: Charge, begun?: string): Promise<ChargeAnswer>;
  /**
   * Says what was done for an order before, whenever that was. Where `since` is so late that the provider still has the key, an
   * adapter may say that nothing was: whoever charges under the same key then is told what was done.
   */
  find(orderId: string, known?: PaymentHint): Promise<FoundPayment>;
  /** Gives the order's money back once. */
  refund(orderId: string, money: Money, reference?: string): Promise<void>;
};
