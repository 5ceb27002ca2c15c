import { describe, expect, test } from 'vitest';
import { describeError, OneOrderError, UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { type Fence, fenceFor, openFence } from '../../../lambdas/runtime/fence.ts';
import { failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';
import { rejectionOf, STRIPE_MONEY, stripePayments } from '../../builders/stripe-payments.ts';
import type { StripeFault } from '../../builders/stripe-server.ts';

describe('An authorization with Stripe', () => {
  test('creates an intent with total and order id, confirms it with the card, takes nothing, and returns its reference', async () => {
    const { server, authorize } = await stripePayments();
    expect(await authorize()).toEqual({ kind: 'authorized', reference: 'pi_1' });
    const [create, confirm] = server.requests;
    expect(create).toMatchObject({ path: '/v1/payment_intents', key: 'Shop-prod/o-1/intent' });
    // Nothing that only the order itself knows: whoever voids has to be able to repeat the call.
    expect(create?.params).toEqual({
      amount: '12000',
      currency: 'krw',
      capture_method: 'manual',
      'allowed_payment_method_types[0]': 'card',
      'metadata[order]': 'Shop-prod/o-1',
      'metadata[orderId]': 'o-1',
    });
    expect(confirm).toMatchObject({ path: '/v1/payment_intents/pi_1/confirm', key: 'pi_1/confirm' });
    expect([server.requests.length, server.movements('Shop-prod/o-1')]).toEqual([2, ['authorization']]);
  });

  test.each([
    ['pm_visa', { payment_method: 'pm_visa', error_on_requires_action: 'true' }],
    ['tok_visa', { payment_method: 'pm_of_tok_visa', error_on_requires_action: 'true' }],
    ['cus_1/pm_saved', { payment_method: 'pm_saved', off_session: 'true' }],
  ])('accepts the token %s', async (token, confirmed) => {
    const { server, authorize } = await stripePayments();
    expect(await authorize(token)).toMatchObject({ kind: 'authorized' });
    expect(server.requests.at(-1)?.params).toEqual(confirmed);
  });

  test('is made once when it is repeated, also for a saved card', async () => {
    for (const token of ['pm_visa', 'cus_1/pm_saved']) {
      const { server, authorize } = await stripePayments();
      await authorize(token);
      expect(await authorize(token)).toEqual({ kind: 'authorized', reference: 'pi_1' });
      expect(server.ledger).toHaveLength(1);
    }
  });

  test.each([
    ['pm_declined', 'insufficient_funds'],
    ['pm_3ds', 'authentication_required'],
    ['pm_unknown', 'resource_missing'],
    ['cus_unknown/pm_saved', 'resource_missing'],
  ])(
    'with %s is declined with the code %s on every attempt, also after idempotency keys expired',
    async (token, reason) => {
      const { server, authorize, find } = await stripePayments();
      expect(await authorize(token)).toEqual({ kind: 'declined', reason });
      expect(await authorize(token)).toEqual({ kind: 'declined', reason });
      server.expireIdempotencyKeys();
      expect(await authorize(token, await find())).toEqual({ kind: 'declined', reason });
      expect(server.ledger).toEqual([]);
    },
  );

  test('that was declined is not tried again with another card', async () => {
    const { server, authorize, find } = await stripePayments();
    await authorize('pm_declined');
    expect(await authorize('pm_visa')).toEqual({ kind: 'declined', reason: 'insufficient_funds' });
    server.expireIdempotencyKeys();
    expect(await authorize('pm_visa', await find())).toEqual({ kind: 'declined', reason: 'insufficient_funds' });
  });

  test.each([
    ['above Stripe’s maximum', { amount: 1e12, currency: 'KRW' }, 'amount_too_large'],
    ['that Stripe cannot represent', { amount: 5_124, currency: 'KWD' }, 'invalid_amount'],
  ])('of an amount %s is declined, captures nothing, and has nothing to void', async (_, money, reason) => {
    const { gateway, authorize, cancel } = await stripePayments();
    expect(await authorize('pm_visa', {}, { money, fence: openFence })).toEqual({ kind: 'declined', reason });
    expect(await gateway.capture('o-1', money, {}, openFence)).toMatchObject({ kind: 'lapsed' });
    expect(await cancel({ money })).toEqual({ kind: 'voided', released: false });
  });

  test('with another amount for the same order fails with ConflictError', async () => {
    const { authorize } = await stripePayments();
    await authorize();
    const money = { ...STRIPE_MONEY, amount: 1 };
    expect(await rejectionOf(authorize('pm_visa', {}, { money, fence: openFence }))).toMatchObject({
      name: 'ConflictError',
    });
  });

  test('that Stripe rejects as invalid is dead-lettered without quoting what was sent', async () => {
    const { authorize } = await stripePayments();
    const money = { amount: 1, currency: 'XXX' };
    const thrown = await rejectionOf(authorize('pm_secret', {}, { money, fence: openFence }));
    expect(failureActionFor(thrown).action).toBe('dead-letter');
    expect(describeError(thrown).errorMessage).toContain('req_1');
    expect(describeError(thrown).errorMessage).not.toMatch(/quotes|pm_secret/);
  });
});

describe('A Stripe call with an unknown outcome', () => {
  test.each<[string, StripeFault]>([
    ['/payment_intents', 'lost'],
    ['/payment_intents', 'late'],
    ['/payment_intents', 'overloaded'],
    ['/payment_intents', 'limited'],
    // Stripe repeats a saved 500 for a day, whether the call was executed or not.
    ['/payment_intents', 'broken'],
    ['/payment_intents', 'failed'],
    ['/confirm', 'lost'],
    ['/confirm', 'late'],
    ['/confirm', 'overloaded'],
    ['/confirm', 'broken'],
    ['/confirm', 'failed'],
  ])('at POST …%s (%s) is retried, and the order is authorized once', async (ending, fault) => {
    const { server, authorize, injectOnce } = await stripePayments();
    injectOnce(ending, fault);
    expect(await rejectionOf(authorize())).toBeInstanceOf(UnavailableError);
    expect(await authorize()).toMatchObject({ kind: 'authorized' });
    server.arriveLate();
    expect(server.movements('Shop-prod/o-1')).toEqual(['authorization']);
  });

  test.each<StripeFault>(['lost', 'late', 'broken', 'failed', 'overloaded', 'limited'])(
    'at the capture (%s) captures once',
    async (fault) => {
      const { server, authorize, capture, injectOnce } = await stripePayments();
      await authorize();
      injectOnce('/capture', fault);
      expect(await rejectionOf(capture())).toBeInstanceOf(UnavailableError);
      expect(await capture()).toEqual({ kind: 'captured', reference: 'pi_1' });
      server.arriveLate();
      expect(server.movements('Shop-prod/o-1')).toEqual(['authorization', 'capture']);
    },
  );

  test.each<StripeFault>(['lost', 'late', 'broken', 'failed'])('at the refund (%s) refunds once', async (fault) => {
    const shop = await stripePayments();
    await shop.authorize();
    await shop.capture();
    shop.injectOnce('/refunds', fault);
    await rejectionOf(shop.refund());
    expect(await shop.refund()).toEqual({ kind: 'refunded' });
    shop.server.arriveLate();
    expect(shop.server.movements('Shop-prod/o-1')).toEqual(['authorization', 'capture', 'refund']);
  });

  test('because no answer came in time is retried', async () => {
    const { server, authorize } = await stripePayments({ timeout: 50 });
    server.fault = () => 'hang';
    expect(await rejectionOf(authorize())).toBeInstanceOf(UnavailableError);
  });

  test('that created a first payment intent leads every attempt to the second one', async () => {
    const { server, authorize, find, injectOnce } = await stripePayments();
    injectOnce('/payment_intents', 'broken');
    await rejectionOf(authorize());
    injectOnce('/confirm', 'overloaded');
    await rejectionOf(authorize());
    expect((await find()).reference).toBeUndefined();
    expect(await authorize()).toEqual({ kind: 'authorized', reference: 'pi_2' });
    expect([server.ledger.length, server.intents.size]).toEqual([1, 2]);
  });

  test('concerns one order alone when Stripe saved a failure under all of its keys', async () => {
    const { server, authorize } = await stripePayments();
    server.fault = ({ path, key }) =>
      path.endsWith('/payment_intents') && key?.includes('/o-1/') ? 'failed' : undefined;
    for (let attempt = 1; attempt <= 5; attempt += 1)
      expect(await rejectionOf(authorize())).not.toBeInstanceOf(OneOrderError);
    expect(await rejectionOf(authorize())).toBeInstanceOf(OneOrderError);
  });

  test('of another attempt in progress throws BusyError and does not open the circuit breaker', async () => {
    const { authorize, injectOnce } = await stripePayments();
    injectOnce('/confirm', 'busy');
    expect(await rejectionOf(authorize())).toMatchObject({ name: 'BusyError' });
  });

  test('that is still processing waits, however long that takes, and is made once', async () => {
    const { server, authorize, capture, cancel, find } = await stripePayments();
    const waiting = { name: 'WaitingError' };
    expect(await rejectionOf(authorize('pm_slow'))).toMatchObject(waiting);
    for (const known of [{ reference: 'pi_1' }, {}]) {
      expect(await rejectionOf(find(known))).toMatchObject(waiting);
      expect(await rejectionOf(capture(known))).toMatchObject(waiting);
      expect(await rejectionOf(cancel({ ...known, money: STRIPE_MONEY }))).toMatchObject(waiting);
    }
    expect(server.intents.size).toBe(1);
  });
});

describe('A call to Stripe', () => {
  test('is not made when the fence has closed', async () => {
    const { server, authorize } = await stripePayments();
    const fence = fenceFor(0);
    expect(await rejectionOf(authorize('pm_visa', {}, { money: STRIPE_MONEY, fence }))).toMatchObject({
      name: 'DeadlineExceededError',
    });
    expect(server.requests).toEqual([]);
  });

  test('looks at the fence itself, because a process that was frozen has run no timer yet', async () => {
    const { server, authorize, calls } = await stripePayments();
    const fence: Fence = {
      ...openFence,
      check: () => (server.requests.length > 0 ? fenceFor(0).check() : undefined),
    };
    expect(await rejectionOf(authorize('pm_visa', {}, { money: STRIPE_MONEY, fence }))).toMatchObject({
      name: 'DeadlineExceededError',
    });
    expect(calls()).toEqual(['POST payment_intents']);
  });

  test('ends when the fence closes meanwhile', async () => {
    const { server, authorize } = await stripePayments({ timeout: 60_000 });
    const fence = fenceFor(60_000);
    server.fault = ({ path }) => {
      if (!path.endsWith('/confirm')) return undefined;
      fence.abort();
      return 'hang';
    };
    expect(await rejectionOf(authorize('pm_visa', {}, { money: STRIPE_MONEY, fence }))).toMatchObject({
      name: 'DeadlineExceededError',
    });
  });
});

describe('A capture with Stripe', () => {
  test('takes the total under a key of the order', async () => {
    const { server, authorize, capture } = await stripePayments();
    await authorize();
    expect(await capture()).toEqual({ kind: 'captured', reference: 'pi_1' });
    expect(server.requests.at(-1)).toMatchObject({
      path: '/v1/payment_intents/pi_1/capture',
      key: 'Shop-prod/o-1/capture',
      params: { amount_to_capture: '12000' },
    });
  });

  test('is made once when it is repeated, also after idempotency keys expired', async () => {
    const { server, authorize, capture, find } = await stripePayments();
    await authorize();
    await capture();
    expect(await capture()).toEqual({ kind: 'captured', reference: 'pi_1' });
    server.expireIdempotencyKeys();
    expect(await capture()).toEqual({ kind: 'captured', reference: 'pi_1' });
    expect(await find()).toEqual({ state: 'captured', reference: 'pi_1', captured: 12_000, refunds: [] });
    expect(server.ledger).toHaveLength(2);
  });

  test('finds the authorization when the record forgot it: by the key at once, and by the search later', async () => {
    for (const isLater of [false, true]) {
      const { server, authorize, capture } = await stripePayments();
      await authorize();
      server.searchLags = !isLater;
      if (isLater) server.expireIdempotencyKeys();
      expect(await capture({})).toEqual({ kind: 'captured', reference: 'pi_1' });
      expect(server.intents.size).toBe(1);
    }
  });

  test('of an authorization that was never made, or that lapsed, is answered as lapsed', async () => {
    const { server, authorize, capture } = await stripePayments();
    expect(await capture({}, 'o-2')).toEqual({ kind: 'lapsed', reason: 'not_authorized' });
    expect(await capture({ reference: 'pi_none' })).toEqual({ kind: 'lapsed', reason: 'resource_missing' });
    await authorize();
    server.lapse('pi_2');
    expect(await capture({ reference: 'pi_2' })).toEqual({ kind: 'lapsed', reason: 'authorization_automatic' });
    expect(server.movements('Shop-prod/o-1')).toEqual(['authorization']);
  });

  test('of an authorization that lapses between the look-up and the capture is answered as lapsed', async () => {
    const { server, authorize, capture } = await stripePayments();
    await authorize();
    server.fault = ({ path }) => {
      if (path.endsWith('/capture')) server.lapse('pi_1');
      return undefined;
    };
    expect(await capture()).toEqual({ kind: 'lapsed', reason: 'payment_intent_unexpected_state' });
  });

  test('that Stripe refuses for good is answered as lapsed, and what is still held is let go of', async () => {
    const { server, authorize, capture } = await stripePayments();
    await authorize();
    server.refusal = ({ path }) => (path.endsWith('/capture') ? 'charge_expired_for_capture' : undefined);
    expect(await capture()).toEqual({ kind: 'lapsed', reason: 'charge_expired_for_capture' });
    expect(server.held()).toBe(0);
  });

  test('that Stripe refuses for good is answered as lapsed, also where it cannot be cancelled', async () => {
    const { server, authorize, capture } = await stripePayments();
    await authorize();
    server.refusal = ({ path }) => (/capture|cancel/.test(path) ? 'capture_unauthorized_payment' : undefined);
    expect(await capture()).toEqual({ kind: 'lapsed', reason: 'capture_unauthorized_payment' });
  });
});

describe('The Stripe API key', () => {
  test('is read once', async () => {
    let reads = 0;
    const { authorize } = await stripePayments({
      readKey: async () => {
        reads += 1;
        return 'sk_test_right';
      },
    });
    await Promise.all([authorize(), authorize()]);
    await authorize();
    expect(reads).toBe(1);
  });

  test('is read again when Stripe refuses it, as after a rotation', async () => {
    const keys = ['sk_test_old', 'sk_test_right'];
    const { authorize } = await stripePayments({ readKey: async () => keys.shift() ?? 'sk_test_right' });
    expect(await authorize()).toMatchObject({ kind: 'authorized' });
  });

  test('causes UnavailableError when it is wrong and is not logged', async () => {
    const { authorize } = await stripePayments({ readKey: async () => 'sk_test_wrong' });
    const thrown = await rejectionOf(authorize());
    expect(thrown).toBeInstanceOf(UnavailableError);
    expect(describeError(thrown).errorMessage).not.toContain('sk_');
  });

  test.each<[string, StripeFault]>([
    ['lacks a permission', 'forbidden'],
    ['is a live key, and the objects are test objects', 'wrong-mode'],
  ])('causes UnavailableError when it %s', async (_, fault) => {
    const { server, authorize, capture, claim, cancel, refund, find } = await stripePayments();
    await authorize();
    server.fault = () => fault;
    const reference = 'pi_1';
    for (const call of [
      authorize(),
      claim(),
      capture(),
      cancel({ reference }),
      cancel(),
      refund(),
      find({ reference }),
    ])
      expect(await rejectionOf(call)).toBeInstanceOf(UnavailableError);
  });

  test('causes UnavailableError when it cannot be read and is read again on the next call', async () => {
    let down = true;
    const { authorize } = await stripePayments({
      readKey: async () => {
        if (down) throw new UnavailableError('Secrets Manager is down');
        return 'sk_test_right';
      },
    });
    expect(await rejectionOf(authorize())).toBeInstanceOf(UnavailableError);
    down = false;
    expect(await authorize()).toMatchObject({ kind: 'authorized' });
  });
});
