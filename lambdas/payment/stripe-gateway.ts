import type Stripe from 'stripe';
import type { Money } from '../../contracts/money.ts';
import type { Fence } from '../runtime/fence.ts';
import type { CaptureResult, FoundPayment, KnownPayment, PaymentGateway, VoidResult } from './gateway.ts';
import { authorize } from './stripe-authorize.ts';
import { type ConnectStripe, withIdempotencyKey } from './stripe-caller.ts';
import { isOtherUseOfKey, isRefusal, refusalReason, toFailure } from './stripe-errors.ts';
import { coverageProblem, endReason, OrderIntents, stillProcessing, wasReleased } from './stripe-intents.ts';
import { fromStripeMoney, toStripeMoney } from './stripe-money.ts';
import { refund, refundsOf } from './stripe-refund.ts';

// Stripe keeps an idempotency key for at least 24 hours; its search index lags by at most one hour.
const KEY_RETENTION_MS = 23 * 3_600_000;

const lapsed = (reason: string): CaptureResult => ({ kind: 'lapsed', reason });
const nothingHeld: VoidResult = { kind: 'voided', released: false };

/**
 * Builds the gateway to Stripe. `shop` is unique in the Stripe account. An order is a payment intent with manual capture that is
 * created, confirmed (authorized), and then captured or cancelled. An intent holds nothing until it is confirmed, and Stripe authorizes and
 * captures it once, however often that is asked and whichever responses were lost. Correctness therefore never rests on an idempotency key alone.
 */
export function stripeGateway(connect: ConnectStripe, shop: string, now = () => new Date()): PaymentGateway {
  const intentsOf = (orderId: string, fence: Fence) => new OrderIntents(connect(fence), shop, orderId);

  const isKeyRetained = (since: string | number | undefined) =>
    since !== undefined && now().getTime() - new Date(since).getTime() < KEY_RETENTION_MS;

  return {
    authorize: (request, { reference }, fence) =>
      translateErrors(async () => {
        const money = toStripeMoney(request.money);
        if (money === undefined) return { kind: 'declined', reason: 'invalid_amount' };
        return authorize(intentsOf(request.orderId, fence), request, money, reference);
      }),

    capture: (orderId, total, { reference }, fence) =>
      translateErrors(async () => {
        const money = toStripeMoney(total);
        return money === undefined
          ? lapsed('invalid_amount')
          : captureOrder(intentsOf(orderId, fence), money, reference);
      }),

    void: (orderId, known, fence) =>
      translateErrors(() => voidOrder(intentsOf(orderId, fence), known, isKeyRetained(known.since))),

    refund: (orderId, refundId, total, { reference }, fence) =>
      translateErrors(async () => {
        const money = toStripeMoney(total);
        return money === undefined
          ? { kind: 'refused', reason: 'invalid_amount' }
          : refund(intentsOf(orderId, fence), refundId, money, reference);
      }),

    find: (orderId, { reference, since }, fence) =>
      translateErrors(async () => {
        // The search has its own rate limit, which the backlog after an outage would exceed.
        if (reference === undefined && isKeyRetained(since)) return { refunds: [] };
        const intents = intentsOf(orderId, fence);
        return toFoundPayment(intents, await lookUp(intents, reference), ({ created }) =>
          isKeyRetained(created * 1000),
        );
      }),
  };
}

async function lookUp(intents: OrderIntents, reference: string | undefined): Promise<Stripe.PaymentIntent[]> {
  if (reference === undefined) return intents.search();
  const named = await intents.named(reference);
  return 'intent' in named ? [named.intent] : [];
}

async function captureOrder(
  intents: OrderIntents,
  money: Money,
  reference: string | undefined,
): Promise<CaptureResult> {
  if (reference !== undefined) {
    const named = await intents.named(reference);
    return 'reason' in named ? lapsed(named.reason) : captureIntent(intents, named.intent, money);
  }
  // The table forgot. The search may lag, but then the key still leads to the intent.
  const found = firstOf(await intents.search(), ['succeeded', 'requires_capture', 'processing']);
  if (found !== undefined) return captureIntent(intents, found, money);
  const id = await intents.createIfPossible(money);
  return id === undefined ? lapsed('not_authorized') : captureIntent(intents, await intents.retrieve(id), money);
}

async function captureIntent(
  intents: OrderIntents,
  intent: Stripe.PaymentIntent,
  money: Money,
): Promise<CaptureResult> {
  if (intent.status !== 'requires_capture') return toCaptured(intents, intent);
  const problem = coverageProblem(intent, money);
  if (problem !== undefined) return lapsed(problem);
  const params = { amount_to_capture: money.amount, metadata: intents.metadata };
  try {
    const captured = await withIdempotencyKey(`${intents.order}/capture`, (idempotencyKey) =>
      intents.call(({ paymentIntents }) => paymentIntents.capture(intent.id, params, { idempotencyKey })),
    );
    return toCaptured(intents, captured);
  } catch (error) {
    const reason = refusalReason(error);
    if (reason === undefined && !isOtherUseOfKey(error)) throw error;
    // It was captured, or has lapsed, since it was looked up.
    const current = await intents.retrieve(intent.id);
    if (current.status !== 'requires_capture') return toCaptured(intents, current, reason);
    if (reason === undefined) throw error;
    // Stripe will not capture it: the customer gets the money back now, and not when it lapses.
    const ended = await intents.cancel(intent.id).catch((failure: unknown) => {
      if (!isRefusal(failure)) throw failure;
      return current;
    });
    return toCaptured(intents, ended, reason);
  }
}

function toCaptured(intents: OrderIntents, intent: Stripe.PaymentIntent, refusal?: string): CaptureResult {
  // Another order may have claimed the checkout's authorization in the same moment.
  if (!intents.owns(intent)) return lapsed('authorization_of_another_order');
  if (intent.status === 'succeeded') return { kind: 'captured', reference: intent.id };
  const reason = endReason(intent);
  return lapsed(refusal ?? reason);
}

/**
 * Cancels the order's intent. Where the record does not name it, it is created under the order's key, which returns the one that a call
 * on its way has or will get; that call can then confirm no other. Where Stripe may have forgotten the key, the search finds the older ones.
 */
async function voidOrder(
  intents: OrderIntents,
  { reference, money: total }: KnownPayment,
  isKeyRetained: boolean,
): Promise<VoidResult> {
  if (reference !== undefined) {
    const [named] = await lookUp(intents, reference);
    return named === undefined ? nothingHeld : voidIntent(intents, named);
  }
  const money = total && toStripeMoney(total);
  const own = money && (await intents.createIfPossible(money));
  const older = total !== undefined && isKeyRetained ? [] : await intents.search();
  const results = await Promise.all([
    ...(own === undefined ? [] : [intents.cancel(own).then(toVoided)]),
    ...older.filter(({ id }) => id !== own).map((intent) => voidIntent(intents, intent)),
  ]);
  const captured = results.find(({ kind }) => kind === 'captured');
  return captured ?? results.find((result) => result.kind === 'voided' && result.released) ?? nothingHeld;
}

const voidIntent = async (intents: OrderIntents, intent: Stripe.PaymentIntent): Promise<VoidResult> =>
  toVoided(isFinal(intent) ? intent : await intents.cancel(intent.id));

const isFinal = ({ status }: Stripe.PaymentIntent) => status === 'canceled' || status === 'succeeded';

function toVoided(intent: Stripe.PaymentIntent): VoidResult {
  const { id, status, amount_received: amount, currency } = intent;
  if (status === 'succeeded') return { kind: 'captured', money: fromStripeMoney({ amount, currency }), reference: id };
  return { kind: 'voided', released: wasReleased(intent) };
}

/** Prefers an intent that was captured, then one that is authorized. Otherwise names the newest that may have to be completed. */
async function toFoundPayment(
  intents: OrderIntents,
  found: readonly Stripe.PaymentIntent[],
  isKeyRetained: (intent: Stripe.PaymentIntent) => boolean,
): Promise<FoundPayment> {
  const intent = firstOf(found, ['succeeded', 'requires_capture', 'processing', 'canceled']);
  if (intent === undefined) {
    // While its key is retained, an intent is found through the key; the search may not list the newest one yet.
    const [newest] = found.filter((one) => !isKeyRetained(one)).sort((one, other) => other.created - one.created);
    return { ...(newest && { reference: newest.id }), refunds: [] };
  }
  const { id, status, amount_received, currency } = intent;
  if (status === 'succeeded') {
    const { amount: captured } = fromStripeMoney({ amount: amount_received, currency });
    return { state: 'captured', reference: id, captured, refunds: await refundsOf(intents, id) };
  }
  if (status === 'processing') throw stillProcessing();
  return { state: status === 'canceled' ? 'voided' : 'authorized', reference: id, refunds: [] };
}

/** Finds the first intent with the first of the statuses that any has. */
function firstOf(
  intents: readonly Stripe.PaymentIntent[],
  statuses: readonly Stripe.PaymentIntent['status'][],
): Stripe.PaymentIntent | undefined {
  for (const wanted of statuses) {
    const intent = intents.find(({ status }) => status === wanted);
    if (intent !== undefined) return intent;
  }
  return undefined;
}

/** Runs an operation and converts Stripe's errors to ours, which say whether the message is retried. */
async function translateErrors<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw toFailure(error);
  }
}
