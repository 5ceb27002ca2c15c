import type { Money } from '../../contracts/money.ts';

/** What is asked of a gateway: this order's money, from whoever the token stands for. */
export type Charge = { orderId: string; token: string; money: Money };

/** A gateway's answer. A refusal by the bank is an answer, not an error. */
export type ChargeAnswer = { kind: 'captured' } | { kind: 'declined'; reason: string };

/**
 * The port to a payment provider. Every call may come again after a lost answer, so an adapter derives its idempotency key
 * from the order's id; `find` covers the time after the provider has forgotten the key (Stripe may after 24 hours).
 * A call that cannot be answered now throws `UnavailableError`.
 */
export type PaymentGateway = {
  /** Takes the order's money once. */
  capture(charge: Charge): Promise<ChargeAnswer>;
  /** Says what was done for an order before, whenever that was. */
  find(orderId: string): Promise<{ captured: boolean; refunded: boolean }>;
  /** Gives the order's money back once. */
  refund(orderId: string, money: Money): Promise<void>;
};
