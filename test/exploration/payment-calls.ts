import type { PaymentEffect, PaymentEffectResult } from '../../lambdas/payment/effects.ts';
import type { PaymentGateway } from '../../lambdas/payment/gateway.ts';
import { openFence } from '../../lambdas/runtime/fence.ts';
import type { GatewayCall } from './gateway-model.ts';
import { awaiting } from './pending.ts';
import type { Id } from './pool.ts';
import type { Rules } from './rules.ts';
import type { Shop } from './shop.ts';

/** What a payment's worker does next: a call to the gateway, or it has its result. */
export type NextCall = { call: GatewayCall } | { result: Id };

/**
 * Tells what the product's effect does after some answers of the gateway, by running it anew with these answers.
 */
export const paymentCalls = (shop: Shop): ((worker: Id) => NextCall) =>
  awaiting(async (id: Id): Promise<NextCall> => {
    const worker = shop.workers.get(id);
    if (worker.consumer !== 'payment') throw new Error('Only payment calls the gateway');
    const next = await runWith(shop.rules.runPayment, worker.effect, worker.answers);
    return 'call' in next ? next : { result: shop.results.idOf(next.result) };
  });

async function runWith(
  runPayment: Rules['runPayment'],
  effect: PaymentEffect,
  answers: readonly unknown[],
): Promise<{ call: GatewayCall } | { result: PaymentEffectResult }> {
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
  return Promise.race([asked.promise, runPayment(gateway, effect, openFence).then((result) => ({ result }))]);
}
