import { describe, expect, test } from 'vitest';
import type { PaymentEffectResult } from '../../../lambdas/payment/effects.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../../lambdas/payment/rules.ts';
import { UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { openFence } from '../../../lambdas/runtime/fence.ts';
import { TOMBSTONE_DAYS } from '../../../lambdas/runtime/tombstone.ts';
import { cancelled, confirmed, dispatched, paymentReceived, placed, refundRequested } from '../../builders/events.ts';
import { FakeGateway } from '../../builders/gateway.ts';
import { NOW, once, payments } from '../../builders/payments.ts';

const MONEY = { amount: 12_000, currency: 'KRW' };
const AUTHORIZED = { kind: 'authorized', reference: 'pi_held' } as const;
const CAPTURED = { kind: 'captured', reference: 'pi_checkout' } as const;

type Shop = ReturnType<typeof payments>;

const moves = ({ gateway }: Shop) => gateway.ledger.map(({ kind }) => kind).join(' ');
const shortTypes = (types: readonly string[]) =>
  types.map((type) => type.replace(/^shop\.payment\.|\.v1$|^failed: |(?<=Error):.*$/g, '')).join(' ');
const tokenOf = (token: string) => placed({ token });

/** How a payment comes into each state; `down`: the gateway is down for the last event, `lost`: its last answer is lost. */
const HISTORIES = {
  none: [],
  tombstone: [cancelled()],
  authorizing: [placed(), 'down'],
  'authorizing, held': [placed(), 'lost'],
  authorized: [placed()],
  capturing: [placed(), confirmed(), 'down'],
  'capturing, taken': [placed(), confirmed(), 'lost'],
  captured: [placed(), confirmed()],
  'captured, partly refunded': [placed(), confirmed(), refundRequested()],
  'captured, refund pending': [placed(), confirmed(), refundRequested(), 'down'],
  'captured, refund sent': [placed(), confirmed(), refundRequested(), 'lost'],
  'captured, dispatched': [placed(), confirmed(), dispatched()],
  lapsed: [tokenOf('tok_lapses'), confirmed()],
  declined: [tokenOf('tok_declined')],
  voiding: [placed(), cancelled(), 'down'],
  'voiding, released': [placed(), cancelled(), 'lost'],
  voided: [placed(), cancelled()],
  refunding: [placed(), confirmed(), cancelled(), 'down'],
  'refunding, sent': [placed(), confirmed(), cancelled(), 'lost'],
  refunded: [placed(), confirmed(), cancelled()],
  'refund-due': [placed(), confirmed(), cancelled(), 'refused'],
} as const satisfies Record<string, readonly (PaymentInput | 'down' | 'lost' | 'refused')[]>;

type History = keyof typeof HISTORIES;

function eventsOf(history: History): PaymentInput[] {
  const steps: readonly (PaymentInput | string)[] = HISTORIES[history];
  return steps.filter((step) => typeof step !== 'string');
}

/** Returns a shop whose payment came into a state, and of which nothing was observed yet. */
async function inState(history: History): Promise<Shop> {
  const shop = payments();
  const steps: readonly (PaymentInput | string)[] = HISTORIES[history];
  const events = eventsOf(history);
  const { gateway } = shop;
  for (const event of events) {
    const isLast = event === events.at(-1);
    gateway.down = isLast && steps.includes('down');
    gateway.refusesRefunds = () => isLast && steps.includes('refused');
    // A lookup comes before a refund, whose answer is the one that is lost.
    let answers = history.endsWith('sent') ? 2 : 1;
    gateway.losesResponse = () => isLast && steps.includes('lost') && --answers === 0;
    await shop.deliver(event);
  }
  gateway.down = false;
  gateway.refusesRefunds = () => false;
  gateway.losesResponse = () => false;
  const state = history === 'tombstone' ? 'voided' : history.split(',')[0];
  expect(shop.state() ?? 'none', 'the history does not lead to the state').toBe(state);
  shop.calls.length = 0;
  return shop;
}

/** Puts the table back to an earlier state; the gateway knows what has happened since. */
async function putBack({ records }: Shop, history: History): Promise<void> {
  const old = (await inState(history)).record();
  records.items.clear();
  if (old !== undefined) records.items.set('o-1001', old);
}

const EVENTS = {
  placed: placed(),
  confirmed: confirmed(),
  cancelled: cancelled(),
  'refund-requested': refundRequested(),
  dispatched: dispatched(),
  received: paymentReceived(),
};

/** In a state, an event makes these calls, leads to this state, and publishes this or fails with this. */
type Cell = [
  from: History,
  event: keyof typeof EVENTS,
  calls: string,
  to: Payment['state'] | 'none',
  published: string,
];

const CELLS: Cell[] = [
  ['none', 'placed', 'authorize', 'authorized', 'authorized'],
  ['none', 'confirmed', 'find capture', 'lapsed', 'declined'],
  ['none', 'cancelled', 'void', 'voided', ''],
  ['none', 'refund-requested', '', 'none', 'WaitingError'],
  ['none', 'dispatched', '', 'none', 'WaitingError'],

  ['tombstone', 'placed', '', 'voided', ''],
  ['tombstone', 'confirmed', '', 'voided', ''],
  ['tombstone', 'cancelled', '', 'voided', ''],
  ['tombstone', 'refund-requested', '', 'voided', 'ConflictError'],
  ['tombstone', 'dispatched', '', 'voided', ''],

  ['authorizing', 'placed', 'find authorize', 'authorized', 'authorized'],
  ['authorizing', 'confirmed', 'find capture', 'lapsed', 'declined'],
  ['authorizing', 'cancelled', 'void', 'voided', ''],
  ['authorizing', 'refund-requested', '', 'authorizing', 'WaitingError'],
  ['authorizing', 'dispatched', '', 'authorizing', 'WaitingError'],

  ['authorizing, held', 'placed', 'find', 'authorized', 'authorized'],
  ['authorizing, held', 'confirmed', 'find capture', 'captured', 'captured'],
  ['authorizing, held', 'cancelled', 'void', 'voided', 'voided'],
  ['authorizing, held', 'refund-requested', '', 'authorizing', 'WaitingError'],
  ['authorizing, held', 'dispatched', '', 'authorizing', 'WaitingError'],

  ['authorized', 'placed', '', 'authorized', 'authorized'],
  ['authorized', 'confirmed', 'capture', 'captured', 'captured'],
  ['authorized', 'cancelled', 'void', 'voided', 'voided'],
  ['authorized', 'refund-requested', '', 'authorized', 'WaitingError'],
  ['authorized', 'dispatched', '', 'authorized', 'WaitingError'],

  ['capturing', 'placed', '', 'capturing', ''],
  ['capturing', 'confirmed', 'find capture', 'captured', 'captured'],
  ['capturing', 'cancelled', 'void', 'voided', 'voided'],
  ['capturing', 'refund-requested', '', 'capturing', 'WaitingError'],
  ['capturing', 'dispatched', '', 'capturing', 'WaitingError'],

  ['capturing, taken', 'placed', '', 'capturing', ''],
  ['capturing, taken', 'confirmed', 'find', 'captured', 'captured'],
  ['capturing, taken', 'cancelled', 'void find refund', 'refunded', 'refunded'],
  ['capturing, taken', 'refund-requested', '', 'capturing', 'WaitingError'],
  ['capturing, taken', 'dispatched', '', 'capturing', 'WaitingError'],

  ['captured', 'placed', '', 'captured', 'captured'],
  ['captured', 'confirmed', '', 'captured', 'captured'],
  ['captured', 'cancelled', 'find refund', 'refunded', 'refunded'],
  ['captured', 'refund-requested', 'find refund', 'captured', 'refunded'],
  ['captured', 'dispatched', '', 'captured', ''],

  ['captured, partly refunded', 'placed', '', 'captured', 'captured refunded'],
  ['captured, partly refunded', 'confirmed', '', 'captured', 'captured refunded'],
  ['captured, partly refunded', 'cancelled', 'find refund', 'refunded', 'refunded'],
  ['captured, partly refunded', 'refund-requested', '', 'captured', 'refunded'],
  ['captured, partly refunded', 'dispatched', '', 'captured', ''],

  ['captured, refund pending', 'placed', 'find refund', 'captured', 'captured refunded'],
  ['captured, refund pending', 'confirmed', 'find refund', 'captured', 'captured refunded'],
  ['captured, refund pending', 'cancelled', 'find refund find refund', 'refunded', 'refunded refunded'],
  ['captured, refund pending', 'refund-requested', 'find refund', 'captured', 'refunded'],
  ['captured, refund pending', 'dispatched', 'find refund', 'captured', 'refunded'],

  ['captured, refund sent', 'placed', 'find', 'captured', 'captured refunded'],
  ['captured, refund sent', 'confirmed', 'find', 'captured', 'captured refunded'],
  ['captured, refund sent', 'cancelled', 'find find refund', 'refunded', 'refunded refunded'],
  ['captured, refund sent', 'refund-requested', 'find', 'captured', 'refunded'],
  ['captured, refund sent', 'dispatched', 'find', 'captured', 'refunded'],

  ['captured, dispatched', 'placed', '', 'captured', 'captured'],
  ['captured, dispatched', 'confirmed', '', 'captured', 'captured'],
  ['captured, dispatched', 'cancelled', '', 'captured', 'ConflictError'],
  ['captured, dispatched', 'refund-requested', 'find refund', 'captured', 'refunded'],
  ['captured, dispatched', 'dispatched', '', 'captured', ''],

  ['lapsed', 'placed', '', 'lapsed', 'declined'],
  ['lapsed', 'confirmed', '', 'lapsed', 'declined'],
  ['lapsed', 'cancelled', 'void', 'voided', ''],
  ['lapsed', 'refund-requested', '', 'lapsed', 'ConflictError'],
  ['lapsed', 'dispatched', '', 'lapsed', ''],

  ['declined', 'placed', '', 'declined', 'declined'],
  ['declined', 'confirmed', '', 'declined', 'declined'],
  ['declined', 'cancelled', '', 'declined', ''],
  ['declined', 'refund-requested', '', 'declined', 'ConflictError'],
  ['declined', 'dispatched', '', 'declined', ''],

  ['voiding', 'placed', 'void', 'voided', 'voided'],
  ['voiding', 'confirmed', 'void', 'voided', 'voided'],
  ['voiding', 'cancelled', 'void', 'voided', 'voided'],
  ['voiding', 'refund-requested', 'void', 'voided', 'ConflictError'],
  ['voiding', 'dispatched', 'void', 'voided', 'voided'],

  ['voiding, released', 'placed', 'void', 'voided', 'voided'],
  ['voiding, released', 'confirmed', 'void', 'voided', 'voided'],
  ['voiding, released', 'cancelled', 'void', 'voided', 'voided'],
  ['voiding, released', 'refund-requested', 'void', 'voided', 'ConflictError'],
  ['voiding, released', 'dispatched', 'void', 'voided', 'voided'],

  ['voided', 'placed', '', 'voided', 'voided'],
  ['voided', 'confirmed', '', 'voided', 'voided'],
  ['voided', 'cancelled', '', 'voided', 'voided'],
  ['voided', 'refund-requested', '', 'voided', 'ConflictError'],
  ['voided', 'dispatched', '', 'voided', ''],

  ['refunding', 'placed', 'find refund', 'refunded', 'refunded'],
  ['refunding', 'confirmed', 'find refund', 'refunded', 'refunded'],
  ['refunding', 'cancelled', 'find refund', 'refunded', 'refunded'],
  ['refunding', 'refund-requested', 'find refund', 'refunded', 'ConflictError'],
  ['refunding', 'dispatched', 'find refund', 'refunded', 'refunded'],

  ['refunding, sent', 'placed', 'find', 'refunded', 'refunded'],
  ['refunding, sent', 'confirmed', 'find', 'refunded', 'refunded'],
  ['refunding, sent', 'cancelled', 'find', 'refunded', 'refunded'],
  ['refunding, sent', 'refund-requested', 'find', 'refunded', 'ConflictError'],
  ['refunding, sent', 'dispatched', 'find', 'refunded', 'refunded'],

  ['refunded', 'placed', '', 'refunded', 'refunded'],
  ['refunded', 'confirmed', '', 'refunded', 'refunded'],
  ['refunded', 'cancelled', '', 'refunded', 'refunded'],
  ['refunded', 'refund-requested', '', 'refunded', 'ConflictError'],
  ['refunded', 'dispatched', '', 'refunded', 'refunded'],

  ['refund-due', 'placed', '', 'refund-due', 'refund-due'],
  ['refund-due', 'confirmed', '', 'refund-due', 'refund-due'],
  ['refund-due', 'cancelled', '', 'refund-due', 'refund-due'],
  ['refund-due', 'refund-requested', '', 'refund-due', 'ConflictError'],
  ['refund-due', 'dispatched', '', 'refund-due', 'refund-due'],
];

describe('The table of a payment by token', () => {
  test.each(CELLS)('%s, %s: calls [%s], then %s, published [%s]', async (from, event, calls, to, published) => {
    const shop = await inState(from);
    const input =
      from === 'lapsed' || from === 'declined' ? { ...EVENTS[event], id: 'another message' } : EVENTS[event];
    const types = await shop.deliver(input as PaymentInput);
    expect([shop.calls.join(' '), shop.state() ?? 'none', shortTypes(types)]).toEqual([calls, to, published]);
  });

  test('has a row for every state and event', () => {
    const rows = new Set(CELLS.map(([from, event]) => `${from}, ${event}`));
    for (const history of Object.keys(HISTORIES))
      for (const event of ['placed', 'confirmed', 'cancelled', 'refund-requested', 'dispatched'])
        expect(rows).toContain(`${history}, ${event}`);
  });

  test.each(Object.keys(HISTORIES) as History[])(
    'a reported payment in %s changes nothing and is told',
    async (from) => {
      const shop = await inState(from);
      const before = shop.record();
      const isUnknown = from === 'none' || from === 'tombstone';
      expect(await shop.deliver(EVENTS.received)).toEqual([
        expect.stringContaining(isUnknown ? 'WaitingError' : 'ConflictError'),
      ]);
      expect([shop.record(), shop.calls]).toEqual([before, []]);
    },
  );

  test.each(CELLS)(
    '%s, %s: the same event again changes nothing, also after idempotency keys expired',
    async (from, event, _, to) => {
      const shop = await inState(from);
      const input = EVENTS[event] as PaymentInput;
      await shop.deliver(input);
      const [before, ledger] = [shop.record(), [...shop.gateway.ledger]];
      shop.published.length = 0;
      shop.gateway.expireIdempotencyKeys();
      await shop.deliver(input);
      const first = [...shop.published];
      await shop.deliver(input);
      expect([shop.state() ?? 'none', shop.record(), shop.gateway.ledger]).toEqual([to, before, ledger]);
      expect(shop.published).toEqual([...first, ...first]);
    },
  );
});

const CONTEXT = { orderId: 'o-1001', trace: {} };
const ANSWERS = {
  authorized: { kind: 'authorize', result: { kind: 'authorized', reference: 'pi_1' } },
  'found captured': { kind: 'authorize', result: { kind: 'captured', reference: 'pi_1' } },
  declined: { kind: 'authorize', result: { kind: 'declined', reason: 'card_declined' } },
  captured: { kind: 'capture', result: { kind: 'captured', reference: 'pi_1' } },
  lapsed: { kind: 'capture', result: { kind: 'lapsed', reason: 'authorization_expired' } },
  released: { kind: 'void', result: { kind: 'voided', released: true } },
  'nothing held': { kind: 'void', result: { kind: 'voided', released: false } },
  'was captured': { kind: 'void', result: { kind: 'captured', money: MONEY, reference: 'pi_1' } },
  refunded: { kind: 'refund', result: { kind: 'refunded', amount: 12_000, total: 12_000 } },
  refused: { kind: 'refund', result: { kind: 'refused', reason: 'charge_disputed' } },
} as const satisfies Record<string, Omit<Extract<PaymentEffectResult, object>, 'orderId' | 'trace'>>;

type Answer = keyof typeof ANSWERS;
type State = Payment['state'];

/** What each answer leads to in the one state that waits for it, and in the few others in which it changes something. */
const AWAITED: Partial<Record<`${State}, ${Answer}`, string>> = {
  'authorizing, authorized': 'authorized: authorized',
  'authorizing, found captured': 'captured: captured',
  'authorizing, declined': 'declined: declined',
  'capturing, captured': 'captured: captured',
  'capturing, lapsed': 'lapsed: declined',
  'voiding, released': 'voided: voided',
  'voiding, nothing held': 'voided:',
  'voiding, was captured': 'refunding: calls refund',
  'refunding, refunded': 'refunded: refunded',
  'refunding, refused': 'refund-due: refund-due',
  // Two deliveries were told different things, and the order is cancelled for the refusal.
  'declined, authorized': 'voiding: calls void',
  'lapsed, captured': 'refunding: calls refund',
  'refund-due, refunded': 'refunded: refunded',
};

/** What a late answer leads to: the state's own outcome again, and no call, whose message has it made. */
const OUTCOMES: Record<State, string> = {
  awaiting: '',
  authorizing: '',
  authorized: 'authorized',
  capturing: '',
  captured: 'captured',
  lapsed: 'declined',
  declined: 'declined',
  voiding: '',
  voided: 'voided',
  refunding: '',
  refunded: 'refunded',
  'refund-due': 'refund-due',
};

describe('An answer of the gateway', () => {
  const states = (Object.keys(OUTCOMES) as State[]).filter((state) => state !== 'awaiting');
  const cells = states.flatMap((state) => (Object.keys(ANSWERS) as Answer[]).map((answer) => [state, answer] as const));

  test.each(cells)('in %s, %s: counts where it is waited for, and otherwise changes nothing', (state, answer) => {
    const payment: Payment = {
      orderId: 'o-1001',
      version: 3,
      state,
      money: MONEY,
      method: { kind: 'token' },
      ...(state === 'voided' ? { released: true } : {}),
      time: '2026-11-21T09:00:00.000Z',
    };
    const { after, effect, publish = [] } = nextPayment(payment, { ...CONTEXT, ...ANSWERS[answer] }, NOW);
    const call = effect ? [`calls ${effect.kind}`] : [];
    const said = `${after?.state ?? state}: ${[...call, shortTypes(publish.map(({ type }) => type))].join(' ')}`.trim();
    expect(said).toBe(AWAITED[`${state}, ${answer}`] ?? `${state}: ${OUTCOMES[state]}`.trim());
  });

  test('never charges a cancelled order, however late it comes', () => {
    for (const state of ['voiding', 'voided', 'refunding', 'refunded', 'refund-due'] as const) {
      for (const answer of ['authorized', 'found captured', 'declined', 'captured', 'lapsed'] as const)
        expect(AWAITED[`${state}, ${answer}`]).toBeUndefined();
    }
  });

  test('without a record is a conflict', () => {
    expect(() => nextPayment(undefined, { ...CONTEXT, ...ANSWERS.authorized }, NOW)).toThrow('disappeared');
  });
});

describe('A placed order', () => {
  test('is authorized when it is placed, captured when it is confirmed and never before', async () => {
    const shop = payments();
    expect(await shop.deliver(placed())).toEqual(['shop.payment.authorized.v1']);
    await shop.deliver(placed({ id: 'another message' }));
    expect(shop.gateway.ledger).toEqual([{ kind: 'authorization', orderId: 'o-1001', money: MONEY }]);
    expect(await shop.deliver(confirmed())).toEqual(['shop.payment.captured.v1']);
    await shop.deliver(confirmed({ id: 'another message' }));
    expect(shop.gateway.ledger.slice(1)).toEqual([{ kind: 'capture', orderId: 'o-1001', money: MONEY }]);
  });

  test('costs one call to the gateway, no read and two writes, and one read more with its confirmation', async () => {
    const shop = payments();
    await shop.deliver(placed());
    expect([shop.gateway.calls, shop.records.loads, shop.records.saves]).toEqual([1, 0, 2]);
    await shop.deliver(confirmed());
    expect([shop.gateway.calls, shop.records.saves]).toEqual([2, 4]);
    expect(shop.records.loads).toBeLessThanOrEqual(1);
  });

  test('publishes what it authorized, captured and voided under ids of their own', async () => {
    const [kept, undone] = [payments(), payments()];
    for (const event of [placed(), confirmed()]) await kept.deliver(event);
    for (const event of [placed(), cancelled()]) await undone.deliver(event);
    expect([...kept.published, ...undone.published].map(({ id, data }) => ({ id, data }))).toEqual(
      ['authorized', 'captured', 'authorized', 'voided'].map((name) => ({
        id: `o-1001.${name}`,
        data: { orderId: 'o-1001', ...MONEY },
      })),
    );
  });

  test('with a declined card publishes payment.declined on every delivery and holds nothing', async () => {
    const shop = payments();
    expect(await shop.deliver(placed({ token: 'tok_declined' }))).toEqual(['shop.payment.declined.v1']);
    expect(await shop.deliver(placed({ token: 'tok_visa' }))).toEqual(['shop.payment.declined.v1']);
    expect(shop.gateway.ledger).toEqual([]);
  });

  test('with another amount fails with ConflictError and keeps the first authorization', async () => {
    for (const confirmation of [[], [confirmed()]]) {
      const shop = payments();
      for (const event of [placed(), ...confirmation]) await shop.deliver(event);
      const ledger = [...shop.gateway.ledger];
      expect(await shop.deliver(placed({ currency: 'USD' }))).toEqual([expect.stringContaining('ConflictError')]);
      expect(await shop.deliver(confirmed({ amount: 11_000 }))).toEqual([expect.stringContaining('ConflictError')]);
      expect(shop.gateway.ledger).toEqual(ledger);
    }
  });

  test('stores no token and no customer', async () => {
    const shop = payments();
    for (const event of [placed(), confirmed()]) await shop.deliver(event);
    expect(JSON.stringify([...shop.records.items.values()])).not.toMatch(/tok_visa|8210|c-7/);
  });

  test('whose authorization lapses before the confirmation publishes payment.declined, with the provider’s code', async () => {
    const shop = payments();
    await shop.deliver(placed({ token: 'tok_lapses' }));
    expect(await shop.deliver(confirmed())).toEqual(['shop.payment.declined.v1']);
    expect(shop.published.at(-1)).toMatchObject({
      id: 'o-1001.declined',
      data: { orderId: 'o-1001', reason: 'authorization_expired' },
    });
    expect(await shop.deliver(cancelled({ reason: 'payment-declined' }))).toEqual([]);
    expect([moves(shop), shop.state()]).toEqual(['authorization', 'voided']);
  });
});

describe('A lost response', () => {
  test('to an authorization or a capture is looked up before the call is made again, also after idempotency keys expired', async () => {
    for (const forgets of [false, true]) {
      const shop = payments();
      for (const event of [placed(), confirmed()]) {
        shop.gateway.losesResponse = once();
        expect(await shop.deliver(event)).toEqual([expect.stringContaining('UnavailableError')]);
        if (forgets) shop.gateway.expireIdempotencyKeys();
        shop.calls.length = 0;
        await shop.deliver(event);
        expect(shop.calls).toEqual(['find']);
      }
      expect([moves(shop), shop.state()]).toEqual(['authorization capture', 'captured']);
    }
  });

  test('to a refund leads to one refund on redelivery, also after idempotency keys expired', async () => {
    for (const forgets of [false, true]) {
      const shop = await inState('refunding, sent');
      if (forgets) shop.gateway.expireIdempotencyKeys();
      expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refunded.v1']);
      expect(shop.gateway.entries('refund', 'o-1001')).toHaveLength(1);
    }
  });

  test('never leads to a second call that moves money where the first one worked', async () => {
    for (const history of ['authorizing, held', 'capturing, taken', 'refunding, sent'] as const) {
      const shop = await inState(history);
      for (const event of eventsOf(history)) await shop.deliver(event);
      expect(shop.calls).not.toEqual(expect.arrayContaining(['authorize']));
      expect(shop.calls).not.toEqual(expect.arrayContaining(['capture']));
      expect(shop.calls).not.toEqual(expect.arrayContaining(['refund']));
    }
  });
});

describe('A cancellation that meets an unfinished payment', () => {
  test('while the gateway is down: nothing is held or taken when it is back, whichever message comes first', async () => {
    for (const back of [
      [cancelled(), placed()],
      [placed(), cancelled()],
      [cancelled(), confirmed(), placed()],
    ]) {
      const shop = payments();
      shop.gateway.down = true;
      for (const event of [placed(), cancelled()])
        expect(await shop.deliver(event)).toEqual([expect.stringContaining('UnavailableError')]);
      shop.gateway.down = false;
      for (const event of back) await shop.deliver(event);
      expect([moves(shop), shop.state(), shop.published]).toEqual(['', 'voided', []]);
    }
  });

  test('of which the answer was lost and `placed` never comes again, brings it to its end alone', async () => {
    for (const [history, end] of [
      ['authorizing, held', 'authorization void'],
      ['capturing, taken', 'authorization capture refund'],
    ] as const) {
      const shop = await inState(history);
      await shop.deliver(cancelled());
      expect(moves(shop)).toBe(end);
      expect(shop.state()).toBe(history === 'authorizing, held' ? 'voided' : 'refunded');
    }
  });

  test('is finished by its own message after each lost answer', async () => {
    const shop = await inState('capturing, taken');
    for (let losses = 1; losses <= 3; losses += 1) {
      let answers = losses;
      shop.gateway.losesResponse = () => --answers === 0;
      await shop.deliver(cancelled());
    }
    shop.gateway.losesResponse = () => false;
    await shop.deliver(cancelled());
    expect([moves(shop), shop.state()]).toEqual(['authorization capture refund', 'refunded']);
  });

  test('by a call that takes effect only after the void: nothing is held or taken under the closed key', async () => {
    for (const [history, event, call] of [
      ['none', placed(), 'authorize'],
      ['authorized', confirmed(), 'capture'],
    ] as const) {
      const shop = await inState(history);
      const original: (...args: never[]) => Promise<unknown> = FakeGateway.prototype[call];
      const hung = Promise.withResolvers<void>();
      Object.assign(shop.gateway, {
        [call]: async (...args: never[]) => {
          await hung.promise;
          return original.apply(shop.gateway, args);
        },
      });
      const late = shop.deliver(event);
      await expect.poll(() => shop.calls).toContain(call);
      await shop.deliver(cancelled());
      const ledger = moves(shop);
      hung.resolve();
      await late;
      expect([moves(shop), shop.state()]).toEqual([ledger, 'voided']);
      expect(ledger).toBe(history === 'none' ? '' : 'authorization void');
    }
  });

  test('refunds what was captured while it came, once', async () => {
    const shop = await inState('authorized');
    const { capture } = FakeGateway.prototype;
    shop.gateway.capture = async (...args) => {
      const answer = await capture.apply(shop.gateway, args);
      await shop.deliver(cancelled());
      return answer;
    };
    expect(await shop.deliver(confirmed())).toEqual(['shop.payment.refunded.v1']);
    expect([moves(shop), shop.state()]).toEqual(['authorization capture refund', 'refunded']);
  });
});

describe('A void that finds a capture', () => {
  test('begins a refund of its own only when it is on record that one is owed', async () => {
    const shop = await inState('capturing, taken');
    const atRefund: unknown[] = [];
    const { refund } = FakeGateway.prototype;
    shop.gateway.refund = (...args) => {
      atRefund.push(shop.state());
      return refund.apply(shop.gateway, args);
    };
    const saves = shop.records.saves;
    await shop.deliver(cancelled());
    expect(atRefund).toEqual(['refunding']);
    // Voiding, refunding, refunded.
    expect(shop.records.saves - saves).toBe(3);
    expect(shop.gateway.entries('refund', 'o-1001')).toEqual([
      { kind: 'refund', orderId: 'o-1001', refundId: 'cancel', money: MONEY },
    ]);
  });

  test('without a record refunds what the gateway tells, also where the order then comes again', async () => {
    const shop = await inState('captured');
    shop.records.items.clear();
    expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refunded.v1']);
    expect(await shop.deliver(placed())).toEqual(['shop.payment.refunded.v1']);
    expect([moves(shop), shop.record()?.money]).toEqual(['authorization capture refund', MONEY]);
    expect(shop.record()).not.toHaveProperty('expiresAt');
  });
});

describe('A cancellation before its order', () => {
  test('is a tombstone with an expiry, made by a call to void, and the order then changes nothing', async () => {
    const shop = payments();
    expect(await shop.deliver(cancelled())).toEqual([]);
    expect(shop.calls).toEqual(['void']);
    const expiresAt = Math.floor(NOW.getTime() / 1000) + TOMBSTONE_DAYS * 86_400;
    expect(shop.record()).toMatchObject({ state: 'voided', expiresAt });
    for (const id of ['one', 'another']) expect(await shop.deliver(placed({ id }))).toEqual([]);
    expect([shop.calls, moves(shop), shop.state()]).toEqual([['void'], '', 'voided']);
    // The order has come: its record stays.
    expect(shop.record()).not.toHaveProperty('expiresAt');
  });

  test('whose void has no answer yet is voided by the order too', async () => {
    const shop = payments();
    shop.gateway.down = true;
    await shop.deliver(cancelled());
    await shop.deliver(placed());
    shop.gateway.down = false;
    expect(await shop.deliver(placed())).toEqual([]);
    expect([shop.calls, moves(shop), shop.state()]).toEqual([['void', 'void', 'void'], '', 'voided']);
  });

  test('refunds what the checkout captured, and voids by its reference what the checkout authorized', async () => {
    const known: unknown[] = [];
    for (const payment of [CAPTURED, AUTHORIZED]) {
      const shop = payments();
      await shop.deliver(cancelled());
      const original = shop.gateway.void;
      shop.gateway.void = (orderId, what, fence) => {
        known.push(what);
        return original.call(shop.gateway, orderId, what, fence);
      };
      await shop.deliver(placed({ payment }));
      expect(shop.state()).toBe(payment === CAPTURED ? 'refunded' : 'voided');
      expect(moves(shop)).toBe(payment === CAPTURED ? 'refund' : '');
    }
    expect(known).toMatchObject([{ money: MONEY, reference: 'pi_held' }]);
  });

  test('that let go of an authorization which the table had forgotten says so when the order comes again', async () => {
    const shop = await inState('authorized');
    shop.records.items.clear();
    expect(await shop.deliver(cancelled())).toEqual([]);
    expect(moves(shop)).toBe('authorization void');
    for (const id of ['one', 'another']) expect(await shop.deliver(placed({ id }))).toEqual(['shop.payment.voided.v1']);
  });
});

describe('Two deliveries that get different answers', () => {
  const recordIn = (state: State): Payment => ({
    orderId: 'o-1001',
    version: 1,
    state,
    money: MONEY,
    method: { kind: 'token' },
    time: NOW.toISOString(),
  });

  /** Delivers an event twice: one call is refused, the other, which hangs meanwhile, works. Returns what was published. */
  async function deliverTwice(shop: Shop, event: PaymentInput, call: 'authorize' | 'capture', refusal: object) {
    const original: (...args: never[]) => Promise<unknown> = FakeGateway.prototype[call];
    const hung = Promise.withResolvers<void>();
    let calls = 0;
    Object.assign(shop.gateway, {
      [call]: async (...args: never[]) => {
        calls += 1;
        if (calls === 1) return refusal;
        await hung.promise;
        return original.apply(shop.gateway, args);
      },
    });
    const first = shop.deliver(event);
    const second = shop.deliver({ ...event, id: 'another message' });
    const published = [await first];
    hung.resolve();
    return [...published, await second].map(shortTypes);
  }

  test('never hold the money of an order that was declined to one and authorized to the other', async () => {
    const shop = payments();
    shop.records.items.set('o-1001', recordIn('authorizing'));
    const refusal = { kind: 'declined', reason: 'insufficient_funds' };
    expect(await deliverTwice(shop, placed(), 'authorize', refusal)).toEqual(['declined', 'voided']);
    await shop.deliver(cancelled({ reason: 'payment-declined' }));
    expect([moves(shop), shop.state()]).toEqual(['authorization void', 'voided']);
  });

  test('never keep the money of an order whose capture lapsed for one and worked for the other', async () => {
    const shop = await inState('capturing');
    const refusal = { kind: 'lapsed', reason: 'authorization_expired' };
    expect(await deliverTwice(shop, confirmed(), 'capture', refusal)).toEqual(['declined', 'refunded']);
    await shop.deliver(cancelled({ reason: 'payment-declined' }));
    expect([moves(shop), shop.state()]).toEqual(['authorization capture refund', 'refunded']);
  });
});

describe('A refund that the provider refuses for ever', () => {
  test('is due from a person, with the provider’s code, and after that nobody calls', async () => {
    const shop = await inState('captured');
    shop.gateway.refusesRefunds = () => true;
    expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refund-due.v1']);
    expect(shop.published.at(-1)).toMatchObject({
      id: 'o-1001.refund-due',
      data: { orderId: 'o-1001', ...MONEY, reason: 'charge_disputed' },
    });
    expect(shop.record()).toMatchObject({
      state: 'refund-due',
      refundDue: 'due',
      refunds: [{ state: 'due', amount: 12_000, reason: 'charge_disputed' }],
    });
    shop.calls.length = 0;
    for (const event of [cancelled(), confirmed(), placed(), cancelled({ id: 'another message' })])
      expect(await shop.deliver(event)).toEqual(['shop.payment.refund-due.v1']);
    expect(shop.calls).toEqual([]);
  });

  test('is not due where another delivery’s call had sent it: the gateway is asked once more', async () => {
    const shop = await inState('captured');
    shop.gateway.refund = async () => {
      await FakeGateway.prototype.refund.call(shop.gateway, 'o-1001', 'cancel', MONEY, {}, openFence);
      return { kind: 'refused', reason: 'charge_already_refunded' };
    };
    expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refunded.v1']);
    expect([shop.calls, shop.state()]).toEqual([['find', 'refund', 'find'], 'refunded']);
  });

  test('is not due any more where another delivery’s call sends it after all', async () => {
    const shop = await inState('refunding');
    const hung = Promise.withResolvers<void>();
    const { refund } = FakeGateway.prototype;
    let calls = 0;
    shop.gateway.refund = async (...args) => {
      calls += 1;
      if (calls > 1) return { kind: 'refused', reason: 'charge_disputed' };
      await hung.promise;
      return refund.apply(shop.gateway, args);
    };
    const first = shop.deliver(cancelled());
    expect(await shop.deliver(cancelled({ id: 'another message' }))).toEqual(['shop.payment.refund-due.v1']);
    hung.resolve();
    expect(await first).toEqual(['shop.payment.refunded.v1']);
    expect(shop.record()).not.toHaveProperty('refundDue');
    expect(shop.gateway.entries('refund', 'o-1001')).toHaveLength(1);
  });
});

describe('A payments table that was put back', () => {
  test('to before the order: a confirmation captures what the gateway holds, by token or by reference', async () => {
    for (const payment of [{ token: 'tok_visa' }, AUTHORIZED]) {
      const shop = payments();
      await shop.deliver(placed({ payment }));
      shop.records.items.clear();
      shop.calls.length = 0;
      expect(await shop.deliver(confirmed({ payment }))).toEqual(['shop.payment.captured.v1']);
      expect([shop.calls, moves(shop)]).toEqual([['find', 'capture'], 'authorization capture']);
      expect(await shop.deliver(placed({ payment }))).toEqual(['shop.payment.captured.v1']);
    }
  });

  test('to before the capture: the confirmation takes nothing again', async () => {
    for (const before of ['none', 'authorized', 'authorizing'] as const) {
      const shop = await inState('captured');
      await putBack(shop, before);
      shop.gateway.expireIdempotencyKeys();
      expect(await shop.deliver(confirmed())).toEqual(['shop.payment.captured.v1']);
      expect(moves(shop)).toBe('authorization capture');
    }
  });

  test('to before the answer to placed: the order is found captured', async () => {
    const shop = await inState('captured');
    await putBack(shop, 'authorizing');
    expect(await shop.deliver(placed())).toEqual(['shop.payment.captured.v1']);
    expect(moves(shop)).toBe('authorization capture');
  });

  test('to before a refund: the gateway is asked, and nothing is sent back twice', async () => {
    for (const before of ['captured', 'capturing', 'none'] as const) {
      const shop = await inState('refunded');
      await putBack(shop, before);
      shop.gateway.expireIdempotencyKeys();
      expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refunded.v1']);
      expect(moves(shop)).toBe('authorization capture refund');
    }
  });

  test('says that it does not know since when the gateway may hold something', async () => {
    const asked: object[] = [];
    for (const event of [confirmed(), cancelled()]) {
      const shop = payments();
      for (const call of ['find', 'void'] as const) {
        const original: (...args: never[]) => Promise<unknown> = FakeGateway.prototype[call];
        Object.assign(shop.gateway, {
          [call]: (...args: never[]) => {
            asked.push(args[1] ?? {});
            return original.apply(shop.gateway, args);
          },
        });
      }
      await shop.deliver(event);
    }
    expect(asked).toHaveLength(2);
    for (const known of asked) expect(known).not.toHaveProperty('since');
  });
});

test('Every call that moves money is on record before it is made', async () => {
  const shop = payments();
  const states: string[] = [];
  for (const call of ['authorize', 'capture', 'void', 'refund'] as const) {
    const original: (...args: never[]) => Promise<unknown> = FakeGateway.prototype[call];
    Object.assign(shop.gateway, {
      [call]: async (...args: never[]) => {
        states.push(`${call} in ${shop.state()}`);
        await original.apply(shop.gateway, args);
        throw new UnavailableError('The payment gateway did not answer within 10 s');
      },
    });
    for (const event of {
      authorize: [placed()],
      capture: [placed(), confirmed()],
      void: [cancelled()],
      refund: [cancelled()],
    }[call]) {
      Object.assign(shop.gateway, call === 'refund' ? { void: FakeGateway.prototype.void } : {});
      await shop.deliver(event);
    }
  }
  expect(states).toEqual([
    'authorize in authorizing',
    'capture in capturing',
    'void in voiding',
    'refund in refunding',
  ]);
  expect(shop.record()).toMatchObject({ since: NOW.toISOString() });
});
