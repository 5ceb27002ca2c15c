import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type PaymentEffect, type PaymentEffectResult, runPaymentEffect } from '../../../lambdas/payment/effects.ts';
import type { PaymentGateway } from '../../../lambdas/payment/gateway.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../../lambdas/payment/rules.ts';
import { stripeCaller } from '../../../lambdas/payment/stripe-caller.ts';
import { stripeGateway } from '../../../lambdas/payment/stripe-gateway.ts';
import { describeError, UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';
import { stateMachine } from '../../../lambdas/runtime/state-machine.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, placed } from '../../builders/events.ts';
import { MemoryRecordStore } from '../../builders/records.ts';
import { type StripeFault, StripeServer } from '../../builders/stripe-server.ts';

const MONEY = { amount: 12_000, currency: 'KRW' };

async function stripe(readKey: () => Promise<string> = async () => 'sk_test_right', timeout = 5_000) {
  const server = new StripeServer();
  const connection = await server.listen();
  onTestFinished(() => server.close());
  const gateway = stripeGateway(stripeCaller(readKey, { ...connection, timeout }), 'Shop-prod', server.now);
  const capture = (token = 'pm_visa', money = MONEY) => gateway.capture({ orderId: 'o-1', token, money });
  const captureHeld = (authorization = 'pi_held', orderId = 'o-1') =>
    gateway.capture({ orderId, authorization, money: MONEY });
  /** Injects the fault into the first POST to a path with the ending. */
  const injectOnce = (ending: string, fault: StripeFault) => {
    let injected = false;
    server.fault = ({ path, method }) => {
      if (injected || method !== 'POST' || !path.endsWith(ending)) return undefined;
      injected = true;
      return fault;
    };
  };
  const calls = () => server.requests.map(({ method, path }) => `${method} ${path}`);
  return { server, gateway, capture, captureHeld, injectOnce, calls };
}

const rejectionOf = (action: Promise<unknown>) =>
  action.then(
    (value) => {
      throw new Error(`nothing was thrown, but ${JSON.stringify(value)} given`);
    },
    (error: unknown) => error,
  );

describe('A charge with Stripe', () => {
  test('creates and confirms one payment intent with total, order id and card, and returns its reference', async () => {
    const { server, capture } = await stripe();
    expect(await capture()).toEqual({ kind: 'captured', reference: 'pi_1' });
    const [create, confirm] = server.requests;
    expect(create).toMatchObject({
      path: '/v1/payment_intents',
      key: 'Shop-prod/o-1/intent',
      params: { amount: '12000', currency: 'krw', payment_method: 'pm_visa', 'metadata[order]': 'Shop-prod/o-1' },
    });
    expect(confirm).toMatchObject({ path: '/v1/payment_intents/pi_1/confirm', key: 'pi_1/confirm' });
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    ['pm_visa', { payment_method: 'pm_visa' }, { error_on_requires_action: 'true' }],
    ['tok_visa', { payment_method: 'pm_of_tok_visa' }, { error_on_requires_action: 'true' }],
    ['cus_1/pm_visa', { payment_method: 'pm_visa', customer: 'cus_1' }, { off_session: 'true' }],
  ])('accepts the token %s', async (token, created, confirmed) => {
    const { server, capture } = await stripe();
    expect(await capture(token)).toMatchObject({ kind: 'captured' });
    const [create, confirm] = server.requests.slice(-2);
    expect(create?.params).toMatchObject(created);
    expect(confirm?.params).toEqual(confirmed);
  });

  test('is made once when it is repeated', async () => {
    const { server, capture } = await stripe();
    await capture();
    expect(await capture()).toEqual({ kind: 'captured', reference: 'pi_1' });
    expect(server.ledger).toHaveLength(1);
  });

  test.each([
    ['pm_declined', 'insufficient_funds'],
    ['pm_3ds', 'authentication_required'],
    ['pm_unknown', 'resource_missing'],
  ])(
    'with %s is declined with the code %s on every attempt, also after idempotency keys expired',
    async (token, reason) => {
      const { server, gateway, capture } = await stripe();
      expect(await capture(token)).toEqual({ kind: 'declined', reason });
      expect(await capture(token)).toEqual({ kind: 'declined', reason });
      server.expireIdempotencyKeys();
      const { reference } = await gateway.find('o-1');
      expect(await gateway.capture({ orderId: 'o-1', token, money: MONEY }, reference)).toEqual({
        kind: 'declined',
        reason,
      });
      expect(server.ledger).toEqual([]);
    },
  );

  test("above Stripe's maximum is declined", async () => {
    const { capture } = await stripe();
    const answer = await capture('pm_visa', { amount: 1e12, currency: 'KRW' });
    expect(answer).toEqual({ kind: 'declined', reason: 'amount_too_large' });
  });

  test('with another amount for the same order fails with ConflictError', async () => {
    const { capture } = await stripe();
    await capture();
    expect(await rejectionOf(capture('pm_visa', { ...MONEY, amount: 1 }))).toMatchObject({ name: 'ConflictError' });
  });

  test('that Stripe rejects as invalid is dead-lettered without quoting what was sent', async () => {
    const { capture } = await stripe();
    const thrown = await rejectionOf(capture('pm_secret', { amount: 1, currency: 'XXX' }));
    expect(failureActionFor(thrown).action).toBe('dead-letter');
    expect(describeError(thrown).errorMessage).toContain('req_1');
    expect(describeError(thrown).errorMessage).not.toMatch(/quotes|pm_secret/);
  });
});

describe('A Stripe call with an unknown outcome', () => {
  test.each<[string, StripeFault]>([
    ['/payment_intents', 'lost'],
    ['/payment_intents', 'hang'],
    ['/payment_intents', 'overloaded'],
    ['/payment_intents', 'limited'],
    // Stripe repeats a saved 500 for a day, whether the call was executed or not.
    ['/payment_intents', 'broken'],
    ['/payment_intents', 'failed'],
    ['/confirm', 'lost'],
    ['/confirm', 'hang'],
    ['/confirm', 'overloaded'],
    ['/confirm', 'broken'],
    ['/confirm', 'failed'],
  ])('at POST …%s (%s) is retried, and the order is charged once', async (ending, fault) => {
    const { server, capture, injectOnce } = await stripe(undefined, fault === 'hang' ? 150 : undefined);
    injectOnce(ending, fault);
    const first = await capture().catch((error: unknown) => error);
    // The SDK itself retries once with the same key when the connection was closed.
    if (fault !== 'lost') expect(first).toBeInstanceOf(UnavailableError);
    expect(await capture()).toMatchObject({ kind: 'captured' });
    expect(server.ledger).toHaveLength(1);
  });

  test.each<[string, StripeFault]>([
    ['/refunds', 'lost'],
    ['/refunds', 'hang'],
    ['/refunds', 'broken'],
    ['/refunds', 'failed'],
  ])('at POST …%s (%s) refunds once', async (ending, fault) => {
    const { server, gateway, capture, injectOnce } = await stripe(undefined, fault === 'hang' ? 150 : undefined);
    await capture();
    injectOnce(ending, fault);
    await gateway.refund('o-1', MONEY, 'pi_1').catch(() => {});
    await gateway.refund('o-1', MONEY, 'pi_1');
    expect(server.ledger.map(({ kind }) => kind)).toEqual(['charge', 'refund']);
  });

  test('that created a first payment intent leads every attempt to the second one', async () => {
    const { server, gateway, capture, injectOnce } = await stripe();
    injectOnce('/payment_intents', 'broken');
    await rejectionOf(capture());
    injectOnce('/confirm', 'overloaded');
    await rejectionOf(capture());
    const { reference } = await gateway.find('o-1');
    expect(reference).toBeUndefined();
    expect(await capture()).toEqual({ kind: 'captured', reference: 'pi_2' });
    expect([server.ledger.length, server.intents.size]).toEqual([1, 2]);
  });

  test('of another attempt in progress throws BusyError and does not open the circuit breaker', async () => {
    const { capture, injectOnce } = await stripe();
    injectOnce('/confirm', 'busy');
    expect(await rejectionOf(capture())).toMatchObject({ name: 'BusyError' });
  });

  test('that is still processing is not charged again', async () => {
    const { server, gateway, capture } = await stripe();
    expect(await rejectionOf(capture('pm_slow'))).toMatchObject({ name: 'BusyError' });
    expect(await rejectionOf(gateway.find('o-1'))).toMatchObject({ name: 'BusyError' });
    expect(server.ledger).toHaveLength(1);
  });
});

describe('An authorization of the checkout', () => {
  test('is captured with the total, tagged with its order, under a key of the order', async () => {
    const { server, captureHeld } = await stripe();
    server.fromCheckout('pi_held', { status: 'requires_capture', amount: 15_000 });
    expect(await captureHeld()).toEqual({ kind: 'captured', reference: 'pi_held' });
    expect(server.requests.at(-1)).toMatchObject({
      path: '/v1/payment_intents/pi_held/capture',
      key: 'Shop-prod/o-1/capture',
      params: { amount_to_capture: '12000', 'metadata[order]': 'Shop-prod/o-1', 'metadata[orderId]': 'o-1' },
    });
    expect(server.ledger).toMatchObject([{ kind: 'charge', amount: 12_000 }]);
  });

  test('is captured once when it is repeated, also after idempotency keys expired', async () => {
    const { server, gateway, captureHeld } = await stripe();
    server.fromCheckout('pi_held', { status: 'requires_capture' });
    await captureHeld();
    expect(await captureHeld()).toEqual({ kind: 'captured', reference: 'pi_held' });
    server.expireIdempotencyKeys();
    expect(await gateway.find('o-1', { reference: 'pi_held' })).toMatchObject({ captured: true, refunded: false });
    expect(await captureHeld()).toEqual({ kind: 'captured', reference: 'pi_held' });
    expect(server.ledger).toHaveLength(1);
  });

  test.each<StripeFault>(['lost', 'broken', 'failed', 'overloaded', 'limited'])(
    'whose capture has an unknown outcome (%s) is captured once',
    async (fault) => {
      const { server, captureHeld, injectOnce } = await stripe();
      server.fromCheckout('pi_held', { status: 'requires_capture' });
      injectOnce('/capture', fault);
      await captureHeld().catch(() => {});
      expect(await captureHeld()).toMatchObject({ kind: 'captured' });
      expect(server.ledger).toHaveLength(1);
    },
  );

  test.each([
    ['was cancelled', { status: 'canceled', cancellation_reason: 'abandoned' }, 'authorization_abandoned'],
    ['has lapsed', { status: 'canceled', cancellation_reason: 'automatic' }, 'authorization_automatic'],
    ['was never confirmed', { status: 'requires_confirmation' }, 'not_authorized'],
    ['is in another currency', { status: 'requires_capture', currency: 'usd' }, 'authorization_in_another_currency'],
    ['is of less than the total', { status: 'requires_capture', amount: 11_999 }, 'authorization_below_total'],
  ])('that %s is a decline', async (_, intent, reason) => {
    const { server, captureHeld } = await stripe();
    server.fromCheckout('pi_held', intent);
    expect(await captureHeld()).toEqual({ kind: 'declined', reason });
    expect(server.ledger).toEqual([]);
  });

  test('that Stripe does not know is a decline, also when it is looked up first', async () => {
    const { gateway, captureHeld } = await stripe();
    expect(await gateway.find('o-1', { reference: 'pi_none' })).toEqual({ captured: false, refunded: false });
    expect(await captureHeld('pi_none')).toEqual({ kind: 'declined', reason: 'resource_missing' });
  });

  test('that lapses between the look-up and the capture is a decline', async () => {
    const { server, captureHeld } = await stripe();
    server.fromCheckout('pi_held', { status: 'requires_capture' });
    server.fault = ({ path }) => {
      if (path.endsWith('/capture')) server.fromCheckout('pi_held', { status: 'canceled' });
      return undefined;
    };
    expect(await captureHeld()).toEqual({ kind: 'declined', reason: 'authorization_canceled' });
  });

  test('confirms no second order', async () => {
    const { server, gateway, captureHeld } = await stripe();
    server.fromCheckout('pi_held', { status: 'requires_capture' });
    await captureHeld('pi_held', 'o-1');
    expect(await gateway.find('o-2', { reference: 'pi_held' })).toEqual({ captured: false, refunded: false });
    expect(await captureHeld('pi_held', 'o-2')).toEqual({
      kind: 'declined',
      reason: 'authorization_of_another_order',
    });
  });
});

test('A payment that the checkout captured with Stripe is refunded once by its reference', async () => {
  const { server, gateway, calls } = await stripe();
  server.fromCheckout('pi_checkout', { status: 'succeeded' });
  await gateway.refund('o-1', MONEY, 'pi_checkout');
  expect(calls()).toEqual(['POST /v1/refunds']);
  server.expireIdempotencyKeys();
  expect(await gateway.find('o-1', { reference: 'pi_checkout' })).toMatchObject({ refunded: true });
  await gateway.refund('o-1', MONEY, 'pi_checkout');
  expect(server.ledger).toEqual([{ kind: 'refund', order: 'pi_checkout', amount: 12_000, currency: 'krw' }]);
});

describe("After Stripe's idempotency keys expired", () => {
  test('a charge is found by its case-sensitive order id', async () => {
    const { server, gateway, capture } = await stripe();
    await capture();
    await gateway.capture({ orderId: 'O-1', token: 'pm_visa', money: MONEY });
    server.expireIdempotencyKeys();
    expect(await gateway.find('o-1')).toEqual({ captured: true, refunded: false, reference: 'pi_1' });
    expect(await gateway.find('O-1')).toEqual({ captured: true, refunded: false, reference: 'pi_2' });
  });

  test('a charge is searched for, and not before, because the search has a rate limit', async () => {
    const { server, gateway, capture, calls } = await stripe();
    await capture();
    const capturingSince = server.now().toISOString();
    expect(await gateway.find('o-1', { capturingSince })).toEqual({ captured: false, refunded: false });
    expect(calls()).toHaveLength(2);
    server.expireIdempotencyKeys();
    expect(await gateway.find('o-1', { capturingSince })).toMatchObject({ captured: true, reference: 'pi_1' });
  });

  test('a started charge is completed instead of started again', async () => {
    const { server, gateway, capture, injectOnce } = await stripe();
    injectOnce('/confirm', 'overloaded');
    await rejectionOf(capture());
    server.expireIdempotencyKeys();
    const { captured, reference = '' } = await gateway.find('o-1');
    expect([captured, reference]).toEqual([false, 'pi_1']);
    await gateway.capture({ orderId: 'o-1', token: 'pm_visa', money: MONEY }, reference);
    expect([server.ledger.length, server.intents.size]).toEqual([1, 1]);
  });

  test('a refund is not made twice', async () => {
    const { server, gateway, capture } = await stripe();
    await capture();
    await gateway.refund('o-1', MONEY, 'pi_1');
    server.expireIdempotencyKeys();
    expect(await gateway.find('o-1', { reference: 'pi_1' })).toEqual({
      captured: true,
      refunded: true,
      reference: 'pi_1',
    });
    await gateway.refund('o-1', MONEY, 'pi_1');
    expect(server.ledger).toHaveLength(2);
  });
});

describe('A refund with Stripe', () => {
  test('needs no search when the reference is known', async () => {
    const { server, gateway, capture, calls } = await stripe();
    await capture();
    server.searchLags = true;
    await gateway.refund('o-1', MONEY, 'pi_1');
    expect(calls().slice(2)).toEqual(['POST /v1/refunds']);
    expect(server.requests.at(-1)?.key).toBe('Shop-prod/o-1/refund');
  });

  test('throws BusyError until the search finds the charge when the reference is unknown', async () => {
    const { server, gateway, capture } = await stripe();
    await capture();
    server.searchLags = true;
    expect(await rejectionOf(gateway.refund('o-1', MONEY))).toMatchObject({ name: 'BusyError' });
    server.searchLags = false;
    await gateway.refund('o-1', MONEY);
    expect(server.ledger).toHaveLength(2);
  });
});

describe('The Stripe API key', () => {
  test('is read once', async () => {
    let reads = 0;
    const { capture } = await stripe(async () => {
      reads += 1;
      return 'sk_test_right';
    });
    await Promise.all([capture(), capture()]);
    await capture();
    expect(reads).toBe(1);
  });

  test('is read again when Stripe refuses it, as after a rotation', async () => {
    const keys = ['sk_test_old', 'sk_test_right'];
    const { capture } = await stripe(async () => keys.shift() ?? 'sk_test_right');
    expect(await capture()).toMatchObject({ kind: 'captured' });
  });

  test('causes UnavailableError when it is wrong and is not logged', async () => {
    const { capture } = await stripe(async () => 'sk_test_wrong');
    const thrown = await rejectionOf(capture());
    expect(thrown).toBeInstanceOf(UnavailableError);
    expect(describeError(thrown).errorMessage).not.toContain('sk_');
  });

  test('causes UnavailableError when it lacks a permission', async () => {
    const { capture, injectOnce } = await stripe();
    injectOnce('/payment_intents', 'forbidden');
    expect(await rejectionOf(capture())).toBeInstanceOf(UnavailableError);
  });

  test('causes UnavailableError when it cannot be read and is read again on the next call', async () => {
    let down = true;
    const { capture } = await stripe(async () => {
      if (down) throw new UnavailableError('Secrets Manager is down');
      return 'sk_test_right';
    });
    expect(await rejectionOf(capture())).toBeInstanceOf(UnavailableError);
    down = false;
    expect(await capture()).toMatchObject({ kind: 'captured' });
  });
});

/** Runs the payment rules with a gateway. */
function payments(gateway: PaymentGateway, now: () => Date) {
  const records = new MemoryRecordStore<Payment>();
  const handle = stateMachine<Payment, PaymentInput, PaymentEffect, PaymentEffectResult>(
    {
      decide: (payment, input) => nextPayment(payment, input, now()),
      runEffect: (action) => runPaymentEffect(gateway, action),
      isFirstEvent: ({ type }) => type === 'shop.order.placed.v1',
    },
    records,
  );
  const deliver = async (event: PaymentInput) => {
    const [result] = await handle([delivery(event)]);
    return result !== undefined && 'publish' in result;
  };
  return { records, deliver };
}

/** An order that is delivered once, or twice with its cancellation; `late`: the second time after the cancellation. */
function history(orderId: string, isCancelled: boolean, late: boolean): PaymentInput[] {
  const order = placed({ orderId, token: 'pm_visa' });
  const end = cancelled({ orderId });
  if (!isCancelled) return [order];
  return late ? [order, end, order] : [order, order, end];
}

/** Injects one fault of the plan per call; `late` turns the lag of the search on or off instead. */
function planFaults(server: StripeServer, plan: readonly (StripeFault | 'late' | 'forget' | undefined)[]) {
  const steps = [...plan];
  server.fault = () => {
    const step = steps.shift();
    if (step === 'late') server.searchLags = !server.searchLags;
    return step === 'late' || step === 'forget' ? undefined : step;
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

describe('The payment consumer with Stripe', () => {
  const nothing = undefined;
  const faults = [nothing, nothing, 'broken', 'failed', 'overloaded', 'limited', 'busy', 'forget', 'late'] as const;

  test('charges once and refunds once under random faults', async () => {
    const { server, gateway } = await stripe();
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...faults), { maxLength: 12 }),
        fc.boolean(),
        fc.boolean(),
        async (plan, isCancelled, late) => {
          number += 1;
          const orderId = `o-${number}`;
          planFaults(server, plan);
          const { deliver, records } = payments(gateway, server.now);
          for (const event of history(orderId, isCancelled, late)) {
            await deliverUntilDone(server, () => deliver(event), plan.includes('forget'));
          }
          const kinds = server.ledger
            .filter(({ order: name }) => name === `Shop-prod/${orderId}`)
            .map(({ kind }) => kind);
          expect(kinds).toEqual(isCancelled ? ['charge', 'refund'] : ['charge']);
          expect(records.items.get(orderId)).toMatchObject({
            state: isCancelled ? 'refunded' : 'captured',
            reference: expect.stringMatching(/^pi_/),
          });
        },
      ),
      { numRuns: 60 },
    );
  }, 30_000);
});
