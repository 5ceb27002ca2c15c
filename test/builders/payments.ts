import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { type PaymentEffect, type PaymentEffectResult, runPaymentEffect } from '../../lambdas/payment/effects.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../lambdas/payment/rules.ts';
import { stateMachine } from '../../lambdas/runtime/state-machine.ts';
import { delivery } from './deliveries.ts';
import { FakeGateway } from './gateway.ts';
import { MemoryRecordStore } from './records.ts';

export const NOW = new Date('2026-11-21T09:00:05Z');

/** Returns a `losesResponse` or a refusal that is true once. */
export function once(): () => boolean {
  let left = 1;
  return () => {
    left -= 1;
    return left >= 0;
  };
}

/** The payment rules with a gateway and records in memory, to which single events are delivered. */
export function payments() {
  const gateway = new FakeGateway();
  const records = new MemoryRecordStore<Payment>();
  const published: CloudEvent[] = [];
  const calls: string[] = [];
  // Names each call; one that a test puts in a method's place is named too.
  const observed = new Proxy(gateway, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        calls.push(String(name));
        return member.apply(target, args);
      };
    },
  });
  const handlerOf = stateMachine<Payment, PaymentInput, PaymentEffect, PaymentEffectResult>(
    {
      decide: (payment, input) => nextPayment(payment, input, NOW),
      runEffect: (action, fence) => runPaymentEffect(observed, action, fence),
      isFirstEvent: ({ type }) => type === 'shop.order.placed.v1',
    },
    records,
  );
  const handle = handlerOf(async (events) => {
    published.push(...events);
    return events.map(() => undefined);
  });
  return {
    gateway,
    records,
    /** The names of the calls to the gateway, in sequence. */
    calls,
    /** Everything that was published, in sequence. */
    published,
    record: (orderId = 'o-1001') => records.items.get(orderId),
    state: (orderId = 'o-1001') => records.items.get(orderId)?.state,
    /** Delivers one event and returns the types of published events, or the failure. */
    async deliver(event: PaymentInput): Promise<string[]> {
      const [result] = await handle([delivery(event)]);
      if (result === undefined || result.error) return [`failed: ${result?.error?.reason}`];
      return result.published.map(({ type }) => type);
    },
  };
}
