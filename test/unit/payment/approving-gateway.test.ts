import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ApprovingProvider, approvingGateway } from '../../../examples/payment-gateways/approving-gateway.ts';
import { openFence } from '../../../lambdas/runtime/fence.ts';

const money = { amount: 12_000, currency: 'KRW' };
const request = { orderId: 'o-1', token: 'tok_visa', money };
const START = '2026-11-21T09:00:00Z';

/** The example with a provider in memory that takes the money when it approves. */
function approving({ isDisputed = false } = {}) {
  type Approval = NonNullable<Awaited<ReturnType<ApprovingProvider['find']>>>;
  const approvals = new Map<string, Approval>();
  const provider: ApprovingProvider = {
    async approve(orderId, _token, total) {
      const approval = approvals.get(orderId) ?? { paymentId: 'pay_1', money: total, returns: [] };
      approvals.set(orderId, approval);
      return approval;
    },
    find: async (orderId) => approvals.get(orderId),
    async giveBack(_paymentId, key, { amount }) {
      if (isDisputed) return { refused: 'disputed' };
      approvals.get('o-1')?.returns.push({ key, amount });
      return {};
    },
  };
  let now = Date.parse(START);
  const gateway = approvingGateway(provider, () => now);
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  return { gateway, approvals, pass };
}

describe('The example gateway to a provider that cannot authorize', () => {
  test('takes the money when the order is placed, and has it when the order is confirmed', async () => {
    const { gateway } = approving();
    expect(await gateway.authorize(request, {}, openFence)).toEqual({ kind: 'authorized', reference: 'pay_1' });
    expect(await gateway.capture('o-1', money, {}, openFence)).toEqual({ kind: 'captured', reference: 'pay_1' });
  });

  test('gives the money back once when the order is cancelled', async () => {
    const { gateway, approvals } = approving();
    await gateway.authorize(request, {}, openFence);
    for (const _ of [1, 2])
      expect(await gateway.void('o-1', {}, openFence)).toEqual({ kind: 'voided', released: true });
    expect(approvals.get('o-1')?.returns).toEqual([{ key: 'void', amount: 12_000 }]);
    expect(await gateway.find('o-1', {}, openFence)).toMatchObject({ state: 'voided', refunds: [] });
    expect(await gateway.capture('o-1', money, {}, openFence)).toMatchObject({ kind: 'lapsed' });
  });

  test('waits for an approval that may be on its way', async () => {
    const { gateway, pass } = approving();
    const cancel = () => gateway.void('o-1', { voidingSince: START }, openFence);
    await expect(cancel()).rejects.toMatchObject({ name: 'BusyError' });
    pass(61);
    expect(await cancel()).toEqual({ kind: 'voided', released: false });
  });

  test('leaves to a person what the provider never gives back', async () => {
    const { gateway } = approving({ isDisputed: true });
    await gateway.authorize(request, {}, openFence);
    expect(await gateway.void('o-1', {}, openFence)).toEqual({ kind: 'captured', money, reference: 'pay_1' });
    expect(await gateway.refund('o-1', 'cancel', money, {}, openFence)).toEqual({
      kind: 'refused',
      reason: 'disputed',
    });
  });

  test('refunds only the rest where the table forgot a refund', async () => {
    const { gateway, approvals } = approving();
    await gateway.authorize(request, {}, openFence);
    await gateway.refund('o-1', 'r-1', { ...money, amount: 5_000 }, {}, openFence);
    expect(await gateway.void('o-1', {}, openFence)).toEqual({ kind: 'captured', money, reference: 'pay_1' });
    expect(await gateway.find('o-1', {}, openFence)).toMatchObject({
      captured: 12_000,
      refunds: [{ refundId: 'r-1', amount: 5_000 }],
    });
    expect(approvals.get('o-1')?.returns).toHaveLength(1);
  });

  test('is in docs/payment-gateways.md as it is', () => {
    const root = join(import.meta.dirname, '..', '..', '..');
    const page = readFileSync(join(root, 'docs', 'payment-gateways.md'), 'utf8');
    const code = readFileSync(join(root, 'examples', 'payment-gateways', 'approving-gateway.ts'), 'utf8');
    expect(page).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
  });
});
