import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { consumes } from '../../../lambdas/payment/consumes.ts';
import {
  nextPayment,
  type Payment,
  type PaymentEffect,
  type PaymentEffectResult,
  type PaymentInput,
  runPaymentEffect,
} from '../../../lambdas/payment/rules.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import { stateMachine } from '../../../lambdas/runtime/state-machine.ts';
import { cancelled, placed } from '../../builders/events.ts';
import { FakeGateway } from '../../builders/gateway.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';
import { Simulation } from '../../builders/simulation.ts';

quietLog();

function world() {
  const gateway = new FakeGateway();
  const records = new MemoryRecordStore<Payment>();
  const simulation: Simulation = new Simulation(
    {
      payment: (reach, surroundings) =>
        consumer(
          'payment',
          consumes,
          stateMachine<Payment, PaymentInput, PaymentEffect, PaymentEffectResult>(
            {
              decide: (payment, input) => nextPayment(payment, input, simulation.now()),
              runEffect: (action) => runPaymentEffect(reach(gateway), action),
              isFirstEvent: ({ type }) => type === 'shop.order.placed.v1',
            },
            reach(records),
          ),
          surroundings,
        ),
    },
    ({ source }) => (source === '/shop/payment' ? [] : ['payment']),
  );
  gateway.losesAnswer = () => simulation.misfortune(4);
  records.beforeSave = () => {
    // The table commits, the answer is lost, and the SDK's own second try is refused.
    if (simulation.misfortune(13)) records.fates[0] = 'saved-but-conflict';
  };
  return { gateway, records, simulation };
}

type World = ReturnType<typeof world>;

type Message = { orderId: string; kind: 'placed' | 'cancelled' };

const messages = fc.array(
  fc.record<Message>({
    orderId: fc.constantFrom('o-1', 'o-2'),
    kind: fc.constantFrom('placed', 'placed', 'cancelled'),
  }),
  { minLength: 1, maxLength: 8 },
);
const numbers = fc.array(fc.nat({ max: 10_000 }), { maxLength: 120, size: 'max' });

const eventOf = ({ orderId, kind }: Message, index: number, declined: readonly string[]) =>
  kind === 'cancelled'
    ? cancelled({ orderId, id: `c-${index}` })
    : placed({ orderId, id: `p-${index}`, token: declined.includes(orderId) ? 'tok_declined' : 'tok_visa' });

function expectMoneyIsRight(sent: readonly Message[], declined: readonly string[], { gateway, simulation }: World) {
  expect(simulation.deadLetters).toEqual([]);
  for (const orderId of new Set(sent.map((message) => message.orderId))) {
    const of = (kind: Message['kind']) => sent.some((message) => message.orderId === orderId && message.kind === kind);
    const captures = gateway.entries('capture', orderId);
    const refunds = gateway.entries('refund', orderId);
    expect(captures.length).toBeLessThanOrEqual(1);
    expect(refunds.length).toBeLessThanOrEqual(captures.length);
    for (const { money } of [...captures, ...refunds]) expect(money).toEqual({ amount: 12_000, currency: 'KRW' });
    if (of('cancelled')) expect(captures.length - refunds.length).toBe(0);
    else expect(captures.length).toBe(declined.includes(orderId) ? 0 : 1);
    const outcomes = simulation.published.filter((event) => event.subject === orderId).map(({ type }) => type);
    if (of('placed') && !of('cancelled')) {
      expect(new Set(outcomes)).toEqual(
        new Set([declined.includes(orderId) ? 'shop.payment.declined.v1' : 'shop.payment.captured.v1']),
      );
    }
    if (refunds.length > 0) expect(outcomes).toContain('shop.payment.refunded.v1');
  }
}

/** Sends everything, lets it happen as the numbers say, then sends everything once more; all must be right both times. */
async function runTwice(sent: readonly Message[], declined: readonly string[], given: readonly number[], shop: World) {
  for (const round of [given, given.toReversed()]) {
    sent.forEach((message, index) => {
      shop.simulation.send(eventOf(message, index, declined));
    });
    await shop.simulation.run(round);
    expectMoneyIsRight(sent, declined, shop);
  }
}

describe('Whatever is delivered twice, overtaken, lost or killed at any await', () => {
  test('money is captured at most once, refunded at most once, in the right amount, and a cancelled order holds none', async () => {
    await fc.assert(
      fc.asyncProperty(messages, fc.subarray(['o-1', 'o-2']), numbers, async (sent, declined, given) => {
        await runTwice(sent, declined, given, world());
      }),
      { numRuns: 500, interruptAfterTimeLimit: 4_000 },
    );
  });

  test('the same holds when the gateway forgets its idempotency keys meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(messages, numbers, async (sent, given) => {
        const simulated = world();
        simulated.simulation.whenIdle = () => simulated.gateway.forgetKeys();
        await runTwice(sent, [], given, simulated);
      }),
      { numRuns: 500, interruptAfterTimeLimit: 4_000 },
    );
  });
});
