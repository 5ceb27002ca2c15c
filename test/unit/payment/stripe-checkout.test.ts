import { describe, expect, test } from 'vitest';
import { openFence } from '../../../lambdas/runtime/fence.ts';
import { STRIPE_MONEY, stripePayments } from '../../builders/stripe-payments.ts';
import type { StripeFault } from '../../builders/stripe-server.ts';

const held = async () => {
  const payments = await stripePayments();
  payments.server.fromCheckout('pi_held', { status: 'requires_capture' });
  return payments;
};

describe('An authorization of the checkout', () => {
  test('is checked and tagged with its order, and takes nothing', async () => {
    const { server, claim, calls } = await held();
    expect(await claim()).toEqual({ kind: 'authorized', reference: 'pi_held' });
    expect(await claim()).toEqual({ kind: 'authorized', reference: 'pi_held' });
    expect(calls()).toEqual([
      'GET payment_intents/pi_held',
      'POST payment_intents/pi_held',
      'GET payment_intents/pi_held',
    ]);
    expect(server.intents.get('pi_held').metadata).toEqual({ order: 'Shop-prod/o-1', orderId: 'o-1' });
    expect(server.ledger).toEqual([]);
  });

  test('of more than the total is captured with the total', async () => {
    const { server, claim, capture } = await stripePayments();
    server.fromCheckout('pi_held', { status: 'requires_capture', amount: 15_000 });
    await claim();
    expect(await capture({ reference: 'pi_held' })).toEqual({ kind: 'captured', reference: 'pi_held' });
    expect(server.ledger).toMatchObject([{ kind: 'capture', amount: 12_000 }]);
  });

  test('is captured once, also where the record forgot that it was claimed, and after idempotency keys expired', async () => {
    const { server, capture, find } = await held();
    await capture({ reference: 'pi_held' });
    expect(await capture({ reference: 'pi_held' })).toEqual({ kind: 'captured', reference: 'pi_held' });
    server.expireIdempotencyKeys();
    expect(await find({ reference: 'pi_held' })).toMatchObject({ state: 'captured' });
    expect(await capture({ reference: 'pi_held' })).toEqual({ kind: 'captured', reference: 'pi_held' });
    expect(server.ledger).toHaveLength(1);
  });

  test.each<StripeFault>(['lost', 'late', 'broken', 'failed', 'overloaded', 'limited'])(
    'whose capture has an unknown outcome (%s) is captured once',
    async (fault) => {
      const { server, claim, capture, injectOnce } = await held();
      await claim();
      injectOnce('/capture', fault);
      await capture({ reference: 'pi_held' }).catch(() => {});
      expect(await capture({ reference: 'pi_held' })).toMatchObject({ kind: 'captured' });
      server.arriveLate();
      expect(server.ledger).toHaveLength(1);
    },
  );

  test.each([
    ['was cancelled', { status: 'canceled', cancellation_reason: 'abandoned' }, 'authorization_abandoned'],
    ['has lapsed', { status: 'canceled', cancellation_reason: 'automatic' }, 'authorization_automatic'],
    ['was never confirmed', { status: 'requires_confirmation' }, 'not_authorized'],
    ['is in another currency', { status: 'requires_capture', currency: 'usd' }, 'authorization_in_another_currency'],
    ['is of less than the total', { status: 'requires_capture', amount: 11_999 }, 'authorization_below_total'],
  ])('that %s is a decline, and is never captured', async (_, intent, reason) => {
    const { server, claim, capture } = await stripePayments();
    server.fromCheckout('pi_held', intent);
    expect(await claim()).toEqual({ kind: 'declined', reason });
    expect(await capture({ reference: 'pi_held' })).toEqual({ kind: 'lapsed', reason });
    expect(server.ledger).toEqual([]);
  });

  test('that Stripe does not know is a decline, also when it is looked up first, and there is nothing to void', async () => {
    const { claim, find, cancel } = await stripePayments();
    expect(await find({ reference: 'pi_none' })).toEqual({ refunds: [] });
    expect(await claim('pi_none')).toEqual({ kind: 'declined', reason: 'resource_missing' });
    expect(await cancel({ reference: 'pi_none' })).toEqual({ kind: 'voided', released: false });
  });

  test('that was captured by the checkout meanwhile is paid', async () => {
    const { server, claim, capture, cancel } = await stripePayments();
    server.fromCheckout('pi_held', { status: 'succeeded' });
    expect(await claim()).toEqual({ kind: 'authorized', reference: 'pi_held' });
    expect(await capture({ reference: 'pi_held' })).toEqual({ kind: 'captured', reference: 'pi_held' });
    expect(await cancel({ reference: 'pi_held' })).toMatchObject({ kind: 'captured', money: STRIPE_MONEY });
  });

  test('pays, and is let go of by, no second order', async () => {
    const { server, claim, capture, cancel, find } = await held();
    await claim('pi_held', 'o-1');
    const reason = 'authorization_of_another_order';
    expect(await claim('pi_held', 'o-2')).toEqual({ kind: 'declined', reason });
    expect(await find({ reference: 'pi_held' }, 'o-2')).toEqual({ refunds: [] });
    expect(await capture({ reference: 'pi_held' }, 'o-2')).toEqual({ kind: 'lapsed', reason });
    expect(await cancel({ reference: 'pi_held' }, 'o-2')).toEqual({ kind: 'voided', released: false });
    expect(server.ledger).toEqual([]);
  });

  test('that another order claims and captures in the same moment is captured for that order alone', async () => {
    const { server, claim, capture } = await held();
    await claim('pi_held', 'o-1');
    server.fault = ({ path }) => {
      const intent = server.intents.get('pi_held');
      if (path.endsWith('/capture'))
        Object.assign(intent, { status: 'succeeded', metadata: { order: 'Shop-prod/o-2', orderId: 'o-2' } });
      return undefined;
    };
    expect(await capture({ reference: 'pi_held' })).toEqual({
      kind: 'lapsed',
      reason: 'authorization_of_another_order',
    });
  });

  test('is let go of when the order is cancelled before or after it was claimed', async () => {
    for (const isClaimed of [false, true]) {
      const { server, claim, cancel, find } = await held();
      if (isClaimed) await claim();
      expect(await cancel({ reference: 'pi_held', money: STRIPE_MONEY })).toEqual({ kind: 'voided', released: true });
      expect([server.held(), server.intents.size]).toEqual([0, 1]);
      expect(await find({ reference: 'pi_held' })).toMatchObject({ state: 'voided' });
      expect(await claim()).toMatchObject({ kind: 'declined' });
    }
  });
});

describe('A refund with Stripe', () => {
  const captured = async () => {
    const payments = await stripePayments();
    await payments.authorize();
    await payments.capture();
    return payments;
  };

  test('is made once for each refund id, with its amount, also after idempotency keys expired', async () => {
    const { server, refund, find } = await captured();
    const part = { amount: 5_000, currency: 'KRW' };
    for (const forget of [false, true]) {
      if (forget) server.expireIdempotencyKeys();
      for (const refundId of ['r-1', 'r-2'])
        expect(await refund({ reference: 'pi_1' }, refundId, part)).toEqual({ kind: 'refunded' });
    }
    expect(server.ledger.slice(2)).toMatchObject([
      { kind: 'refund', amount: 5_000 },
      { kind: 'refund', amount: 5_000 },
    ]);
    expect(await find({ reference: 'pi_1' })).toEqual({
      state: 'captured',
      reference: 'pi_1',
      captured: 12_000,
      refunds: [
        { refundId: 'r-1', amount: 5_000 },
        { refundId: 'r-2', amount: 5_000 },
      ],
    });
  });

  test('has a key and metadata within Stripe’s limits, which no other order’s call can have', async () => {
    const { server, gateway, authorize, capture, refund } = await stripePayments();
    const long = 'x/'.repeat(32);
    await authorize();
    await capture();
    await refund({ reference: 'pi_1' }, long, { amount: 1, currency: 'KRW' });
    const { key = '', params } = server.requests.at(-1) ?? {};
    expect(key).toBe(`Shop-prod/o-1/${long}/64/1/refund`);
    expect(params?.['metadata[refundId]']).toBe(long);
    // The longest ids and amount, after `<stack>-<stage>/`, and before the number of another key.
    const longest = `/${long}/${long}/64/1000000000000/refund/5`.length;
    expect(longest).toBeLessThanOrEqual(255 - 'ShopMessaging-production'.length);
    await gateway.refund('o-1/x', 'y', { amount: 1, currency: 'KRW' }, { reference: 'pi_1' }, openFence);
    await refund({ reference: 'pi_1' }, 'x/y', { amount: 1, currency: 'KRW' });
    const keys = server.requests.flatMap(({ path, key: one }) => (path.endsWith('/refunds') && one ? [one] : []));
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('is found among more than Stripe lists on a page', async () => {
    const { server, refund, find } = await captured();
    for (let number = 1; number <= 150; number += 1)
      server.refunds.push({
        id: `re_${number}`,
        payment_intent: 'pi_1',
        amount: 1,
        currency: 'krw',
        status: 'succeeded',
      });
    await refund({ reference: 'pi_1' }, 'r-1', { amount: 5_000, currency: 'KRW' });
    server.expireIdempotencyKeys();
    await refund({ reference: 'pi_1' }, 'r-1', { amount: 5_000, currency: 'KRW' });
    expect((await find({ reference: 'pi_1' })).refunds).toHaveLength(151);
  });

  test('is found by a search where the record forgot the payment, and waits for the search meanwhile', async () => {
    const { server, refund } = await captured();
    server.searchLags = true;
    await expect(refund({})).rejects.toMatchObject({ name: 'WaitingError' });
    server.searchLags = false;
    expect(await refund({})).toEqual({ kind: 'refunded' });
  });

  test('of a payment that the checkout captured is made by its reference', async () => {
    const { server, refund, find } = await stripePayments();
    server.fromCheckout('pi_checkout', { status: 'succeeded' });
    expect(await refund({ reference: 'pi_checkout' })).toEqual({ kind: 'refunded' });
    server.expireIdempotencyKeys();
    expect(await find({ reference: 'pi_checkout' })).toMatchObject({
      refunds: [{ refundId: 'cancel', amount: 12_000 }],
    });
    expect(await refund({ reference: 'pi_checkout' })).toEqual({ kind: 'refunded' });
    expect(server.ledger).toHaveLength(1);
  });

  test('of more than somebody has left in Stripe’s dashboard is refused, and what they sent is found', async () => {
    const { server, refund, find } = await captured();
    server.refunds.push({ payment_intent: 'pi_1', amount: 4_000, currency: 'krw', status: 'succeeded', metadata: {} });
    expect(await refund()).toEqual({ kind: 'refused', reason: 'invalid_amount' });
    expect(await find({ reference: 'pi_1' })).toMatchObject({ captured: 12_000, refunds: [{ amount: 4_000 }] });
    expect(await refund({ reference: 'pi_1' }, 'cancel', { amount: 8_000, currency: 'KRW' })).toEqual({
      kind: 'refunded',
    });
    expect(await refund({ reference: 'pi_1' }, 'r-2', { amount: 1, currency: 'KRW' })).toEqual({
      kind: 'refused',
      reason: 'charge_already_refunded',
    });
    expect(server.ledger.at(-1)).toMatchObject({ kind: 'refund', amount: 8_000 });
  });

  test.each(['charge_disputed', 'account_closed', 'charge_not_refundable'])(
    'that Stripe refuses for ever (%s) is refused with its code',
    async (code) => {
      const { server, refund } = await captured();
      server.refusal = ({ path, method }) => (method === 'POST' && path.endsWith('/refunds') ? code : undefined);
      expect(await refund()).toEqual({ kind: 'refused', reason: code });
    },
  );

  test('that failed at the bank is refused, on every attempt', async () => {
    const { server, refund, find } = await captured();
    server.refundStatus = 'failed';
    expect(await refund()).toEqual({ kind: 'refused', reason: 'refund_failed' });
    server.expireIdempotencyKeys();
    expect(await refund()).toEqual({ kind: 'refused', reason: 'refund_failed' });
    expect(await find({ reference: 'pi_1' })).toMatchObject({ refunds: [] });
  });

  test('waits while the account’s balance is too low', async () => {
    const { server, refund } = await captured();
    server.refusal = ({ method }) => (method === 'POST' ? 'balance_insufficient' : undefined);
    await expect(refund()).rejects.toMatchObject({ name: 'WaitingError' });
  });

  test.each([
    ['of nothing that was captured', 'pi_held', 'not_captured'],
    ['of a payment that Stripe does not know', 'pi_none', 'resource_missing'],
    ['of another order’s payment', 'pi_1', 'authorization_of_another_order'],
  ])('%s is refused', async (_, reference, reason) => {
    const { server, gateway, authorize, claim } = await stripePayments();
    await authorize();
    server.fromCheckout('pi_held', { status: 'requires_capture' });
    await claim('pi_held', 'o-2');
    expect(await gateway.refund('o-2', 'cancel', STRIPE_MONEY, { reference }, openFence)).toEqual({
      kind: 'refused',
      reason,
    });
  });
});
