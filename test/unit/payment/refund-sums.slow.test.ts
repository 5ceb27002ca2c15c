import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import type { Payment as OrderPayment } from '../../../contracts/order.ts';
import type { Payment, Refund } from '../../../lambdas/payment/record.ts';
import { refundsOf } from '../../../lambdas/payment/refunds.ts';
import type { PaymentInput } from '../../../lambdas/payment/rules.ts';
import { cancelled, confirmed, dispatched, paymentReceived, placed, refundRequested } from '../../builders/events.ts';
import { FakeGateway } from '../../builders/gateway.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';
import { simulatedPayment } from '../../builders/simulated-payment.ts';
import { Simulation } from '../../builders/simulation.ts';

quietLog();

const ORDER = 'o-1001';
const TOTAL = 12_000;

const PAYMENTS = {
  token: { token: 'tok_visa' },
  lapses: { token: 'tok_lapses' },
  declined: { token: 'tok_declined' },
  captured: { kind: 'captured', reference: 'pi_checkout' },
  awaited: { kind: 'awaited' },
  'on-delivery': { kind: 'on-delivery' },
} as const satisfies Record<string, OrderPayment>;

type Kind = keyof typeof PAYMENTS;
const REPORTED: readonly Kind[] = ['awaited', 'on-delivery'];

/** A refund's id always has the same amount. */
const AMOUNTS = { 'r-1': 1, 'r-2': 4_000, 'r-3': 7_000, 'r-4': 8_000, 'r-5': 12_000 } as const;
type RefundId = keyof typeof AMOUNTS;

type Step = 'placed' | 'cancelled' | 'dispatched' | RefundId;

const steps = fc.array(
  fc.constantFrom<Step[]>('placed', 'dispatched', 'cancelled', ...(Object.keys(AMOUNTS) as RefundId[])),
  { maxLength: 5 },
);
const kinds = fc.constantFrom<Kind[]>('token', 'token', 'token', ...(Object.keys(PAYMENTS) as Kind[]));
const scenarios = fc.record({
  kind: kinds,
  acceptedRefunds: fc.constantFrom(0, 1, 2, 3, 100, 100, 100, 100),
  early: steps,
  late: steps,
});
type Scenario = typeof scenarios extends fc.Arbitrary<infer T> ? T : never;
const numbers = fc.array(fc.nat({ max: 10_000 }), { maxLength: 160, size: 'max' });

/** What happens besides: the provider's keys expire, somebody refunds in its dashboard, the table is put back. */
type Surprises = { keysExpire?: true; refundsElsewhere?: true; putsBack?: true };

const sumOf = (refunds: readonly { amount: number }[]) => refunds.reduce((sum, { amount }) => sum + amount, 0);
const eventOf = (step: Step, kind: Kind, index: number): PaymentInput => {
  const payment = PAYMENTS[kind];
  if (step === 'placed') return placed({ id: `p-${index}`, payment });
  if (step === 'dispatched') return dispatched({ id: `d-${index}` });
  if (step === 'cancelled') return cancelled({ id: `c-${index}` });
  return refundRequested({ id: `${step} ${index}`, refundId: step, amount: AMOUNTS[step] });
};

/** `acceptedRefunds`: after so many calls the customer disputes the payment, and no refund is sent any more. */
function simulatedPayments({ kind, acceptedRefunds }: Scenario, surprises: Surprises) {
  const gateway = new FakeGateway();
  const records = new MemoryRecordStore<Payment>();
  let decision: 'confirmed' | 'cancelled' | undefined;
  const simulation: Simulation = new Simulation(
    {
      payment: simulatedPayment(gateway, records, () => simulation.now()),
    },
    ({ source, type }) => {
      if (type === 'shop.order.cancelled.v1') decision = 'cancelled';
      if (source !== '/shop/payment') return ['payment'];
      // What `order` makes of it: the goods are reserved.
      const success = kind === 'captured' || kind === 'awaited' ? 'captured' : 'authorized';
      if (type === `shop.payment.${success}.v1`) {
        decision ??= 'confirmed';
        simulation.send(confirmed({ payment: PAYMENTS[kind] }));
      }
      if (type === 'shop.payment.declined.v1') simulation.send(cancelled({ reason: 'payment-declined' }));
      return [];
    },
  );
  // Somebody's refund in the dashboard may come between a lookup and a refund, where only the provider can tell.
  gateway.limitsRefunds = surprises.refundsElsewhere === true;
  gateway.losesResponse = () => simulation.faultOccurs(4);
  let refundCalls = 0;
  gateway.refusesRefunds = () => {
    refundCalls += 1;
    return refundCalls > acceptedRefunds;
  };
  // What is thrown within a consumer is taken for an outage, so violations are kept for the end.
  const violations: unknown[] = [];
  const check = (assertions: () => void) => {
    try {
      assertions();
    } catch (violation) {
      violations.push(violation);
    }
  };
  watchGateway(gateway, check);
  watchRecords(records, surprises, check);
  const snapshots: Payment[] = [];
  const putBack = () => {
    const old = snapshots[simulation.clock % Math.max(1, snapshots.length)];
    if (old === undefined || !simulation.faultOccurs(3)) return;
    records.items.set(ORDER, old);
    // The sweep has an order's decision published again where a payment disagrees with it.
    if (decision === 'cancelled') simulation.send(cancelled());
    if (decision === 'confirmed') simulation.send(confirmed({ payment: PAYMENTS[kind] }));
  };
  simulation.onIdle = () => {
    const record = records.items.get(ORDER);
    if (record !== undefined) snapshots.push(structuredClone(record));
    if (surprises.keysExpire) gateway.expireIdempotencyKeys();
    if (surprises.refundsElsewhere && simulation.faultOccurs(2)) refundElsewhere(gateway);
    if (surprises.putsBack) putBack();
  };
  return { gateway, records, simulation, violations };
}

type Check = (assertions: () => void) => void;
type SimulatedPayments = ReturnType<typeof simulatedPayments>;

const capturedAt = ({ ledger }: FakeGateway) =>
  sumOf(ledger.filter(({ kind }) => kind === 'capture').map(({ money }) => money));
const refundsAt = (gateway: FakeGateway) => gateway.entries('refund', ORDER).map(({ money }) => money);

function refundElsewhere(gateway: FakeGateway): void {
  const amount = 3_000;
  if (capturedAt(gateway) - sumOf(refundsAt(gateway)) < amount) return;
  gateway.ledger.push({ kind: 'refund', orderId: ORDER, money: { amount, currency: 'KRW' } });
}

/** Asserts at each movement that no more goes back than was captured, and that each refund goes back once. */
function watchGateway(gateway: FakeGateway, check: Check): void {
  const push = gateway.ledger.push.bind(gateway.ledger);
  gateway.ledger.push = (...entries) => {
    const length = push(...entries);
    check(() => {
      const captured = gateway.entries('authorization', ORDER).length > 0 ? capturedAt(gateway) : TOTAL;
      expect(sumOf(refundsAt(gateway)), 'more went back than was captured').toBeLessThanOrEqual(captured);
      const ids = gateway.entries('refund', ORDER).flatMap(({ refundId }) => refundId ?? []);
      expect(new Set(ids).size, 'a refund went back twice').toBe(ids.length);
    });
    return length;
  };
}

/** Asserts at each write that what went back, or is about to, is not more than was captured, and that no refund is noted twice. */
function watchRecords(records: MemoryRecordStore<Payment>, { putsBack }: Surprises, check: Check): void {
  const save = records.save.bind(records);
  records.save = (changes) => {
    for (const { before, after } of changes) check(() => expectChangeIsRight(before, after, putsBack === true));
    return save(changes);
  };
}

function expectChangeIsRight(before: Payment | undefined, after: Payment, putsBack: boolean): void {
  const [old, refunds] = [before === undefined ? [] : refundsOf(before), refundsOf(after)];
  if (!putsBack) expect(sumOf(refunds), 'more than the total').toBeLessThanOrEqual(after.money?.amount ?? 0);
  expect(new Set(refunds.map(({ refundId }) => refundId)).size, 'noted twice').toBe(refunds.length);
  if (!/^(refunding|refunded|refund-due|voiding|voided)$/.test(before?.state ?? '')) return;
  const begun = refunds.filter(({ refundId }) => old.every((one) => one.refundId !== refundId));
  expect(
    begun.filter(({ refundId }) => refundId !== undefined),
    'begun after the cancellation',
  ).toEqual([]);
}

/** Asserts that all is settled: nothing is pending, each request was answered, and a cancelled order keeps nothing. */
function expectSettled(sent: readonly Step[], kind: Kind, shop: SimulatedPayments, surprises: Surprises): void {
  const { gateway, records, simulation, violations } = shop;
  expect(violations).toEqual([]);
  const record = records.items.get(ORDER);
  if (record === undefined) throw new Error('The order has no record');
  const refunds = refundsOf(record);
  const published = new Set(simulation.published.map(({ id }) => id));
  expect(record.state).not.toMatch(/ing$/);
  expect(refunds.filter(({ state }) => state === 'pending')).toEqual([]);
  expect(record.refundDue).toBe(refunds.some(({ state }) => state === 'due') ? 'due' : undefined);
  for (const { refundId, state } of refunds) {
    const name = state === 'done' ? 'refunded' : 'refund-due';
    expect(published, `${refundId} is ${state}`).toContain([ORDER, name, refundId].filter(Boolean).join('.'));
  }
  const isTold = (id: Step) =>
    ['refunded', 'refund-due', 'refund-refused'].some((name) => published.has(`${ORDER}.${name}.${id}`));
  for (const step of sent) if (step in AMOUNTS) expect(isTold(step), `${step} is answered`).toBe(true);
  expectDeadLetters(shop);
  if (!surprises.putsBack) expectSameUnderSameId(simulation.published);
  if (!surprises.putsBack) expectMoney(kind, record, refunds, gateway, surprises);
  explored.ends.add(`${kind} ${record.state}`);
  for (const { state, refundId } of refunds)
    explored.ends.add(`${refundId === undefined ? 'the rest' : 'a part'} ${state}`);
}

function expectMoney(
  kind: Kind,
  record: Payment,
  refunds: readonly Refund[],
  gateway: FakeGateway,
  { refundsElsewhere }: Surprises,
) {
  const done = refunds.filter(({ state }) => state === 'done');
  const byUs = gateway.entries('refund', ORDER).filter(({ refundId }) => refundId !== undefined);
  expect(sumOf(byUs.map(({ money }) => money)), 'what is noted as sent was sent').toBe(sumOf(done));
  const isEnd = record.state === 'refunded' || record.state === 'refund-due';
  if (isEnd && !refundsElsewhere) expect(sumOf(refunds), 'a cancelled order keeps nothing').toBe(TOTAL);
  if (isEnd && refundsElsewhere && !REPORTED.includes(kind)) {
    const dueAmount = sumOf(refunds.filter(({ state }) => state === 'due'));
    expect(sumOf(refundsAt(gateway)) + dueAmount, 'a cancelled order keeps nothing').toBeGreaterThanOrEqual(TOTAL);
  }
  if (record.dispatched)
    expect(
      refunds.every(({ refundId }) => refundId !== undefined),
      'the rest stays',
    ).toBe(true);
}

/** Asserts that what is told of a refund again is the same. A refusal's sums may have changed meanwhile. */
function expectSameUnderSameId(published: readonly CloudEvent[]): void {
  const byId = Map.groupBy(published, ({ id }) => id);
  for (const same of byId.values()) {
    const said = same
      .filter(({ type }) => !type.includes('refused'))
      .map(({ time, data }) => JSON.stringify([time, data]));
    expect(new Set(said).size).toBeLessThanOrEqual(1);
  }
}

/** Asserts that only refunds and cancellations are given up, each as a conflict. */
function expectDeadLetters({ simulation }: SimulatedPayments): void {
  for (const { event, errorType } of simulation.deadLetters) {
    expect(errorType).toBe('ConflictError');
    expect(JSON.parse(event).type).toMatch(/^shop\.order\.(refund-requested|cancelled)\.v1$/);
  }
}

/** How often the simulation ran, and what it came to. */
const explored = { runs: 0, ends: new Set<string>() };

/** Sends messages, and all of them again with those that come later, in a shop where anything may crash, be repeated and be reordered. */
async function explore(scenario: Scenario, chance: readonly number[], surprises: Surprises): Promise<void> {
  explored.runs += 1;
  const { kind, early, late } = scenario;
  const shop = simulatedPayments(scenario, surprises);
  const sent: Step[] = ['placed', ...early];
  for (const [round, further] of [
    [chance, []],
    [chance.toReversed(), late],
  ] as const) {
    sent.push(...further);
    sent.forEach((step, index) => {
      shop.simulation.send(eventOf(step, kind, index));
    });
    if (REPORTED.includes(kind)) shop.simulation.send(paymentReceived());
    await shop.simulation.run(round);
    expectSettled(sent, kind, shop, surprises);
  }
}

describe('Refunds under repetitions, crashes at any await, lost answers and refusals', () => {
  test.each<[string, Surprises]>([
    ['go back once each and never beyond what was captured', {}],
    ['do so where the provider forgets its idempotency keys', { keysExpire: true }],
    ['do so where somebody refunds in the dashboard meanwhile', { keysExpire: true, refundsElsewhere: true }],
    ['do so where the table is put back', { keysExpire: true, refundsElsewhere: true, putsBack: true }],
  ])('%s', async (_, surprises) => {
    await fc.assert(
      fc.asyncProperty(scenarios, numbers, (scenario, chance) => explore(scenario, chance, surprises)),
      { numRuns: 500, interruptAfterTimeLimit: 2_500 },
    );
  });

  afterAll(() => {
    // A simulation that comes to few ends would agree with anything; where the time was short, it says nothing.
    if (explored.runs < 300) return;
    for (const end of [
      'a part done',
      'a part due',
      'the rest done',
      'the rest due',
      'token captured',
      'captured refunded',
    ])
      expect(explored.ends).toContain(end);
  });
});
