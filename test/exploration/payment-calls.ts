import type { PaymentEffect, PaymentEffectResult } from '../../lambdas/payment/effects.ts';
import type { PaymentGateway } from '../../lambdas/payment/gateway.ts';
import { openFence } from '../../lambdas/runtime/fence.ts';
import { failureActionFor } from '../../lambdas/runtime/retry-policy.ts';
import type { GatewayCall } from './gateway-model.ts';
import { awaiting } from './pending.ts';
import type { Id } from './pool.ts';
import type { Rules } from './rules.ts';
import type { Shop } from './shop.ts';

/** What a payment's worker does next: a call to the gateway, or it has its result, or it fails and its message is tried again. */
export type NextCall = { call: GatewayCall } | { result: Id } | { failure: string };

/**
 * Tells what the product's effect does after some answers of the gateway, by running it anew with these answers.
 */
export const paymentCalls = (shop: Shop): ((worker: Id) => NextCall) =>
  awaiting(async (id: Id): Promise<NextCall> => {
    const worker = shop.workers.get(id);
    if (worker.consumer !== 'payment') throw new Error('Only payment calls the gateway');
    const next = await runWith(shop.rules.runPayment, worker.effect, worker.answers);
    return 'result' in next ? { result: shop.results.idOf(next.result) } : next;
  });

async function runWith(
  runPayment: Rules['runPayment'],
  effect: PaymentEffect,
  answers: readonly unknown[],
): Promise<{ call: GatewayCall } | { result: PaymentEffectResult } | { failure: string }> {
  const asked = Promise.withResolvers<{ call: GatewayCall }>();
  let answered = 0;
  const gateway = new Proxy({} as PaymentGateway, {
    get(_, name) {
      return (...args: unknown[]) => {
        const index = answered;
        answered += 1;
        if (index < answers.length) return Promise.resolve(answers[index]);
        asked.resolve({ call: { name, args } as unknown as GatewayCall });
        // Nobody answers: the effect is run anew once the answer is known.
        return new Promise(() => {});
      };
    },
  });
  const ended = runPayment(gateway, effect, openFence).then(
    (result) => ({ result }),
    (error: unknown) => {
      if (failureActionFor(error).action === 'retry') return { failure: String(error) };
      throw error;
    },
  );
  return Promise.race([asked.promise, ended]);
}
