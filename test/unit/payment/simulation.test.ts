import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import type { Payment as OrderPayment } from '../../../contracts/order.ts';
import { consumes } from '../../../lambdas/payment/consumes.ts';
import { type PaymentEffect, type PaymentEffectResult, runPaymentEffect } from '../../../lambdas/payment/effects.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../../lambdas/payment/rules.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import { stateMachine } from '../../../lambdas/runtime/state-machine.ts';
import { cancelled, paymentReceived, placed } from '../../builders/events.ts';
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
              runEffect: (action, fence) => runPaymentEffect(intercept(gateway), action, fence),
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

type Message = { orderId: string; kind: 'placed' | 'cancelled' | 'received' };

const PAYMENTS = {
  good: { token: 'tok_visa' },
  declined: { token: 'tok_declined' },
  captured: { kind: 'captured', reference: 'pi_checkout' },
  authorized: { kind: 'authorized', reference: 'pi_held' },
  lapsed: { kind: 'authorized', reference: 'auth_lapsed' },
  'on-delivery': { kind: 'on-delivery' },
  awaited: { kind: 'awaited' },
} as const satisfies Record<string, OrderPayment>;

/** How each order is paid. */
type Payments = Record<'o-1' | 'o-2', keyof typeof PAYMENTS>;

const paymentKinds = fc.constantFrom(...(Object.keys(PAYMENTS) as (keyof typeof PAYMENTS)[]));
const payments: fc.Arbitrary<Payments> = fc.record({ 'o-1': paymentKinds, 'o-2': paymentKinds });

const messages = fc.array(
  fc.record({
    orderId: fc.constantFrom('o-1' as const, 'o-2' as const),
    kind: fc.constantFrom('placed' as const, 'placed' as const, 'cancelled' as const, 'received' as const),
  }),
  { minLength: 1, maxLength: 8 },
);
const numbers = fc.array(fc.nat({ max: 10_000 }), { maxLength: 120, size: 'max' });

const eventOf = ({ orderId, kind }: Message, index: number, paid: Payments) => {
  if (kind === 'cancelled') return cancelled({ orderId, id: `c-${index}` });
  return kind === 'received'
    ? paymentReceived({ orderId, id: `r-${index}`, reference: 'transfer 1' })
    : placed({ orderId, id: `p-${index}`, payment: PAYMENTS[paid[orderId as keyof Payments]] });
};

/** An order's record in the end, how often it was captured and refunded, and the one type that was published. */
type End = [state: Payment['state'], captures: number, refunds: number, published?: string];

/** What must hold in the end, by what happened to an order, in whatever sequence; `undefined` where that depends on the sequence. */
type Ends = { plain: End; cancelled: End | undefined; received?: End; both?: End };

const undone = undefined;
const ENDS: Record<keyof typeof PAYMENTS, Ends> = {
  good: { plain: ['captured', 1, 0, 'captured'], cancelled: undone },
  authorized: { plain: ['captured', 1, 0, 'captured'], cancelled: undone },
  declined: { plain: ['declined', 0, 0, 'declined'], cancelled: undone },
  lapsed: { plain: ['declined', 0, 0, 'declined'], cancelled: undone },
  captured: { plain: ['captured', 0, 0, 'captured'], cancelled: ['refunded', 0, 1, 'refunded'] },
  awaited: {
    plain: ['awaiting', 0, 0],
    cancelled: ['cancelled', 0, 0],
    received: ['captured', 0, 0, 'captured'],
    both: ['refund-due', 0, 0, 'refund-due'],
  },
  'on-delivery': {
    plain: ['on-delivery', 0, 0],
    cancelled: ['cancelled', 0, 0],
    received: ['on-delivery', 0, 0],
    both: ['refund-due', 0, 0, 'refund-due'],
  },
};

const REPORTED = ['awaited', 'on-delivery'];

/** Asserts that only a report is given up, and only of a payment that is not awaited. */
function expectDeadLetters(paid: Payments, { simulation }: PaymentConsumer) {
  for (const { event, errorType } of simulation.deadLetters) {
    const { type, data } = JSON.parse(event);
    expect([type, errorType]).toEqual(['shop.payment.received.v1', 'ConflictError']);
    expect(REPORTED).not.toContain(paid[data.orderId as keyof Payments]);
  }
}

function expectEnd(
  kinds: ReadonlySet<Message['kind']>,
  orderId: keyof Payments,
  paid: Payments,
  shop: PaymentConsumer,
) {
  const { gateway, records, simulation } = shop;
  const captures = gateway.entries('capture', orderId).length;
  const refunds = gateway.entries('refund', orderId).length;
  const published = new Set(
    simulation.published.flatMap(({ subject, type }) => (subject === orderId ? [type.split('.')[2] ?? ''] : [])),
  );
  const ends = ENDS[paid[orderId]];
  const isCancelled = kinds.has('cancelled');
  const usual = isCancelled ? ends.cancelled : ends.plain;
  const ofReported = isCancelled ? ends.both : ends.received;
  const end = (kinds.has('received') ? ofReported : undefined) ?? usual;
  if (end === undefined) {
    expect([captures, published.has('refunded')]).toEqual([refunds, refunds > 0]);
    return;
  }
  const [state, ...money] = end;
  expect([records.items.get(orderId)?.state, captures, refunds]).toEqual([state, ...money.slice(0, 2)]);
  if (end[3] !== undefined) expect(published).toContain(end[3]);
  if (!isCancelled) expect([...published]).toEqual(end.slice(3));
}

function expectMoneyIsRight(sent: readonly Message[], paid: Payments, shop: PaymentConsumer) {
  expectDeadLetters(paid, shop);
  expectSameUnderSameId(shop.simulation.published);
  for (const { money } of shop.gateway.ledger) expect(money).toEqual({ amount: 12_000, currency: 'KRW' });
  for (const orderId of ['o-1', 'o-2'] as const) {
    for (const kind of ['capture', 'refund'] as const)
      expect(shop.gateway.entries(kind, orderId).length).toBeLessThanOrEqual(1);
    const kinds = new Set(sent.filter((message) => message.orderId === orderId).map(({ kind }) => kind));
    if (kinds.has('placed')) expectEnd(kinds, orderId, paid, shop);
  }
}

/** Asserts that an event that was published again is the same event. */
function expectSameUnderSameId(published: readonly CloudEvent[]) {
  const byId = Map.groupBy(published, ({ id }) => id);
  for (const same of byId.values())
    expect(new Set(same.map(({ time, type, data }) => JSON.stringify([time, type, data]))).size).toBe(1);
}

/** Sends all messages and runs the simulation, twice; the payments must be right both times. */
async function runTwice(given: readonly Message[], paid: Payments, chance: readonly number[], shop: PaymentConsumer) {
  // A report waits for its order, so every reported order is placed at some time.
  const reported = new Set(given.filter(({ kind }) => kind === 'received').map(({ orderId }) => orderId));
  const sent = [...given, ...[...reported].map((orderId): Message => ({ orderId, kind: 'placed' }))];
  for (const round of [chance, chance.toReversed()]) {
    sent.forEach((message, index) => {
      shop.simulation.send(eventOf(message, index, paid));
    });
    await shop.simulation.run(round);
    expectMoneyIsRight(sent, paid, shop);
  }
}

describe('The payment consumer under duplicates, reordering, lost responses and crashes at any await', () => {
  test('captures at most once, refunds at most once, with the right amount, and keeps no money of a cancelled order', async () => {
    await fc.assert(
      fc.asyncProperty(messages, payments, numbers, async (sent, paid, chance) => {
        await runTwice(sent, paid, chance, paymentConsumer());
      }),
      { numRuns: 500, interruptAfterTimeLimit: 4_000 },
    );
  });

  test("does so when the gateway's idempotency keys expire meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(messages, payments, numbers, async (sent, paid, chance) => {
        const simulated = paymentConsumer();
        simulated.simulation.onIdle = () => simulated.gateway.expireIdempotencyKeys();
        await runTwice(sent, paid, chance, simulated);
      }),
      { numRuns: 500, interruptAfterTimeLimit: 4_000 },
    );
  });
});
