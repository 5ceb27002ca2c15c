import { describe, expect, test } from 'vitest';
import {
  needsPayment,
  type OrderCancelled,
  type OrderPlaced,
  type Payment,
  samePayment,
} from '../../../contracts/order.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import { paymentRefundDue } from '../../../contracts/payment.ts';
import { failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';
import { cancelled, paymentReceived, placed, priced } from '../../builders/events.ts';
import { payments } from '../../builders/payments.ts';

const MONEY = { amount: 12_000, currency: 'KRW' };
const AWAITED: Payment = { kind: 'awaited' };
const ON_DELIVERY: Payment = { kind: 'on-delivery' };
const CAPTURED: Payment = { kind: 'captured', reference: 'pi_checkout' };
const AUTHORIZED: Payment = { kind: 'authorized', reference: 'pi_held' };

const kept = ({ gateway }: ReturnType<typeof payments>) =>
  gateway.ledger.map(({ kind, reference }) => `${kind} ${reference ?? ''}`.trim());

describe('A payment that the checkout captured', () => {
  test('is an outcome at once, without a call to the gateway', async () => {
    const shop = payments();
    for (let delivery = 1; delivery <= 2; delivery += 1)
      expect(await shop.deliver(placed({ payment: CAPTURED }))).toEqual(['shop.payment.captured.v1']);
    expect([shop.gateway.calls, shop.records.loads, shop.records.saves]).toEqual([0, 0, 2]);
    expect(shop.record()).toMatchObject({ state: 'captured', money: MONEY, reference: 'pi_checkout' });
  });

  test('is refunded by its reference when the order is cancelled, before or after it was placed', async () => {
    for (const events of [
      [placed({ payment: CAPTURED }), cancelled()],
      [cancelled(), placed({ payment: CAPTURED })],
    ]) {
      const shop = payments();
      for (const event of events) await shop.deliver(event);
      expect(kept(shop)).toEqual(['refund pi_checkout']);
      expect(shop.state()).toBe('refunded');
      expect(shop.published.at(-1)).toMatchObject({ type: 'shop.payment.refunded.v1', data: MONEY });
    }
  });
});

describe('A payment that the checkout authorized', () => {
  test('is captured by its reference, once', async () => {
    const shop = payments();
    for (let delivery = 1; delivery <= 2; delivery += 1)
      expect(await shop.deliver(placed({ payment: AUTHORIZED }))).toEqual(['shop.payment.captured.v1']);
    expect(kept(shop)).toEqual(['capture pi_held']);
  });

  test('is refunded by its reference when the order is cancelled, and never captured when it is cancelled first', async () => {
    const shop = payments();
    await shop.deliver(placed({ payment: AUTHORIZED }));
    await shop.deliver(cancelled());
    expect(kept(shop)).toEqual(['capture pi_held', 'refund pi_held']);
    const first = payments();
    await first.deliver(cancelled());
    await first.deliver(placed({ payment: AUTHORIZED }));
    expect([kept(first), first.state()]).toEqual([[], 'cancelled']);
  });

  test('that has lapsed is a decline', async () => {
    const shop = payments();
    const lapsed = placed({ payment: { kind: 'authorized', reference: 'auth_lapsed' } });
    expect(await shop.deliver(lapsed)).toEqual(['shop.payment.declined.v1']);
  });

  test('is looked up by its reference after a lost response', async () => {
    const shop = payments();
    let losses = 1;
    shop.gateway.losesResponse = () => losses-- > 0;
    await shop.deliver(placed({ payment: AUTHORIZED }));
    shop.gateway.expireIdempotencyKeys();
    expect(await shop.deliver(placed({ payment: AUTHORIZED }))).toEqual(['shop.payment.captured.v1']);
    expect(kept(shop)).toEqual(['capture pi_held']);
  });
});

describe('A payment on delivery', () => {
  test('is no outcome, and nothing is charged', async () => {
    const shop = payments();
    expect(await shop.deliver(placed({ payment: ON_DELIVERY }))).toEqual([]);
    expect([shop.gateway.calls, shop.state()]).toEqual([0, 'on-delivery']);
  });

  test('that is reported is noted, and due back when the order is cancelled', async () => {
    const shop = payments();
    await shop.deliver(placed({ payment: ON_DELIVERY }));
    expect(await shop.deliver(paymentReceived({ reference: 'courier 7' }))).toEqual([]);
    expect(shop.record()).toMatchObject({ state: 'on-delivery', received: true, reference: 'courier 7' });
    expect(await shop.deliver(cancelled())).toEqual(['shop.payment.refund-due.v1']);
    expect(kept(shop)).toEqual([]);
  });

  test('that is not reported is nothing to send back', async () => {
    const shop = payments();
    await shop.deliver(placed({ payment: ON_DELIVERY }));
    expect(await shop.deliver(cancelled())).toEqual([]);
    expect(shop.state()).toBe('cancelled');
  });
});

describe('An order that costs nothing', () => {
  test.each([AWAITED, CAPTURED, AUTHORIZED, ON_DELIVERY, { token: 'tok_visa' }])(
    'needs no payment and makes none, whatever its payment says: %j',
    async (payment) => {
      const shop = payments();
      const items = [priced('GIFT', 1, 0)];
      const free = placed({ payment, items });
      const again = placed({ payment: { token: 'tok_2' }, items });
      for (const event of [free, again, cancelled(), cancelled()]) expect(await shop.deliver(event)).toEqual([]);
      expect([shop.gateway.calls, shop.state()]).toEqual([0, 'not-needed']);
    },
  );
});

test.each([AWAITED, CAPTURED, AUTHORIZED, ON_DELIVERY, { token: 'tok_visa' }])(
  'An outcome is published at once or later exactly where the order waits for one: %j',
  async (payment) => {
    for (const unitPrice of [0, 12_000]) {
      const order = placed({ payment, items: [priced('GIFT', 1, unitPrice)] });
      const shop = payments();
      await shop.deliver(order);
      if (shop.state() === 'awaiting') await shop.deliver(paymentReceived({ amount: unitPrice }));
      expect(shop.published.length > 0).toBe(needsPayment(order.data));
    }
  },
);

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
      expect(failures).toEqual([expect.stringContaining('OutOfSequenceError: A payment of order o-1001 was reported')]);
    }
    const error = Object.assign(new Error(), { name: 'OutOfSequenceError' });
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
