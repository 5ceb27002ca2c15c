import type Stripe from 'stripe';
import { BusyError, PermanentError, UnavailableError } from '../runtime/failure.ts';
import type { Charge, ChargeAnswer, FoundPayment, PaymentGateway } from './gateway.ts';
import type { StripeCalls } from './stripe-calls.ts';
import { declined, declineFrom, isAlreadyRefunded, isInvalid, isReplayedFailure, toFailure } from './stripe-errors.ts';
import { stripeMoney } from './stripe-money.ts';

const MAX_KEYS = 5;
// Stripe forgets a key after 24 hours at the earliest; its search lags behind by an hour at most.
const KEYS_LIVE_MS = 23 * 3_600_000;

/**
 * Takes what makes calls to Stripe and the shop's name, unique in the Stripe account, and gives the gateway. An order is a payment intent,
 * first made and then confirmed: made twice it would hold no money, and confirmed twice Stripe charges it once, whatever became
 * of the answers. So nothing rests on an idempotency key alone.
 */
export function stripeGateway(stripe: StripeCalls, shop: string, now = () => new Date()): PaymentGateway {
  const nameOf = (orderId: string) => `${shop}/${orderId}`;

  const hasKeys = (since: string | number) => now().getTime() - new Date(since).getTime() < KEYS_LIVE_MS;

  const begin = async ({ orderId, token }: Charge, money: { amount: number; currency: string }) => {
    const name = nameOf(orderId);
    const metadata = { order: name, orderId };
    const { customer, method } = payer(token);
    const card = async (idempotencyKey: string) =>
      stripe(({ paymentMethods }) => paymentMethods.create({ type: 'card', card: { token } }, { idempotencyKey }));
    const payment_method = method ?? (await withIdempotencyKey(`${name}/card`, card)).id;
    const whose = customer === undefined ? { payment_method } : { payment_method, customer };
    return withIdempotencyKey(`${name}/intent`, (idempotencyKey) =>
      stripe(({ paymentIntents }) =>
        paymentIntents.create(
          { ...money, ...whose, allowed_payment_method_types: ['card'], metadata },
          { idempotencyKey },
        ),
      ),
    );
  };

  const finish = async (id: string, { token }: Charge): Promise<ChargeAnswer> => {
    try {
      return answerOf(
        await withIdempotencyKey(`${id}/confirm`, (idempotencyKey) =>
          stripe(({ paymentIntents }) => paymentIntents.confirm(id, customerPresence(token), { idempotencyKey })),
        ),
      );
    } catch (error) {
      // Somebody has finished it before.
      if (isInvalid(error)) return answerOf(await retrieve(id), error);
      throw error;
    }
  };

  const retrieve = (id: string) =>
    stripe(({ paymentIntents }) => paymentIntents.retrieve(id, { expand: ['latest_charge'] }));

  /** The order's payments; the search lags behind by a minute, in an outage by an hour, and does not tell capitals from small letters. */
  const search = async (order: string) => {
    const query = `metadata['order']:'${order}'`;
    const { data } = await stripe(({ paymentIntents }) => paymentIntents.search({ query, limit: 20 }));
    const ids = data.filter(({ metadata }) => metadata.order === order).map(({ id }) => id);
    return Promise.all(ids.map(retrieve));
  };

  return {
    capture: (charge, begun) =>
      translateErrors(async () => {
        const money = stripeMoney(charge.money);
        if (money === undefined) return declined('invalid_amount');
        try {
          return await finish(begun ?? (await begin(charge, money)).id, charge);
        } catch (error) {
          const no = declineFrom(error);
          if (no === undefined) throw error;
          return no;
        }
      }),

    find: (orderId, { reference, since } = {}) =>
      translateErrors(async (): Promise<FoundPayment> => {
        // The search has a rate limit of its own, which the end of an outage would run into.
        if (reference === undefined && since !== undefined && hasKeys(since))
          return { captured: false, refunded: false };
        const intents = reference === undefined ? await search(nameOf(orderId)) : [await retrieve(reference)];
        const paid = intents.find(({ status }) => status === 'succeeded');
        if (paid !== undefined) return { captured: true, refunded: isRefunded(paid), reference: paid.id };
        if (intents.some(({ status }) => status === 'processing')) throw processing();
        // Who asks under the same key is led to the same payment, while the search may not know of the last one made yet.
        const [open] = intents
          .filter(({ created }) => !hasKeys(created * 1000))
          .sort((one, other) => other.created - one.created);
        return { captured: false, refunded: false, ...(open === undefined ? {} : { reference: open.id }) };
      }),

    refund: (orderId, _money, reference) =>
      translateErrors(async () => {
        const id = reference ?? (await search(nameOf(orderId))).find(({ status }) => status === 'succeeded')?.id;
        if (id === undefined) throw new BusyError(`Stripe does not find the payment of order ${orderId} yet`);
        try {
          // Without an amount: all that is left of it.
          const { status } = await withIdempotencyKey(`${nameOf(orderId)}/refund`, (idempotencyKey) =>
            stripe(({ refunds }) => refunds.create({ payment_intent: id }, { idempotencyKey })),
          );
          if (status === 'failed' || status === 'canceled') throw new PermanentError(`Stripe's refund is ${status}`);
        } catch (error) {
          if (!isAlreadyRefunded(error)) throw error;
        }
      }),
  };
}

/**
 * Makes a call under an idempotency key. Stripe keeps a 5xx under its key for a day too; as it then says that the answer is a kept one,
 * nothing will ever come of that key, and everybody who asks moves on to the next in the same way.
 */
async function withIdempotencyKey<T>(key: string, call: (key: string) => Promise<T>): Promise<T> {
  for (let number = 1; number <= MAX_KEYS; number += 1) {
    try {
      return await call(number === 1 ? key : `${key}/${number}`);
    } catch (error) {
      if (!isReplayedFailure(error)) throw error;
    }
  }
  throw new UnavailableError(`Stripe failed under ${MAX_KEYS} keys`);
}

/** What an order's token may be: a saved card (`cus_…/pm_…`), a payment method (`pm_…`), or a card token (`tok_…`), still to be made one. */
function payer(token: string): { customer?: string; method?: string } {
  const [customer = '', saved] = token.split('/');
  if (saved !== undefined) return { customer, method: saved };
  return token.startsWith('tok_') ? {} : { method: token };
}

/** The customer is not there any more: a card that asks for them is declined; on a saved one they have agreed to that. */
const customerPresence = (token: string): Stripe.PaymentIntentConfirmParams =>
  token.includes('/') ? { off_session: true } : { error_on_requires_action: true };

function answerOf(intent: Stripe.PaymentIntent, refusal?: unknown): ChargeAnswer {
  const { id, status, last_payment_error: last } = intent;
  switch (status) {
    case 'succeeded':
      return { kind: 'captured', reference: id };
    case 'requires_payment_method':
      return declined(last?.decline_code || last?.code);
    case 'requires_action':
      return declined('authentication_required');
    case 'canceled':
      return declined('canceled');
    case 'processing':
      throw processing();
    default:
      throw refusal ?? new PermanentError(`Stripe's payment is ${status}`);
  }
}

const processing = () => new BusyError('Stripe is still processing the payment');

function isRefunded({ latest_charge: charge }: Stripe.PaymentIntent): boolean {
  return typeof charge === 'object' && charge !== null && charge.refunded;
}

/** Does something with Stripe; what it throws is one of our own errors. */
async function translateErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toFailure(error);
  }
}
