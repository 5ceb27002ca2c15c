import type { Money } from '../../contracts/money.ts';
import type { Fence } from '../runtime/fence.ts';
import type {
  AuthorizeRequest,
  AuthorizeResult,
  CaptureResult,
  KnownPayment,
  PaymentGateway,
  RefundResult,
  VoidResult,
} from './gateway.ts';
import { type EventContext, optionalReference } from './record.ts';

/** The id under which the money of a cancelled order goes back. */
export const CANCELLATION_REFUND = 'cancel';

/** A call to the gateway. `resumed`: an earlier invocation may have made it, so the gateway is asked first. */
export type PaymentEffect = EventContext & { known: KnownPayment } & (
    | { kind: 'authorize'; request: AuthorizeRequest; resumed: boolean }
    | { kind: 'capture'; money: Money; resumed: boolean }
    // The gateway is always asked first, because a table that was put back may have forgotten the refund.
    | { kind: 'refund'; money: Money }
    // It asks by itself what there is to be voided.
    | { kind: 'void' }
  );

export type PaymentEffectResult = EventContext &
  (
    | { kind: 'authorize'; result: AuthorizeResult | CaptureResult }
    | { kind: 'capture'; result: CaptureResult }
    | { kind: 'void'; result: VoidResult }
    | { kind: 'refund'; result: RefundResult }
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
    case 'refund':
      return { ...context, kind: 'refund', result: await refund(gateway, effect, fence) };
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

async function refund(
  gateway: PaymentGateway,
  { orderId, money, known }: EffectOf<'refund'>,
  fence: Fence,
): Promise<RefundResult> {
  const wasRefunded = async () => {
    const { refunds } = await gateway.find(orderId, known, fence);
    return refunds.some(({ refundId }) => refundId === CANCELLATION_REFUND);
  };
  if (await wasRefunded()) return { kind: 'refunded' };
  const result = await gateway.refund(orderId, CANCELLATION_REFUND, money, known, fence);
  // A person is only asked to send what has not been sent: another delivery's call may have been first.
  return result.kind === 'refused' && (await wasRefunded()) ? { kind: 'refunded' } : result;
}
