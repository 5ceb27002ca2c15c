import type Stripe from 'stripe';
import type { Money } from '../../contracts/money.ts';
import { WaitingError } from '../runtime/failure.ts';
import type { FoundPayment, RefundResult } from './gateway.ts';
import { withIdempotencyKey } from './stripe-caller.ts';
import { isOtherUseOfKey, refusalReason, toReason } from './stripe-errors.ts';
import { type OrderIntents, stillProcessing } from './stripe-intents.ts';
import { fromStripeMoney } from './stripe-money.ts';

// An order has 100 at most, and its cancellation's; the others were made in Stripe's dashboard.
const MAX_REFUNDS = 1_000;

const NOT_SENT = new Set<string | null>(['failed', 'canceled']);

const refused = (reason: string): RefundResult => ({ kind: 'refused', reason });

/** Sends exactly this money back, once per `refundId` of the order, or refuses. `money` is in Stripe's unit. */
export async function refund(
  intents: OrderIntents,
  refundId: string,
  money: Money,
  reference: string | undefined,
): Promise<RefundResult> {
  const intent = await capturedIntent(intents, reference);
  if ('reason' in intent) return refused(intent.reason);
  const { id, status } = intent;
  if (status === 'processing') throw stillProcessing();
  if (status !== 'succeeded') return refused('not_captured');
  const { amount } = money;
  const earlier = resultOf(intents, refundId, await listRefunds(intents, id));
  if (earlier !== undefined) return earlier;
  try {
    const metadata = { ...intents.metadata, refundId };
    const made = await withIdempotencyKey(refundKey(intents, refundId, amount), (idempotencyKey) =>
      intents.call(({ refunds }) => refunds.create({ payment_intent: id, amount, metadata }, { idempotencyKey })),
    );
    return toResult(made);
  } catch (error) {
    const reason = refusalReason(error);
    if (reason === undefined && !isOtherUseOfKey(error)) throw error;
    // Another call may have been first.
    const done = resultOf(intents, refundId, await listRefunds(intents, id));
    if (done !== undefined) return done;
    if (reason === undefined) throw error;
    return refused(reason);
  }
}

/**
 * Returns the idempotency key of a refund; Stripe takes 255 characters. The id's length ends it where an order's id ends like another's refund,
 * and a cancellation is asked for with another amount where somebody else has refunded meanwhile.
 */
const refundKey = ({ order }: OrderIntents, refundId: string, amount: number): string =>
  `${order}/${refundId}/${refundId.length}/${amount}/refund`;

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
  return intents.call(({ refunds }) =>
    refunds.list({ payment_intent, limit: 100 }).autoPagingToArray({ limit: MAX_REFUNDS }),
  );
}

const isSent = ({ status }: Stripe.Refund) => !NOT_SENT.has(status);

const isOfOrder = ({ order }: OrderIntents, { metadata }: Stripe.Refund) =>
  metadata?.order === order && metadata.refundId !== undefined;

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
