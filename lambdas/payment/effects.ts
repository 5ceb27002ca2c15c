import type { Money } from '../../contracts/money.ts';
import { CANCELLATION_REFUND } from '../../contracts/order.ts';
import { BusyError } from '../runtime/failure.ts';
import type { Fence } from '../runtime/fence.ts';
import type {
  AuthorizeRequest,
  AuthorizeResult,
  CaptureResult,
  KnownPayment,
  PaymentGateway,
  VoidResult,
} from './gateway.ts';
import { type EventContext, optionalReference } from './record.ts';

/** The reason of a refund that is due because others have sent so much back that less is left. */
const REFUNDED_ELSEWHERE = 'refunded-elsewhere';

/** A call to the gateway. `resumed`: an earlier invocation may have made it, so the gateway is asked first. */
export type PaymentEffect = EventContext & { known: KnownPayment } & (
    | { kind: 'authorize'; request: AuthorizeRequest; resumed: boolean }
    | { kind: 'capture'; money: Money; resumed: boolean }
    // Without `refundId` it is what a cancellation leaves. The gateway is always asked first, because a table that was put back may have
    // forgotten refunds, and others may have made some.
    | { kind: 'refund'; refundId?: string; money: Money }
    // It asks by itself what there is to be voided.
    | { kind: 'void' }
  );

/** What became of a refund. `amount`: what was sent, in minor units; `total`: all that was sent back of the order by then. */
export type RefundOutcome = { kind: 'refunded'; amount: number; total: number } | { kind: 'refused'; reason: string };

export type PaymentEffectResult = EventContext &
  (
    | { kind: 'authorize'; result: AuthorizeResult | CaptureResult }
    | { kind: 'capture'; result: CaptureResult }
    | { kind: 'void'; result: VoidResult }
    | { kind: 'refund'; refundId?: string; result: RefundOutcome }
  );

/** Runs an effect against the gateway. The result is the next input of `nextPayment`. */
export async function runPaymentEffect(
  gateway: PaymentGateway,
  effect: PaymentEffect,
  fence: Fence,
): Promise<PaymentEffectResult> {
  const { orderId, trace, known } = effect;
  const context = { orderId, trace };
  switch (effect.kind) {
    case 'authorize':
      return { ...context, kind: 'authorize', result: await authorize(gateway, effect, fence) };
    case 'capture':
      return { ...context, kind: 'capture', result: await capture(gateway, effect, fence) };
    case 'void':
      return { ...context, kind: 'void', result: await gateway.void(orderId, known, fence) };
    case 'refund': {
      const { refundId } = effect;
      const result = await refund(gateway, effect, fence);
      return { ...context, kind: 'refund', ...(refundId === undefined ? {} : { refundId }), result };
    }
  }
}

type EffectOf<Kind extends PaymentEffect['kind']> = Extract<PaymentEffect, { kind: Kind }>;

async function authorize(
  gateway: PaymentGateway,
  { request, known, resumed }: EffectOf<'authorize'>,
  fence: Fence,
): Promise<AuthorizeResult | CaptureResult> {
  if (!resumed) return gateway.authorize(request, known, fence);
  const { state, ...found } = await gateway.find(request.orderId, known, fence);
  const reference = optionalReference(found.reference);
  if (state === 'authorized' || state === 'captured') return { kind: state, ...reference };
  return gateway.authorize(request, { ...known, ...reference }, fence);
}

async function capture(
  gateway: PaymentGateway,
  { orderId, money, known, resumed }: EffectOf<'capture'>,
  fence: Fence,
): Promise<CaptureResult> {
  if (!resumed) return gateway.capture(orderId, money, known, fence);
  const { state, ...found } = await gateway.find(orderId, known, fence);
  const reference = optionalReference(found.reference);
  if (state === 'captured') return { kind: 'captured', ...reference };
  return gateway.capture(orderId, money, { ...known, ...reference }, fence);
}

/**
 * Sends money back, never more than the gateway has left. Less than that goes back only for a cancellation: whoever asked for a refund has named
 * its amount to the customer, so a person decides.
 */
async function refund(
  gateway: PaymentGateway,
  { orderId, refundId, money, known }: EffectOf<'refund'>,
  fence: Fence,
): Promise<RefundOutcome> {
  const id = refundId ?? CANCELLATION_REFUND;
  const lookUp = async () => {
    const found = await gateway.find(orderId, known, fence);
    const total = found.refunds.reduce((sum, { amount }) => sum + amount, 0);
    const captured = Math.min(known.money?.amount ?? money.amount, found.captured ?? Number.POSITIVE_INFINITY);
    const sent = found.refunds.find((one) => one.refundId === id);
    const outcome = sent && ({ kind: 'refunded', amount: sent.amount, total } as const);
    return { outcome, total, left: Math.max(0, captured - total) };
  };
  const before = await lookUp();
  if (before.outcome !== undefined) return before.outcome;
  const amount = refundId === undefined ? Math.min(money.amount, before.left) : money.amount;
  if (amount === 0) return { kind: 'refunded', amount, total: before.total };
  if (amount > before.left) return { kind: 'refused', reason: REFUNDED_ELSEWHERE };
  const result = await gateway.refund(orderId, id, { ...money, amount }, known, fence);
  if (result.kind === 'refunded') return { kind: 'refunded', amount, total: before.total + amount };
  // A person is only asked to send what has not been sent: another delivery's call may have been first.
  const after = await lookUp();
  if (after.outcome !== undefined) return after.outcome;
  if (refundId === undefined && after.left < amount)
    throw new BusyError(`Somebody else refunds order ${orderId} at this moment`);
  return result;
}
