import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import type { Payment as OrderPayment } from '../../../contracts/order.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { cancelled, confirmed, paymentReceived, placed } from '../../builders/events.ts';
import { FakeGateway } from '../../builders/gateway.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';
import { simulatedPayment } from '../../builders/simulated-payment.ts';
import { Simulation } from '../../builders/simulation.ts';

quietLog();

type OrderId = 'o-1' | 'o-2';
const ORDER_IDS = ['o-1', 'o-2'] as const;

const PAYMENTS = {
  good: { token: 'tok_visa' },
  declined: { token: 'tok_declined' },
  lapses: { token: 'tok_lapses' },
  // Its refund is refused for ever.
  disputed: { token: 'tok_disputed' },
  captured: { kind: 'captured', reference: 'pi_checkout' },
  authorized: { kind: 'authorized', reference: 'pi_held' },
  'lapsed before': { kind: 'authorized', reference: 'auth_lapsed' },
  'on-delivery': { kind: 'on-delivery' },
  awaited: { kind: 'awaited' },
} as const satisfies Record<string, OrderPayment>;

type Kind = keyof typeof PAYMENTS;

/**
 * How an order is paid, and when it is confirmed. In the shop `confirmed` only follows `authorized` or `captured`. `freely`: it comes at any
 * time, as to a table that was put back; the rules must stand it.
 */
type Scenario = { kind: Kind; confirmed: 'never' | 'follows' | 'freely' };

/** `down`: from when until when the gateway is down, in seconds since the start. */
type Scenarios = Record<OrderId, Scenario> & { down: readonly [from: number, seconds: number] };

const scenario: fc.Arbitrary<Scenario> = fc.record({
  kind: fc.constantFrom(...(['good', 'good', ...Object.keys(PAYMENTS)] as Kind[])),
  confirmed: fc.constantFrom('never', 'follows', 'follows', 'freely'),
});
const scenarios: fc.Arbitrary<Scenarios> = fc.record({
  'o-1': scenario,
  'o-2': scenario,
  down: fc.tuple(fc.nat({ max: 60 }), fc.constantFrom(0, 0, 10, 40)),
});

function paymentConsumer(given: Scenarios) {
  const gateway = new FakeGateway();
  const records = new MemoryRecordStore<Payment>();
  const simulation: Simulation = new Simulation(
    {
      payment: simulatedPayment(gateway, records, () => simulation.now()),
    },
    ({ source, type, subject }) => {
      if (source !== '/shop/payment') return ['payment'];
      const orderId = subject as OrderId;
      const { kind, confirmed } = given[orderId];
      // What `order` confirms on; the goods of each order are reserved.
      const success = `shop.payment.${kind === 'captured' || kind === 'awaited' ? 'captured' : 'authorized'}.v1`;
      if (type === success && confirmed === 'follows') simulation.send(confirmedAs(given, orderId));
      return [];
    },
  );
  gateway.losesResponse = () => simulation.faultOccurs(4);
  gateway.refusesRefunds = (orderId) => given[orderId as OrderId].kind === 'disputed';
  const [from, seconds] = given.down;
  Object.defineProperty(gateway, 'down', {
    get: () => simulation.clock >= from && simulation.clock < from + seconds,
  });
  records.beforeSave = () => {
    // The table commits, the response is lost, and the SDK's retry is refused.
    if (simulation.faultOccurs(13)) records.plannedResults[0] = 'saved-but-conflict';
  };
  return { gateway, records, simulation };
}

const confirmedAs = (given: Scenarios, orderId: OrderId, id?: string) =>
  confirmed({ orderId, ...(id && { id }), payment: PAYMENTS[given[orderId].kind] });

type PaymentConsumer = ReturnType<typeof paymentConsumer>;

type Message = { orderId: OrderId; kind: 'placed' | 'confirmed' | 'cancelled' | 'received' };

/** What is sent at first, and what comes only when all of that is handled. */
type Messages = { early: Message[]; late: Message[] };

const oneMessage: fc.Arbitrary<Message> = fc.record({
  orderId: fc.constantFrom(...ORDER_IDS),
  kind: fc.constantFrom('placed', 'placed', 'confirmed', 'cancelled', 'received'),
});
const messages: fc.Arbitrary<Messages> = fc.record({
  early: fc.array(oneMessage, { minLength: 1, maxLength: 7 }),
  late: fc.array(oneMessage, { maxLength: 3 }),
});
const numbers = fc.array(fc.nat({ max: 10_000 }), { maxLength: 160, size: 'max' });

const eventOf = ({ orderId, kind }: Message, index: number, given: Scenarios) => {
  if (kind === 'cancelled') return cancelled({ orderId, id: `c-${index}` });
  if (kind === 'confirmed') return confirmedAs(given, orderId, `f-${index}`);
  return kind === 'received'
    ? paymentReceived({ orderId, id: `r-${index}`, reference: 'transfer 1' })
    : placed({ orderId, id: `p-${index}`, payment: PAYMENTS[given[orderId].kind] });
};

const REPORTED: readonly Kind[] = ['awaited', 'on-delivery'];
const HELD_HERE: readonly Kind[] = ['good', 'lapses', 'disputed', 'authorized'];

/** Asserts that only a report is given up, and only of a payment that is not awaited. */
function expectDeadLetters(given: Scenarios, { simulation }: PaymentConsumer) {
  for (const { event, errorType } of simulation.deadLetters) {
    const { type, data } = JSON.parse(event);
    expect([type, errorType]).toEqual(['shop.payment.received.v1', 'ConflictError']);
    expect(REPORTED).not.toContain(given[data.orderId as OrderId].kind);
  }
}

/** The number of an order's movements of each kind, and what was published of it. */
function observed(orderId: OrderId, { gateway, records, simulation }: PaymentConsumer) {
  const count = (kind: 'authorization' | 'capture' | 'void' | 'refund') => gateway.entries(kind, orderId).length;
  const published = new Set(
    simulation.published.flatMap(({ subject, type }) => (subject === orderId ? [type.split('.')[2] ?? ''] : [])),
  );
  const counts = { authorizations: count('authorization'), captures: count('capture') };
  return {
    ...counts,
    voids: count('void'),
    refunds: count('refund'),
    published,
    state: records.items.get(orderId)?.state,
  };
}

/** Asserts what must hold of an order's money at any time, and whatever its messages were. */
function expectLawful(orderId: OrderId, heard: ReadonlySet<Message['kind']>, shop: PaymentConsumer) {
  const { authorizations, captures, voids, refunds } = observed(orderId, shop);
  for (const count of [authorizations, captures, voids, refunds]) expect(count).toBeLessThanOrEqual(1);
  expect(captures + voids).toBeLessThanOrEqual(authorizations);
  if (!heard.has('confirmed')) expect(captures).toBe(0);
  if (!heard.has('cancelled')) expect([voids, refunds]).toEqual([0, 0]);
  const moves = shop.gateway.ledger.filter((entry) => entry.orderId === orderId);
  for (const { money } of moves) expect(money).toEqual({ amount: 12_000, currency: 'KRW' });
  const closed = moves.findIndex(({ kind }) => kind === 'void');
  if (closed >= 0) expect(moves.slice(closed + 1), 'held or taken after the void').toEqual([]);
}

/** Asserts what must hold in the end of a payment that is held at the gateway. */
function expectHeldEnd(kind: Kind, heard: ReadonlySet<Message['kind']>, end: ReturnType<typeof observed>) {
  const { authorizations, captures, voids, refunds, published, state } = end;
  expect([published.has('voided'), published.has('refunded')]).toEqual([voids > 0, refunds > 0]);
  if (heard.has('cancelled')) {
    // A lapse is no entry of the ledger.
    const lapsed = kind === 'lapses' ? authorizations - captures - voids : 0;
    expect(captures + voids + lapsed, 'an authorization is held').toBe(authorizations);
    expect(captures - refunds, 'money is kept').toBe(state === 'refund-due' ? 1 : 0);
    if (state === 'refund-due') expect([kind, published.has('refund-due')]).toEqual(['disputed', true]);
    expect(state).toMatch(/^(voided|refunded|refund-due)$/);
  } else if (heard.has('confirmed')) {
    expect(state).toBe(captures > 0 ? 'captured' : 'lapsed');
    expect(published).toContain(captures > 0 ? 'captured' : 'declined');
  } else {
    expect([state, authorizations, captures]).toEqual(['authorized', 1, 0]);
    expect([...published]).toEqual(['authorized']);
  }
}

/** The states in which a payment that is reported may end. */
function reportedEnds(kind: Kind, heard: ReadonlySet<Message['kind']>): Payment['state'][] {
  const isReceived = heard.has('received');
  // An order that is confirmed was paid; after the cancellation that says nothing any more.
  const isConfirmed = kind === 'awaited' && heard.has('confirmed');
  if (heard.has('cancelled')) {
    if (isReceived) return ['refund-due'];
    return isConfirmed ? ['voided', 'refund-due'] : ['voided'];
  }
  if (kind === 'on-delivery') return ['authorized'];
  return isReceived || isConfirmed ? ['captured'] : ['awaiting'];
}

/** The states in which a payment may end where nothing is held at the gateway. */
function otherEnds(kind: Kind, heard: ReadonlySet<Message['kind']>): Payment['state'][] {
  if (REPORTED.includes(kind)) return reportedEnds(kind, heard);
  const isCancelled = heard.has('cancelled');
  if (kind === 'captured') return isCancelled ? ['refunded'] : ['captured'];
  // Declined, or the confirmation came first and found nothing, or the cancellation did.
  return isCancelled ? ['declined', 'voided'] : ['declined', 'lapsed'];
}

function expectOtherEnd(kind: Kind, heard: ReadonlySet<Message['kind']>, end: ReturnType<typeof observed>) {
  const { authorizations, captures, voids, refunds, state } = end;
  expect([authorizations, captures, voids]).toEqual([0, 0, 0]);
  expect(refunds).toBe(kind === 'captured' && heard.has('cancelled') ? 1 : 0);
  expect(otherEnds(kind, heard)).toContain(state);
}

function expectMoneyIsRight(sent: readonly Message[], given: Scenarios, shop: PaymentConsumer) {
  expectDeadLetters(given, shop);
  expectSameUnderSameId(shop.simulation.published);
  for (const orderId of ORDER_IDS) {
    const { kind, confirmed } = given[orderId];
    const heard = new Set(sent.filter((message) => message.orderId === orderId).map((message) => message.kind));
    const end = observed(orderId, shop);
    const follows = confirmed === 'follows' && (end.published.has('authorized') || end.published.has('captured'));
    if (follows) heard.add('confirmed');
    expectLawful(orderId, heard, shop);
    if (!heard.has('placed')) continue;
    if (HELD_HERE.includes(kind)) expectHeldEnd(kind, heard, end);
    else expectOtherEnd(kind, heard, end);
    // Where nothing is in the way, what is confirmed is captured.
    if (follows && !heard.has('cancelled') && kind !== 'lapses' && HELD_HERE.includes(kind))
      expect(end.captures).toBe(1);
    explored.ends.add(`${kind} ${end.state}`);
  }
}

/** Asserts that an event that was published again is the same event. */
function expectSameUnderSameId(published: readonly CloudEvent[]) {
  const byId = Map.groupBy(published, ({ id }) => id);
  for (const same of byId.values())
    expect(new Set(same.map(({ time, type, data }) => JSON.stringify([time, type, data]))).size).toBe(1);
}

/** Sends messages and runs the simulation, then sends all of them again with those that come later; the payments must be right both times. */
async function runTwice(
  { early, late }: Messages,
  given: Scenarios,
  chance: readonly number[],
  shop: PaymentConsumer = paymentConsumer(given),
) {
  explored.runs += 1;
  const isSent = ({ orderId, kind }: Message) => kind !== 'confirmed' || given[orderId].confirmed === 'freely';
  // A report waits for its order, so every reported order is placed at some time.
  const reported = new Set([...early, ...late].filter(({ kind }) => kind === 'received').map(({ orderId }) => orderId));
  const sent = [...early.filter(isSent), ...[...reported].map((orderId): Message => ({ orderId, kind: 'placed' }))];
  for (const [round, further] of [
    [chance, []],
    [chance.toReversed(), late.filter(isSent)],
  ] as const) {
    sent.push(...further);
    sent.forEach((message, index) => {
      shop.simulation.send(eventOf(message, index, given));
    });
    await shop.simulation.run(round);
    expectMoneyIsRight(sent, given, shop);
  }
}

/** How often the simulation ran, and which ends it came to. */
const explored = { runs: 0, ends: new Set<string>() };

describe('The payment consumer under duplicates, reordering, outages, lost responses and crashes at any await', () => {
  test('captures at most once and only what is confirmed, and holds and keeps nothing of a cancelled order', async () => {
    await fc.assert(
      fc.asyncProperty(messages, scenarios, numbers, (sent, given, chance) => runTwice(sent, given, chance)),
      { numRuns: 700, interruptAfterTimeLimit: 4_000 },
    );
  });

  test("does so when the gateway's idempotency keys expire meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(messages, scenarios, numbers, async (sent, given, chance) => {
        const shop = paymentConsumer(given);
        shop.simulation.onIdle = () => shop.gateway.expireIdempotencyKeys();
        await runTwice(sent, given, chance, shop);
      }),
      { numRuns: 700, interruptAfterTimeLimit: 4_000 },
    );
  });

  afterAll(() => {
    // A simulation that comes to few ends would agree with anything; where the time was short, it says nothing.
    if (explored.runs < 300) return;
    for (const end of ['authorized', 'captured', 'voided', 'refunded', 'lapsed'])
      expect(explored.ends).toContain(`good ${end}`);
    for (const end of [
      'disputed refund-due',
      'lapses lapsed',
      'declined declined',
      'captured refunded',
      'awaited refund-due',
    ])
      expect(explored.ends).toContain(end);
  });
});
