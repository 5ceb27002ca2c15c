import type { Money } from '../../contracts/money.ts';
import type { PaymentGateway } from '../../lambdas/payment/gateway.ts';
import { BusyError } from '../../lambdas/runtime/failure.ts';

type Approval = { paymentId: string; money: Money; returns: { key: string; amount: number }[] };

/** The provider's API. It takes the money when it approves, once per order id, and throws the errors that `PaymentGateway` names. */
export type ApprovingProvider = {
  approve(orderId: string, token: string, money: Money, signal: AbortSignal): Promise<Approval | { declined: string }>;
  find(orderId: string, signal: AbortSignal): Promise<Approval | undefined>;
  /** Gives money back, once per key; returns why it never will, if so. */
  giveBack(paymentId: string, key: string, money: Money, signal: AbortSignal): Promise<{ refused?: string }>;
};

// Twice the function's time-out: by then, no call that was begun before the void is under way.
const LEASE_MS = 60_000;

/** Adapts a provider that cannot authorize: to authorize is to take the money, and to void is to give it back. */
export const approvingGateway = (provider: ApprovingProvider, now = Date.now): PaymentGateway => ({
  async authorize(request, _known, fence) {
    if ('authorization' in request) return { kind: 'declined', reason: 'not_supported' };
    fence.check();
    const answer = await provider.approve(request.orderId, request.token, request.money, fence.signal);
    return 'declined' in answer
      ? { kind: 'declined', reason: answer.declined }
      : { kind: 'authorized', reference: answer.paymentId };
  },

  async capture(orderId, _money, _known, fence) {
    const approval = await provider.find(orderId, fence.signal);
    return approval === undefined || wasVoided(approval)
      ? { kind: 'lapsed', reason: 'not_approved' }
      : { kind: 'captured', reference: approval.paymentId };
  },

  async void(orderId, { voidingSince }, fence) {
    const approval = await provider.find(orderId, fence.signal);
    if (approval === undefined) {
      // The provider cannot close the order's key, so an approval that is on its way is waited for.
      if (voidingSince !== undefined && now() - Date.parse(voidingSince) < LEASE_MS)
        throw new BusyError(`A call for order ${orderId} may still be under way`);
      return { kind: 'voided', released: false };
    }
    const { paymentId, money } = approval;
    if (wasVoided(approval)) return { kind: 'voided', released: true };
    // A part went back by a refund, which the payments table has forgotten: a refund of the rest follows.
    if (approval.returns.length > 0) return { kind: 'captured', money, reference: paymentId };
    fence.check();
    const { refused } = await provider.giveBack(paymentId, 'void', money, fence.signal);
    // The refund that follows is refused as well, and becomes a person's task.
    return refused === undefined
      ? { kind: 'voided', released: true }
      : { kind: 'captured', money, reference: paymentId };
  },

  async refund(orderId, refundId, money, { reference }, fence) {
    const approval = await provider.find(orderId, fence.signal);
    if (approval?.returns.some(({ key }) => key === refundId)) return { kind: 'refunded' };
    const paymentId = approval?.paymentId ?? reference;
    if (paymentId === undefined) return { kind: 'refused', reason: 'not_approved' };
    fence.check();
    const { refused } = await provider.giveBack(paymentId, refundId, money, fence.signal);
    return refused === undefined ? { kind: 'refunded' } : { kind: 'refused', reason: refused };
  },

  async find(orderId, _known, fence) {
    const approval = await provider.find(orderId, fence.signal);
    if (approval === undefined) return { refunds: [] };
    return {
      state: wasVoided(approval) ? 'voided' : 'authorized',
      reference: approval.paymentId,
      captured: approval.money.amount,
      refunds: approval.returns
        .filter(({ key }) => key !== 'void')
        .map(({ key, amount }) => ({ refundId: key, amount })),
    };
  },
});

const wasVoided = ({ returns }: Approval) => returns.some(({ key }) => key === 'void');
