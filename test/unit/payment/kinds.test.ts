import { describe, expect, test } from 'vitest';
import { type OrderCancelled, type OrderPlaced, type Payment, samePayment } from '../../../contracts/order.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import { paymentRefundDue } from '../../../contracts/payment.ts';
import { failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';
import { cancelled, confirmed, paymentReceived, placed, priced } from '../../builders/events.ts';
import { once, payments } from '../../builders/payments.ts';

const MONEY = { amount: 12_000, currency: 'KRW' };
const AWAITED: Payment = { kind: 'awaited' };
const ON_DELIVERY: Payment = { kind: 'on-delivery' };
const CAPTURED: Payment = { kind: 'captured', reference: 'pi_checkout' };
const AUTHORIZED: Payment = { kind: 'authorized', reference: 'pi_held' };
const TOKEN: Payment = { token: 'tok_visa' };
const KINDS = [TOKEN, AUTHORIZED, CAPTURED, AWAITED, ON_DELIVERY];

type Shop = ReturnType<typeof payments>;

const kept = ({ gateway }: Shop) => gateway.ledger.map(({ kind, reference }) => `${kind} ${reference ?? ''}`.trim());

type Heard = 'placed' | 'confirmed' | 'cancelled' | 'received';

/** Returns every sequence of every choice of messages. */
function sequences(all: readonly Heard[]): Heard[][] {
  return [[], ...all.flatMap((one) => sequences(all.filter((other) => other !== one)).map((rest) => [one, ...rest]))];
}

/** Delivers messages in sequence; a report that comes before its order is delivered again in the end. */
async function hear(shop: Shop, heard: readonly Heard[], payment: Payment, unitPrice = 12_000): Promise<void> {
  const items = [priced('KB-01', 1, unitPrice)];
  const events = {
    placed: placed({ payment, items }),
    confirmed: confirmed({ amount: unitPrice, ...(unitPrice > 0 ? { payment } : {}) }),
    cancelled: cancelled(),
    received: paymentReceived(),
  };
  const early: Heard[] = [];
  for (const one of heard) {
    const [failure = ''] = await shop.deliver(events[one]);
    if (failure.includes('WaitingError')) early.push(one);
    else expect(failure).not.toContain('failed');
  }
  for (const one of early) await shop.deliver(events[one]);
}

const isBefore = (heard: readonly Heard[], one: Heard, other: Heard) =>
  heard.includes(one) && (!heard.includes(other) || heard.indexOf(one) < heard.indexOf(other));

/** What a sequence must lead to, by kind: the state, and the movements of money. Written from the protocol, not from the code. */
const ENDS = {
  token: (heard: readonly Heard[]) => {
    if (heard.length === 0) return 'nothing';
    // Only a table that was put back hears of a confirmation first; here the gateway holds nothing.
    if (heard[0] === 'confirmed') return heard.includes('cancelled') ? 'voided' : 'lapsed';
    if (heard[0] === 'cancelled') return 'voided';
    if (isBefore(heard, 'confirmed', 'cancelled'))
      return heard.includes('cancelled') ? 'refunded: authorization capture refund' : 'captured: authorization capture';
    return heard.includes('cancelled') ? 'voided: authorization void' : 'authorized: authorization';
  },
  captured: (heard: readonly Heard[]) => {
    const isKnown = heard.includes('placed') || isBefore(heard, 'confirmed', 'cancelled');
    if (!heard.includes('cancelled')) return isKnown ? 'captured' : 'nothing';
    return isKnown ? 'refunded: refund' : 'voided';
  },
  awaited: (heard: readonly Heard[]) => {
    // An order that is confirmed was paid.
    const isPaid = heard.includes('received') || isBefore(heard, 'confirmed', 'cancelled');
    if (heard.includes('cancelled')) return isPaid ? 'refund-due' : 'voided';
    return isPaid ? 'captured' : 'awaiting';
  },
  'on-delivery': (heard: readonly Heard[]) => {
    if (heard.includes('cancelled')) return heard.includes('received') ? 'refund-due' : 'voided';
    return 'authorized';
  },
};

const endOf = (shop: Shop) => {
  const moves = shop.gateway.ledger.map(({ kind }) => kind).join(' ');
  return `${shop.state() ?? 'nothing'}${moves === '' ? '' : `: ${moves}`}`;
};

describe('Whatever is heard of an order in whatever sequence', () => {
  test.each<[Payment, keyof typeof ENDS]>([
    [TOKEN, 'token'],
    [AUTHORIZED, 'token'],
    [CAPTURED, 'captured'],
  ])('a payment ends as the protocol says: %j', async (payment, ends) => {
    const all = sequences(['placed', 'confirmed', 'cancelled']);
    expect(all).toHaveLength(16);
    for (const heard of all) {
      const shop = payments();
      await hear(shop, heard, payment);
      expect([heard, endOf(shop)]).toEqual([heard, ENDS[ends](heard)]);
      const reference = 'reference' in payment ? payment.reference : undefined;
      for (const entry of shop.gateway.ledger)
        expect(entry).toMatchObject({ money: MONEY, ...(reference && { reference }) });
    }
  });

  test.each<[Payment, keyof typeof ENDS]>([
    [AWAITED, 'awaited'],
    [ON_DELIVERY, 'on-delivery'],
  ])('a payment that is reported ends as the protocol says: %j', async (payment, ends) => {
    const all = sequences(['placed', 'confirmed', 'cancelled', 'received']).filter((heard) => heard.includes('placed'));
    expect(all).toHaveLength(49);
    for (const heard of all) {
      const shop = payments();
      await hear(shop, heard, payment);
      expect([heard, endOf(shop)]).toEqual([heard, ENDS[ends](heard)]);
    }
  });

  test.each(KINDS)('an order that costs nothing makes no payment: %j', async (payment) => {
    for (const heard of sequences(['placed', 'confirmed', 'cancelled'])) {
      const shop = payments();
      await hear(shop, heard, payment, 0);
      const end = heard.includes('cancelled') ? 'voided' : heard.length === 0 ? 'nothing' : 'authorized';
      expect([heard, endOf(shop)]).toEqual([heard, end]);
      // Whoever hears of the cancellation first cannot know that nothing is to pay.
      expect(shop.calls).toEqual(heard[0] === 'cancelled' ? ['void'] : []);
    }
  });

  test.each(KINDS)(
    'hearing all of it again changes nothing, and publishes nothing under a used id: %j',
    async (payment) => {
      const isReported = payment.kind === 'awaited' || payment.kind === 'on-delivery';
      const heardOf: Heard[] = ['placed', 'confirmed', 'cancelled', ...(isReported ? (['received'] as const) : [])];
      for (const heard of sequences(heardOf).filter((one) => one.length === heardOf.length)) {
        const shop = payments();
        await hear(shop, heard, payment);
        const end = endOf(shop);
        await hear(shop, heard.toReversed(), payment);
        expect([heard, endOf(shop)]).toEqual([heard, end]);
        for (const same of Map.groupBy(shop.published, ({ id }) => id).values())
          expect(new Set(same.map(({ time, type, data }) => JSON.stringify([time, type, data]))).size).toBe(1);
      }
    },
  );
});

describe('The outcome that an order waits for', () => {
  test.each<[Payment, string]>([
    [TOKEN, 'authorized'],
    [AUTHORIZED, 'authorized'],
    [CAPTURED, 'captured'],
    [ON_DELIVERY, 'authorized'],
  ])('of %j is %s at once, and again on redelivery', async (payment, outcome) => {
    const shop = payments();
    for (let delivery = 1; delivery <= 2; delivery += 1)
      expect(await shop.deliver(placed({ payment }))).toEqual([`shop.payment.${outcome}.v1`]);
    expect(shop.published[0]).toMatchObject({ id: `o-1001.${outcome}`, data: { orderId: 'o-1001', ...MONEY } });
  });

  test.each(KINDS)(
    'of an order that costs nothing is authorized at once, also paid by another token: %j',
    async (payment) => {
      const shop = payments();
      const items = [priced('GIFT', 1, 0)];
      for (const order of [placed({ payment, items }), placed({ payment: { token: 'tok_2' }, items })])
        expect(await shop.deliver(order)).toEqual(['shop.payment.authorized.v1']);
      expect([shop.calls, shop.published[0]?.data]).toEqual([[], { orderId: 'o-1001', amount: 0, currency: 'KRW' }]);
    },
  );
});

test.each<[Payment, number]>([
  [TOKEN, 0],
  [ON_DELIVERY, 12_000],
])(
  'Nothing follows from the confirmation of an order that the gateway has no part in: %j',
  async (payment, unitPrice) => {
    const shop = payments();
    await hear(shop, ['placed'], payment, unitPrice);
    shop.published.length = 0;
    await hear(shop, ['confirmed'], payment, unitPrice);
    expect([shop.calls, shop.published, shop.state()]).toEqual([[], [], 'authorized']);
  },
);

describe('A payment that the checkout captured', () => {
  test('is captured from the start, without a call to the gateway, also when it is confirmed', async () => {
    const shop = payments();
    for (const event of [placed({ payment: CAPTURED }), confirmed({ payment: CAPTURED })]) await shop.deliver(event);
    expect(shop.gateway.calls).toBe(0);
    expect(shop.record()).toMatchObject({ state: 'captured', money: MONEY, reference: 'pi_checkout' });
  });

  test('whose refund has no answer yet is refunded once, by whichever message comes next', async () => {
    for (const next of [cancelled(), placed({ payment: CAPTURED }), confirmed({ payment: CAPTURED })]) {
      const shop = payments();
      await shop.deliver(placed({ payment: CAPTURED }));
      shop.gateway.down = true;
      await shop.deliver(cancelled());
      shop.gateway.down = false;
      expect(await shop.deliver(next)).toEqual(['shop.payment.refunded.v1']);
      expect(kept(shop)).toEqual(['refund pi_checkout']);
    }
  });
});

describe('A payment that the checkout authorized', () => {
  test('is checked when the order is placed, and captured by its reference when it is confirmed', async () => {
    const shop = payments();
    await shop.deliver(placed({ payment: AUTHORIZED }));
    expect(kept(shop)).toEqual(['authorization pi_held']);
    expect(await shop.deliver(confirmed())).toEqual(['shop.payment.captured.v1']);
    expect(kept(shop)).toEqual(['authorization pi_held', 'capture pi_held']);
  });

  test('that has lapsed before the order is placed is a decline', async () => {
    const shop = payments();
    const lapsed = placed({ payment: { kind: 'authorized', reference: 'auth_lapsed' } });
    expect(await shop.deliver(lapsed)).toEqual(['shop.payment.declined.v1']);
  });

  test('is looked up by its reference after a lost response', async () => {
    const shop = payments();
    shop.gateway.losesResponse = once();
    await shop.deliver(placed({ payment: AUTHORIZED }));
    shop.gateway.expireIdempotencyKeys();
    expect(await shop.deliver(placed({ payment: AUTHORIZED }))).toEqual(['shop.payment.authorized.v1']);
    expect(kept(shop)).toEqual(['authorization pi_held']);
  });
});

describe('A payment on delivery', () => {
  test('that is reported is noted, and due back when the order is cancelled', async () => {
    const shop = payments();
    await shop.deliver(placed({ payment: ON_DELIVERY }));
    expect(await shop.deliver(paymentReceived({ reference: 'courier 7' }))).toEqual([]);
    expect(shop.record()).toMatchObject({ state: 'authorized', received: true, reference: 'courier 7' });
    expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refund-due.v1']);
    expect(kept(shop)).toEqual([]);
  });
});

describe('An awaited payment', () => {
  test('waits without an outcome until it is received', async () => {
    const shop = payments();
    expect(await shop.deliver(placed({ payment: AWAITED }))).toEqual([]);
    expect(shop.state()).toBe('awaiting');
    expect(await shop.deliver(paymentReceived({ reference: 'transfer 1' }))).toEqual(['shop.payment.captured.v1']);
    expect(shop.published).toMatchObject([{ id: 'o-1001.captured', data: { orderId: 'o-1001', ...MONEY } }]);
    expect(shop.record()).toMatchObject({ state: 'captured', reference: 'transfer 1' });
    expect(shop.gateway.calls).toBe(0);
  });

  test('that is reported before its order waits for it, as long as in an outage, also when the order is cancelled first', async () => {
    const shop = payments();
    for (const event of [paymentReceived(), cancelled(), paymentReceived()]) {
      const failures = await shop.deliver(event);
      if (event.type !== 'shop.payment.received.v1') continue;
      expect(failures).toEqual([expect.stringContaining('WaitingError: A payment of order o-1001 was reported')]);
    }
    const error = Object.assign(new Error(), { name: 'WaitingError' });
    expect(failureActionFor(error)).toMatchObject({ action: 'retry', maxSeconds: 900 });
    await shop.deliver(placed({ payment: AWAITED }));
    expect(await shop.deliver(paymentReceived())).toEqual(['shop.payment.refund-due.v1']);
  });

  test('that is reported twice counts once, under whichever message', async () => {
    const shop = payments();
    await shop.deliver(placed({ payment: AWAITED }));
    for (const id of ['a', 'b', 'b']) {
      expect(await shop.deliver(paymentReceived({ id, reference: 'transfer 1' }))).toEqual([
        'shop.payment.captured.v1',
      ]);
    }
    expect(new Set(shop.published.map((event) => JSON.stringify(event))).size).toBe(1);
    expect(shop.records.saves).toBe(2);
  });

  test('of which a second one arrives is a conflict that a person has to see', async () => {
    const shop = payments();
    await shop.deliver(placed({ payment: AWAITED }));
    await shop.deliver(paymentReceived({ reference: 'transfer 1' }));
    expect(await shop.deliver(paymentReceived({ reference: 'transfer 2' }))).toEqual([
      'failed: ConflictError: Order o-1001 was paid before, under another reference',
    ]);
  });

  test.each([
    ['less', { amount: 11_999 }, '11999 KRW'],
    ['more', { amount: 12_001 }, '12001 KRW'],
    ['another currency', { currency: 'EUR' }, '12000 EUR'],
  ])('of %s is a dead letter with a sentence and confirms nothing', async (_, other, said) => {
    const shop = payments();
    await shop.deliver(placed({ payment: AWAITED }));
    expect(await shop.deliver(paymentReceived(other))).toEqual([
      `failed: ConflictError: Order o-1001 costs 12000 KRW (minor units), but a payment of ${said} was reported`,
    ]);
    expect([shop.state(), shop.published]).toEqual(['awaiting', []]);
    const error = Object.assign(new Error(), { name: 'ConflictError' });
    expect(failureActionFor(error).action).toBe('dead-letter');
  });

  test('is due back when the order is cancelled, with the reason and the reference, under the same id on every delivery', async () => {
    const shop = payments();
    await shop.deliver(placed({ payment: AWAITED }));
    await shop.deliver(paymentReceived({ reference: 'transfer 1' }));
    shop.published.length = 0;
    await shop.deliver(cancelled({ reason: 'out-of-stock' }));
    for (const event of [cancelled({ reason: 'customer' }), paymentReceived(), placed({ payment: AWAITED })])
      expect(await shop.deliver(event)).toEqual(['shop.payment.refund-due.v1']);
    expect(new Set(shop.published.map((event) => JSON.stringify(event))).size).toBe(1);
    expect(parseEvent(JSON.stringify(shop.published[0]), [paymentRefundDue])).toMatchObject({
      id: 'o-1001.refund-due',
      data: { orderId: 'o-1001', ...MONEY, reference: 'transfer 1', reason: 'out-of-stock' },
    });
    expect(shop.record()).toMatchObject({ state: 'refund-due', refundDue: 'due' });
  });

  test('that comes after the cancellation is due back', async () => {
    const shop = payments();
    await shop.deliver(placed({ payment: AWAITED }));
    expect(await shop.deliver(cancelled({ reason: 'timed-out' }))).toEqual([]);
    expect(await shop.deliver(paymentReceived())).toEqual(['shop.payment.refund-due.v1']);
    expect(shop.published).toMatchObject([{ data: { ...MONEY, reason: 'received-after-cancellation' } }]);
  });

  test('is in the index of due refunds only while it is due back', async () => {
    const shop = payments();
    await shop.deliver(placed({ payment: AWAITED }));
    await shop.deliver(paymentReceived());
    expect(shop.record()).not.toHaveProperty('refundDue');
  });
});

describe('A reported payment of an order that is paid otherwise', () => {
  test.each<[Payment, string]>([
    [{ token: 'tok_visa' }, 'token'],
    [CAPTURED, 'captured'],
    [AUTHORIZED, 'authorized'],
  ])('is a dead letter with a sentence: %j', async (payment, kind) => {
    for (const isCancelled of [false, true]) {
      const shop = payments();
      await shop.deliver(placed({ payment }));
      if (isCancelled) await shop.deliver(cancelled());
      const before = shop.record();
      expect(await shop.deliver(paymentReceived())).toEqual([
        `failed: ConflictError: Order o-1001 is paid by ${kind}, but another payment was reported`,
      ]);
      expect(shop.record()).toEqual(before);
    }
  });

  test('is one where there is nothing to pay', async () => {
    const shop = payments();
    await shop.deliver(placed({ payment: AWAITED, items: [priced('GIFT', 1, 0)] }));
    expect(await shop.deliver(paymentReceived({ amount: 0 }))).toEqual([
      'failed: ConflictError: Order o-1001 has nothing to pay, but a payment was reported',
    ]);
  });
});

describe('The same order with another payment', () => {
  const kinds: Payment[] = [{ token: 'tok_visa' }, CAPTURED, AUTHORIZED, ON_DELIVERY, AWAITED];
  const pairs = kinds.flatMap((one) => kinds.map((other): [Payment, Payment] => [one, other]));

  test.each(pairs)('%j, then %j, is a conflict in data.payment exactly where the kinds differ', async (one, other) => {
    for (const history of [[], [cancelled()]] as (OrderCancelled | OrderPlaced)[][]) {
      const shop = payments();
      for (const event of [placed({ payment: one }), ...history]) await shop.deliver(event);
      const ledger = [...shop.gateway.ledger];
      const failure = await shop.deliver(placed({ id: 'again', payment: other }));
      const isConflict = failure.includes(
        'failed: ConflictError: Order o-1001 was already placed with another payment',
      );
      expect(isConflict).toBe(one !== other);
      expect(shop.gateway.ledger).toEqual(ledger);
    }
  });

  test.each<[Payment, Payment, boolean]>([
    [{ token: 'tok_1' }, { token: 'tok_2' }, true],
    [{ token: 'tok_1' }, { kind: 'token', token: 'tok_2' }, true],
    [CAPTURED, { kind: 'captured', reference: 'pi_other' }, false],
    [AUTHORIZED, { kind: 'authorized', reference: 'pi_other' }, false],
    [AUTHORIZED, { kind: 'captured', reference: 'pi_held' }, false],
    [AWAITED, { kind: 'awaited', until: '2026-12-01T00:00:00Z' }, true],
  ])('%j and %j are the same: %j', (one, other, same) => {
    expect([samePayment(one, other), samePayment(other, one)]).toEqual([same, same]);
    expect([samePayment(one, undefined), samePayment(undefined, undefined)]).toEqual([false, true]);
  });
});
