import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PaymentEffect, type PaymentEffectResult, runPaymentEffect } from '../../../lambdas/payment/effects.ts';
import type { PaymentGateway } from '../../../lambdas/payment/gateway.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../../lambdas/payment/rules.ts';
import { stateMachine } from '../../../lambdas/runtime/state-machine.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, confirmed, placed, refundRequested } from '../../builders/events.ts';
import { MemoryRecordStore } from '../../builders/records.ts';
import { stripePayments } from '../../builders/stripe-payments.ts';
import type { StripeFault, StripeServer } from '../../builders/stripe-server.ts';

/** Runs the payment rules with a gateway. */
function consumer(gateway: PaymentGateway, now: () => Date) {
  const records = new MemoryRecordStore<Payment>();
  const handle = stateMachine<Payment, PaymentInput, PaymentEffect, PaymentEffectResult>(
    {
      decide: (payment, input) => nextPayment(payment, input, now()),
      runEffect: (effect, fence) => runPaymentEffect(gateway, effect, fence),
      isFirstEvent: ({ type }) => type === 'shop.order.placed.v1',
    },
    records,
  )(async (events) => events.map(() => undefined));
  const deliver = async (event: PaymentInput) => {
    const [result] = await handle([delivery(event)]);
    return result !== undefined && result.error === undefined;
  };
  return { records, deliver };
}

type Step = 'placed' | 'confirmed' | 'cancelled' | 'refund' | 'forget';

/** What happens to an order. `forget`: the payments table is put back to before the order. */
const HISTORIES: Record<string, Step[]> = {
  'is confirmed': ['placed', 'confirmed'],
  'is confirmed, and everything comes again': ['placed', 'placed', 'confirmed', 'placed', 'confirmed'],
  'is confirmed, the table is put back, and the confirmation comes again': [
    'placed',
    'confirmed',
    'forget',
    'confirmed',
  ],
  'is placed, the table is put back, and it is confirmed': ['placed', 'forget', 'confirmed'],
  'is cancelled': ['placed', 'cancelled'],
  'is cancelled before it comes': ['cancelled', 'placed', 'cancelled'],
  'is cancelled, and comes again': ['placed', 'cancelled', 'placed'],
  'is cancelled after its confirmation': ['placed', 'confirmed', 'cancelled', 'confirmed'],
  'is placed, the table is put back, and it is cancelled': ['placed', 'forget', 'cancelled', 'placed'],
  'is confirmed, the table is put back, and it is cancelled': ['placed', 'confirmed', 'forget', 'cancelled'],
  'is partly refunded, and everything comes again': ['placed', 'confirmed', 'refund', 'confirmed', 'refund'],
  'is partly refunded and then cancelled': ['placed', 'confirmed', 'refund', 'cancelled'],
  'is partly refunded, the table is put back, and it is cancelled': [
    'placed',
    'confirmed',
    'refund',
    'forget',
    'cancelled',
  ],
  'is partly refunded, the table is put back, and all comes again': [
    'placed',
    'confirmed',
    'refund',
    'forget',
    'confirmed',
    'refund',
  ],
};

const eventOf = (step: Exclude<Step, 'forget'>, orderId: string): PaymentInput => {
  const token = 'pm_visa';
  if (step === 'placed') return placed({ orderId, token });
  if (step === 'refund') return refundRequested({ orderId });
  return step === 'confirmed' ? confirmed({ orderId }) : cancelled({ orderId });
};

/** A fault of one call; `slow` turns the lag of the search on or off instead, and `arrive` lets arrive what was on its way. */
type PlannedFault = StripeFault | 'slow' | 'arrive' | undefined;

function planFaults(server: StripeServer, plan: readonly PlannedFault[]) {
  const steps = [...plan];
  server.fault = () => {
    const step = steps.shift();
    if (step === 'slow') server.searchLags = !server.searchLags;
    if (step === 'arrive') server.arriveLate();
    return step === 'slow' || step === 'arrive' ? undefined : step;
  };
}

/** Repeats a delivery until it succeeds; meanwhile Stripe's search catches up and, if wanted, its keys expire. */
async function deliverUntilDone(server: StripeServer, deliver: () => Promise<boolean>, keysExpire: boolean) {
  for (let attempt = 0; !(await deliver()); attempt += 1) {
    // A day later the keys have expired and the search has caught up.
    if (keysExpire && attempt % 3 === 2) {
      server.expireIdempotencyKeys();
      server.searchLags = false;
    }
    if (attempt > 14) server.searchLags = false;
    expect(attempt).toBeLessThan(40);
  }
}

const faults = fc.array(
  fc.constantFrom<PlannedFault[]>(
    undefined,
    undefined,
    'lost',
    'late',
    'arrive',
    'broken',
    'failed',
    'overloaded',
    'limited',
    'busy',
    'slow',
  ),
  { maxLength: 14 },
);

test.each(Object.entries(HISTORIES))(
  'Under any faults of Stripe, an order that %s has its money where it belongs',
  async (_, steps) => {
    const { server, gateway } = await stripePayments();
    let number = 0;
    await fc.assert(
      fc.asyncProperty(faults, fc.boolean(), async (plan, keysExpire) => {
        number += 1;
        const orderId = `o-${number}`;
        const { deliver, records } = consumer(gateway, server.now);
        planFaults(server, plan);
        for (const step of steps) {
          if (step === 'forget') {
            records.items.clear();
            // The table is put back in hours.
            server.pass(2);
          } else await deliverUntilDone(server, () => deliver(eventOf(step, orderId)), keysExpire);
        }
        server.arriveLate();
        const order = `Shop-prod/${orderId}`;
        const kinds = server.movements(order);
        const count = (kind: string) => kinds.filter((one) => one === kind).length;
        expect(count('authorization')).toBeLessThanOrEqual(1);
        expect(count('authorization')).toBe(count('capture') + count('void'));
        const sum = (kind: string) =>
          server.ledger.reduce((total, one) => total + (one.order === order && one.kind === kind ? one.amount : 0), 0);
        if (steps.includes('cancelled')) expect(sum('refund')).toBe(sum('capture'));
        else
          expect([count('capture'), count('void'), sum('refund')]).toEqual([
            1,
            0,
            steps.includes('refund') ? 5_000 : 0,
          ]);
        if (steps.indexOf('cancelled') >= 0 && !steps.includes('confirmed')) expect(kinds).not.toContain('capture');
        expect(server.held(order)).toBe(0);
      }),
      { numRuns: 40 },
    );
  },
  30_000,
);

test('A cancellation finds what Stripe holds although the table forgot the order and the confirmation failed', async () => {
  const { server, gateway } = await stripePayments();
  const { deliver, records } = consumer(gateway, server.now);
  await deliver(eventOf('placed', 'o-1'));
  records.items.clear();
  server.expireIdempotencyKeys();
  server.fault = ({ path }) => (path.endsWith('/capture') ? 'overloaded' : undefined);
  expect(await deliver(eventOf('confirmed', 'o-1'))).toBe(false);
  expect(await deliver(eventOf('cancelled', 'o-1'))).toBe(true);
  expect(server.movements('Shop-prod/o-1')).toEqual(['authorization', 'void']);
});
