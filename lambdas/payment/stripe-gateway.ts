import type Stripe from 'stripe';
import { BusyError, PermanentError } from '../runtime/failure.ts';
import type { Charge, ChargeResult, FoundPayment, PaymentGateway } from './gateway.ts';
import { captureAuthorization } from './stripe-authorization.ts';
import type { CallStripe } from './stripe-caller.ts';
import { declineFrom, isAlreadyRefunded, isInvalidRequest, toDecline, toFailure } from './stripe-errors.ts';
import { withIdempotencyKey } from './stripe-idempotency.ts';
import { isFreeFor, retrieveIntent as retrieve, stillProcessing } from './stripe-intent.ts';
import { toStripeMoney } from './stripe-money.ts';

type TokenCharge = Extract<Charge, { token: string }>;

// Stripe keeps an idempotency key for at least 24 hours; its search index lags by at most one hour.
const KEY_RETENTION_MS = 23 * 3_600_000;

/**
 * Builds the gateway to Stripe. `shop` is unique in the Stripe account. An order is a payment intent that is created and then
 * confirmed. Intents hold no money, so creating two is harmless; Stripe charges an intent once, however often it is confirmed and
 * whichever responses were lost. Correctness therefore never rests on an idempotency key alone.
 */
export function stripeGateway(callStripe: CallStripe, shop: string, now = () => new Date()): PaymentGateway {
  const keyPrefix = (orderId: string) => `${shop}/${orderId}`;

  const isKeyRetained = (since: string | number) => now().getTime() - new Date(since).getTime() < KEY_RETENTION_MS;

  const createIntent = async ({ orderId, token }: TokenCharge, money: { amount: number; currency: string }) => {
    const order = keyPrefix(orderId);
    const { customer, method } = parseToken(token);
    const createMethod = async (idempotencyKey: string) =>
      callStripe(({ paymentMethods }) => paymentMethods.create({ type: 'card', card: { token } }, { idempotencyKey }));
    const payment_method = method ?? (await withIdempotencyKey(`${order}/card`, createMethod)).id;
    const payer = customer === undefined ? { payment_method } : { payment_method, customer };
    return withIdempotencyKey(`${order}/intent`, (idempotencyKey) =>
      callStripe(({ paymentIntents }) =>
        paymentIntents.create(
          { ...money, ...payer, allowed_payment_method_types: ['card'], metadata: { order, orderId } },
          { idempotencyKey },
        ),
      ),
    );
  };

  const retrieveIntent = (id: string) => retrieve(callStripe, id);

  /** Looks up what the checkout named: nothing, where Stripe does not know it or it was captured for another order. */
  const intentOf = async (orderId: string, id: string) => {
    const intent = await retrieveIntent(id).catch((error: unknown) => {
      if (declineFrom(error) === undefined) throw error;
    });
    return intent !== undefined && isFreeFor(keyPrefix(orderId), intent) ? [intent] : [];
  };

  /** Searches for an order's intents. The index lags by a minute, in an outage by an hour, and ignores case, so results are filtered. */
  const searchIntents = async (orderId: string) => {
    const order = keyPrefix(orderId);
    const query = `metadata['order']:'${order}'`;
    const { data } = await callStripe(({ paymentIntents }) => paymentIntents.search({ query, limit: 20 }));
    const ids = data.filter(({ metadata }) => metadata.order === order).map(({ id }) => id);
    return Promise.all(ids.map(retrieveIntent));
  };

  return {
    capture: (charge, unfinishedReference) =>
      translateErrors(async () => {
        const money = toStripeMoney(charge.money);
        if (money === undefined) return toDecline('invalid_amount');
        try {
          if ('authorization' in charge)
            return await captureAuthorization(callStripe, keyPrefix(charge.orderId), charge, money);
          return await confirmIntent(callStripe, unfinishedReference ?? (await createIntent(charge, money)).id, charge);
        } catch (error) {
          const decline = declineFrom(error);
          if (decline === undefined) throw error;
          return decline;
        }
      }),

    find: (orderId, { reference, capturingSince } = {}) =>
      translateErrors(async (): Promise<FoundPayment> => {
        // The search has its own rate limit, which the backlog after an outage would exceed.
        if (reference === undefined && capturingSince !== undefined && isKeyRetained(capturingSince))
          return { captured: false, refunded: false };
        return toFoundPayment(
          await (reference === undefined ? searchIntents(orderId) : intentOf(orderId, reference)),
          isKeyRetained,
        );
      }),

    refund: (orderId, _money, reference) =>
      translateErrors(async () => {
        const id = reference ?? (await searchIntents(orderId)).find(({ status }) => status === 'succeeded')?.id;
        if (id === undefined) throw new BusyError(`Stripe does not find the payment of order ${orderId} yet`);
        try {
          // Without an amount, Stripe refunds what is left of the charge.
          const { status } = await withIdempotencyKey(`${keyPrefix(orderId)}/refund`, (idempotencyKey) =>
            callStripe(({ refunds }) => refunds.create({ payment_intent: id }, { idempotencyKey })),
          );
          if (status === 'failed' || status === 'canceled') throw new PermanentError(`Stripe's refund is ${status}`);
        } catch (error) {
          if (!isAlreadyRefunded(error)) throw error;
        }
      }),
  };
}

async function confirmIntent(callStripe: CallStripe, id: string, { token }: TokenCharge): Promise<ChargeResult> {
  try {
    return toChargeResult(
      await withIdempotencyKey(`${id}/confirm`, (idempotencyKey) =>
        callStripe(({ paymentIntents }) => paymentIntents.confirm(id, confirmParams(token), { idempotencyKey })),
      ),
    );
  } catch (error) {
    // It was confirmed before.
    if (isInvalidRequest(error)) return toChargeResult(await retrieve(callStripe, id), error);
    throw error;
  }
}

/** Parses an order's token: a saved card (`cus_…/pm_…`), a payment method (`pm_…`), or a card token (`tok_…`). */
function parseToken(token: string): { customer?: string; method?: string } {
  const [customer = '', saved] = token.split('/');
  if (saved !== undefined) return { customer, method: saved };
  return token.startsWith('tok_') ? {} : { method: token };
}

/** The customer is absent, so a card that requires authentication is declined. For a saved card the customer agreed to off-session use. */
const confirmParams = (token: string): Stripe.PaymentIntentConfirmParams =>
  token.includes('/') ? { off_session: true } : { error_on_requires_action: true };

function toChargeResult(intent: Stripe.PaymentIntent, confirmError?: unknown): ChargeResult {
  const { id, status, last_payment_error: lastError } = intent;
  switch (status) {
    case 'succeeded':
      return { kind: 'captured', reference: id };
    case 'requires_payment_method':
      return toDecline(lastError?.decline_code || lastError?.code);
    case 'requires_action':
      return toDecline('authentication_required');
    case 'canceled':
      return toDecline('canceled');
    case 'processing':
      throw stillProcessing();
    default:
      throw confirmError ?? new PermanentError(`Stripe's payment is ${status}`);
  }
}

/** Prefers an intent that succeeded. Otherwise names the newest unfinished one; throws `BusyError` while one is processing. */
function toFoundPayment(
  intents: readonly Stripe.PaymentIntent[],
  isKeyRetained: (createdMs: number) => boolean,
): FoundPayment {
  const succeeded = intents.find(({ status }) => status === 'succeeded');
  if (succeeded !== undefined) return { captured: true, refunded: isRefunded(succeeded), reference: succeeded.id };
  if (intents.some(({ status }) => status === 'processing')) throw stillProcessing();
  // While its key is retained, an intent is found through the key; the search may not list the newest one yet.
  const [unfinished] = intents
    .filter(({ created }) => !isKeyRetained(created * 1000))
    .sort((one, other) => other.created - one.created);
  return { captured: false, refunded: false, ...(unfinished === undefined ? {} : { reference: unfinished.id }) };
}

function isRefunded({ latest_charge: charge }: Stripe.PaymentIntent): boolean {
  return typeof charge === 'object' && charge !== null && charge.refunded;
}

/** Runs an operation and converts Stripe's errors to ours, which say whether the message is retried. */
async function translateErrors<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw toFailure(error);
  }
}
