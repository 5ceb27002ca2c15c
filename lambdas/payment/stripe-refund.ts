import type Stripe from 'stripe';
import type { Money } from '../../contracts/money.ts';
import { WaitingError } from '../runtime/failure.ts';
import type { FoundPayment, RefundResult } from './gateway.ts';
import { withIdempotencyKey } from './stripe-caller.ts';
import { isOtherUseOfKey, refusalReason, toReason } from './stripe-errors.ts';
import { type OrderIntents, stillProcessing } from './stripe-intents.ts';
import { fromStripeMoney } from './stripe-money.ts';

const NOT_SENT = new Set<string | null>(['failed', 'canceled']);

const refused = (reason: string): RefundResult => ({ kind: 'refused', reason });

/**
 * Sends money back, once per `refundId` of the order. `money` is in Stripe's unit; where less is left of the payment, because the rest was
 * refunded in Stripe's dashboard, what is left is sent.
 */
export async function refund(
  intents: OrderIntents,
  refundId: string,
  money: Money,
  reference: string | undefined,
): Promise<RefundResult> {
  const intent = await capturedIntent(intents, reference);
  if ('reason' in intent) return refused(intent.reason);
  const { id, status, amount_received } = intent;
  if (status === 'processing') throw stillProcessing();
  if (status !== 'succeeded') return refused('not_captured');
  const before = await listRefunds(intents, id);
  const earlier = resultOf(intents, refundId, before);
  if (earlier !== undefined) return earlier;
  const amount = Math.min(money.amount, amount_received - sumOf(before));
  if (amount <= 0) return { kind: 'refunded' };
  try {
    // The id comes before the word, because an order's id may itself end in "/refund".
    const key = `${intents.order}/${refundId.replaceAll(/[%/]/g, encodeURIComponent)}/refund`;
    const metadata = { ...intents.metadata, refundId };
    const made = await withIdempotencyKey(key, (idempotencyKey) =>
      intents.call(({ refunds }) => refunds.create({ payment_intent: id, amount, metadata }, { idempotencyKey })),
    );
    return toResult(made);
  } catch (error) {
    const reason = refusalReason(error);
    if (reason === undefined && !isOtherUseOfKey(error)) throw error;
    // Another call may have been first, or somebody in Stripe's dashboard.
    const after = await listRefunds(intents, id);
    const done = resultOf(intents, refundId, after);
    if (done !== undefined) return done;
    if (reason === undefined) throw error;
    return sumOf(after) >= amount_received ? { kind: 'refunded' } : refused(reason);
  }
}

/** Lists what was sent back of a payment, in ISO 4217's minor unit. */
export async function refundsOf(intents: OrderIntents, id: string): Promise<FoundPayment['refunds']> {
  const refunds = await listRefunds(intents, id);
  return refunds.filter(isSent).map((one) => {
    const { amount } = fromStripeMoney(one);
    return isOfOrder(intents, one) ? { refundId: one.metadata?.refundId ?? '', amount } : { amount };
  });
}

/** Returns the intent that money is refunded of, or why there is none. */
async function capturedIntent(
  intents: OrderIntents,
  reference: string | undefined,
): Promise<Stripe.PaymentIntent | { reason: string }> {
  if (reference !== undefined) {
    const named = await intents.named(reference);
    return 'reason' in named ? named : named.intent;
  }
  const intent = (await intents.search()).find(({ status }) => status === 'succeeded');
  if (intent === undefined) throw new WaitingError(`Stripe's search does not list the payment of ${intents.order} yet`);
  return intent;
}

async function listRefunds(intents: OrderIntents, payment_intent: string): Promise<Stripe.Refund[]> {
  const { data } = await intents.call(({ refunds }) => refunds.list({ payment_intent, limit: 100 }));
  return data;
}

const isSent = ({ status }: Stripe.Refund) => !NOT_SENT.has(status);

const isOfOrder = ({ order }: OrderIntents, { metadata }: Stripe.Refund) =>
  metadata?.order === order && metadata.refundId !== undefined;

const sumOf = (refunds: readonly Stripe.Refund[]) =>
  refunds.filter(isSent).reduce((sum, { amount }) => sum + amount, 0);

/** Returns what became of a refund, if it was made; one that was sent counts before one that failed. */
function resultOf(
  intents: OrderIntents,
  refundId: string,
  refunds: readonly Stripe.Refund[],
): RefundResult | undefined {
  const made = refunds.filter((one) => isOfOrder(intents, one) && one.metadata?.refundId === refundId);
  const counting = made.find(isSent) ?? made[0];
  return counting && toResult(counting);
}

const toResult = (made: Stripe.Refund): RefundResult =>
  isSent(made) ? { kind: 'refunded' } : refused(toReason(made.failure_reason ?? `refund_${made.status}`));
