import type { Money } from '../../contracts/money.ts';

/**
 * A charge for an order's total. `token` identifies the customer's means of payment at the provider; `authorization` is the provider's
 * reference of what the checkout has authorized and is to be captured.
 */
export type Charge = { orderId: string; money: Money } & ({ token: string } | { authorization: string });

/**
 * The result of a charge. A decline by the bank is a result, not an error. `reference` is the provider's own id of the payment, if it has
 * one: it is stored with the order, because a lookup by id is immediately consistent and works without a time limit.
 */
export type ChargeResult = { kind: 'captured'; reference?: string } | { kind: 'declined'; reason: string };

/** What the payment record tells the adapter: the provider's reference, and since when a capture may be under way (ISO 8601). */
export type PaymentHint = { reference?: string; capturingSince?: string };

/** What a provider knows of an order's payment. `reference` may also be that of a payment that was created but never completed. */
export type FoundPayment = { captured: boolean; refunded: boolean; reference?: string };

/**
 * The port to a payment provider; `docs/payment-gateways.md` says how to write an adapter. Every call may be repeated after a lost
 * response, so an adapter derives its idempotency keys from the order's id. `find` covers the time after the provider has dropped
 * the key (Stripe may after 24 hours). Calls throw `UnavailableError` while the provider cannot answer, `BusyError` while another
 * call for the same order is in progress, and `PermanentError` if the same call would always be refused.
 */
export type PaymentGateway = {
  /**
   * Charges each order at most once. An authorization is captured once, and one that has lapsed is a decline. `unfinishedReference` is a payment that `find` returned as not completed: it is completed instead.
   */
  capture(charge: Charge, unfinishedReference?: string): Promise<ChargeResult>;
  /**
   * Looks up what was done for an order, however long ago. If `capturingSince` is so recent that the provider still holds the
   * idempotency key, an adapter may answer "nothing": repeating the charge under that key then returns the first result.
   */
  find(orderId: string, hint?: PaymentHint): Promise<FoundPayment>;
  /** Refunds the order's payment at most once. `reference` may be that of a payment that the checkout captured. */
  refund(orderId: string, money: Money, reference?: string): Promise<void>;
};
