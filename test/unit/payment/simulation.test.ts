import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { consumes } from '../../../lambdas/payment/consumes.ts';
import { type PaymentEffect, type PaymentEffectResult, runPaymentEffect } from '../../../lambdas/payment/effects.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../../lambdas/payment/rules.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import { stateMachine } from '../../../lambdas/runtime/state-machine.ts';
import { cancelled, placed } from '../../builders/events.ts';
import { FakeGateway } from '../../builders/gateway.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';
import { Simulation } from '../../builders/simulation.ts';

quietLog();

function paymentConsumer() {
  const gateway = new FakeGateway();
  const records = new MemoryRecordStore<Payment>();
  const simulation: Simulation = new Simulation(
    {
      payment: (intercept, dependencies) =>
        consumer(
          'payment',
          consumes,
          stateMachine<Payment, PaymentInput, PaymentEffect, PaymentEffectResult>(
            {
              decide: (payment, input) => nextPayment(payment, input, simulation.now()),
              runEffect: (action) => runPaymentEffect(intercept(gateway), action),
              isFirstEvent: ({ type }) => type === 'shop.order.placed.v1',
            },
            intercept(records),
          ),
          dependencies,
        ),
    },
    ({ source }) => (source === '/shop/payment' ? [] : ['payment']),
  );
  gateway.losesResponse = () => simulation.faultOccurs(4);
  records.beforeSave = () => {
    // The table commits, the response is lost, and the SDK's retry is refused.
    if (simulation.faultOccurs(13)) records.plannedResults[0] = 'saved-but-conflict';
  };
  return { gateway, records, simulation };
}

type PaymentConsumer = ReturnType<typeof paymentConsumer>;

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

function expectMoneyIsRight(
  sent: readonly Message[],
  declined: readonly string[],
  { gateway, simulation }: PaymentConsumer,
) {
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

/** Sends all messages and runs the simulation, twice; the payments must be right both times. */
async function runTwice(
  sent: readonly Message[],
  declined: readonly string[],
  given: readonly number[],
  shop: PaymentConsumer,
) {
  for (const round of [given, given.toReversed()]) {
    sent.forEach((message, index) => {
      shop.simulation.send(eventOf(message, index, declined));
    });
    await shop.simulation.run(round);
    expectMoneyIsRight(sent, declined, shop);
  }
}

describe('The payment consumer under duplicates, reordering, lost responses and crashes at any await', () => {
  test('captures at most once, refunds at most once, with the right amount, and keeps no money of a cancelled order', async () => {
    await fc.assert(
      fc.asyncProperty(messages, fc.subarray(['o-1', 'o-2']), numbers, async (sent, declined, given) => {
        await runTwice(sent, declined, given, paymentConsumer());
      }),
      { numRuns: 500, interruptAfterTimeLimit: 4_000 },
    );
  });

  test("does so when the gateway's idempotency keys expire meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(messages, numbers, async (sent, given) => {
        const simulated = paymentConsumer();
        simulated.simulation.onIdle = () => simulated.gateway.expireIdempotencyKeys();
        await runTwice(sent, [], given, simulated);
      }),
      { numRuns: 500, interruptAfterTimeLimit: 4_000 },
    );
  });
});
