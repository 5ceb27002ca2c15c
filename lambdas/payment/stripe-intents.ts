import type Stripe from 'stripe';
import type { Money } from '../../contracts/money.ts';
import { OneOrderError, PermanentError, WaitingError } from '../runtime/failure.ts';
import { type CallStripe, withIdempotencyKey } from './stripe-caller.ts';
import { declineReason, isRefusal, isUnknownIntent } from './stripe-errors.ts';

/** What the account has under a payment intent's id: the intent, or why it is not this order's. */
export type NamedIntent = { intent: Stripe.PaymentIntent } | { reason: string };

const WITH_CHARGE = { expand: ['latest_charge'] };

/** The payment intents of one order. `order` is unique in the Stripe account. */
export class OrderIntents {
  readonly order: string;
  readonly call: CallStripe;
  /** The metadata of everything that belongs to the order. */
  readonly metadata: { order: string; orderId: string };

  constructor(call: CallStripe, shop: string, orderId: string) {
    this.call = call;
    this.order = `${shop}/${orderId}`;
    this.metadata = { order: this.order, orderId };
  }

  /** Reads a payment intent with its latest charge. */
  retrieve(id: string): Promise<Stripe.PaymentIntent> {
    return this.call(({ paymentIntents }) => paymentIntents.retrieve(id, WITH_CHARGE));
  }

  /** Looks up what an order or its record names. A checkout's intent is untagged until an order is authorized by it. */
  async named(id: string): Promise<NamedIntent> {
    try {
      const intent = await this.retrieve(id);
      return this.owns(intent) ? { intent } : { reason: 'authorization_of_another_order' };
    } catch (error) {
      if (!isUnknownIntent(error)) throw error;
      return { reason: 'resource_missing' };
    }
  }

  owns({ metadata }: Stripe.PaymentIntent): boolean {
    return metadata?.order === undefined || metadata.order === this.order;
  }

  /** Searches for the order's intents. The index lags by a minute, in an outage by an hour, and ignores case, so results are filtered. */
  async search(): Promise<Stripe.PaymentIntent[]> {
    const query = `metadata['order']:'${this.order}'`;
    const { data } = await this.call(({ paymentIntents }) => paymentIntents.search({ query, limit: 20 }));
    const ids = data.filter(({ metadata }) => metadata.order === this.order).map(({ id }) => id);
    return Promise.all(ids.map((id) => this.retrieve(id)));
  }

  /**
   * Creates the order's intent, or returns the id of the one that was created under the order's key. All parameters follow from the
   * order's id and total, so that whoever voids can repeat the call without the token.
   */
  async create(money: Money): Promise<string> {
    const { id } = await withIdempotencyKey(`${this.order}/intent`, (idempotencyKey) =>
      this.call(({ paymentIntents }) =>
        paymentIntents.create(
          { ...money, capture_method: 'manual', allowed_payment_method_types: ['card'], metadata: this.metadata },
          { idempotencyKey },
        ),
      ),
    );
    return id;
  }

  /** Returns the id of the intent under the order's key; `undefined` where Stripe makes none, for whoever asks. */
  async createIfPossible(money: Money): Promise<string | undefined> {
    try {
      return await this.create(money);
    } catch (error) {
      // Whoever creates it meets the same failures under the same keys, so nobody has an intent to confirm.
      if (error instanceof OneOrderError || declineReason(error) !== undefined) return undefined;
      throw error;
    }
  }

  /** Cancels an intent, and returns it as it is then: captured, if that came first. */
  async cancel(id: string): Promise<Stripe.PaymentIntent> {
    try {
      // Without a key of ours: under one, Stripe would repeat a refusal when the intent could long be cancelled.
      return await this.call(({ paymentIntents }) => paymentIntents.cancel(id, WITH_CHARGE));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const intent = await this.retrieve(id);
      if (intent.status === 'canceled' || intent.status === 'succeeded') return intent;
      throw intent.status === 'processing' ? stillProcessing() : error;
    }
  }
}

/** Returns why an authorization does not cover the total; `undefined` if it does. `money` is in Stripe's unit. */
export function coverageProblem(
  { currency, status, amount_capturable, amount_received }: Stripe.PaymentIntent,
  money: Money,
): string | undefined {
  if (currency !== money.currency) return 'authorization_in_another_currency';
  const held = status === 'succeeded' ? amount_received : amount_capturable;
  return held < money.amount ? 'authorization_below_total' : undefined;
}

/** Returns why an intent holds nothing that can be captured. Throws `WaitingError` while a bank has not decided. */
export function endReason({ status, cancellation_reason: reason }: Stripe.PaymentIntent): string {
  if (status === 'processing') throw stillProcessing();
  return status === 'canceled' ? `authorization_${reason ?? 'canceled'}` : 'not_authorized';
}

const LAPSED = new Set<string | null>(['automatic', 'expired']);

/** Tells whether an intent was authorized and then cancelled, by whomever, before it lapsed. */
export const wasReleased = ({ status, latest_charge: charge, cancellation_reason }: Stripe.PaymentIntent): boolean =>
  status === 'canceled' &&
  typeof charge === 'object' &&
  charge?.status === 'succeeded' &&
  !charge.captured &&
  !LAPSED.has(cancellation_reason);

export const stillProcessing = () => new WaitingError('Stripe is still processing the payment');

export const unexpected = ({ status }: Stripe.PaymentIntent) => new PermanentError(`Stripe's payment is ${status}`);
