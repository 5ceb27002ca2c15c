import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VoidResult } from '../../../lambdas/payment/gateway.ts';
import { OneOrderError, UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { rejectionOf, STRIPE_MONEY, stripePayments } from '../../builders/stripe-payments.ts';
import type { StripeFault } from '../../builders/stripe-server.ts';

type Payments = Awaited<ReturnType<typeof stripePayments>>;

/** Repeats a void until Stripe answers, as its queue does. */
async function voidUntilDone(payments: Payments, known: Parameters<Payments['cancel']>[0]): Promise<VoidResult> {
  for (let attempt = 1; attempt < 20; attempt += 1) {
    const result = await payments.cancel(known).catch((error: unknown) => error);
    if (!(result instanceof Error)) return result as VoidResult;
    expect(['UnavailableError', 'BusyError', 'OneOrderError']).toContain(result.name);
  }
  throw new Error('the void never ends');
}

/** Fails the call with the number, counted from now. */
function failCall({ server }: Payments, number: number, fault: StripeFault) {
  let calls = 0;
  server.fault = () => {
    calls += 1;
    return calls === number ? fault : undefined;
  };
}

describe('A void with Stripe', () => {
  test('cancels what is authorized, and says that it was held, however often it is repeated', async () => {
    const { server, authorize, cancel, calls } = await stripePayments();
    await authorize();
    server.searchLags = true;
    expect(await cancel({ reference: 'pi_1', money: STRIPE_MONEY })).toEqual({ kind: 'voided', released: true });
    expect(calls().slice(2)).toEqual(['GET payment_intents/pi_1', 'POST payment_intents/pi_1/cancel']);
    expect(await cancel({ reference: 'pi_1', money: STRIPE_MONEY })).toEqual({ kind: 'voided', released: true });
    expect(server.movements('Shop-prod/o-1')).toEqual(['authorization', 'void']);
  });

  test('needs no search while the key is known to lead to the intent', async () => {
    const { server, authorize, cancel, calls } = await stripePayments();
    await authorize();
    expect(await cancel({ money: STRIPE_MONEY, since: server.now().toISOString() })).toMatchObject({ released: true });
    expect(calls().slice(2)).toEqual(['POST payment_intents', 'POST payment_intents/pi_1/cancel']);
  });

  test('of an order that nothing is known of finds by a search what it holds', async () => {
    const { server, authorize, cancel } = await stripePayments();
    expect(await cancel({})).toEqual({ kind: 'voided', released: false });
    expect(server.intents.size).toBe(0);
    await authorize();
    expect(await cancel({}, 'O-1')).toEqual({ kind: 'voided', released: false });
    expect(await cancel({})).toEqual({ kind: 'voided', released: true });
  });

  test('before the authorization closes its key: the intent is cancelled before anybody confirms it', async () => {
    const { server, authorize, cancel } = await stripePayments();
    expect(await cancel({ money: STRIPE_MONEY, since: server.now().toISOString() })).toEqual({
      kind: 'voided',
      released: false,
    });
    expect(await authorize()).toEqual({ kind: 'declined', reason: 'authorization_canceled' });
    expect(server.ledger).toEqual([]);
  });

  test('finds what was authorized after the key had been forgotten and used again', async () => {
    const { server, authorize, cancel } = await stripePayments();
    const since = server.now().toISOString();
    server.expireIdempotencyKeys();
    await authorize();
    server.searchLags = true;
    expect(await cancel({ money: STRIPE_MONEY, since })).toEqual({ kind: 'voided', released: true });
  });

  test('of what was captured says so, with the money in our unit', async () => {
    const { server, cancel } = await stripePayments();
    server.fromCheckout('pi_isk', { status: 'succeeded', amount: 500, currency: 'isk' });
    expect(await cancel({ reference: 'pi_isk' })).toEqual({
      kind: 'captured',
      money: { amount: 5, currency: 'ISK' },
      reference: 'pi_isk',
    });
  });

  test('of an authorization that has lapsed lets go of nothing', async () => {
    const { server, authorize, cancel } = await stripePayments();
    await authorize();
    server.lapse('pi_1');
    for (const known of [{ reference: 'pi_1' }, {}, { money: STRIPE_MONEY, since: server.now().toISOString() }])
      expect(await cancel(known)).toEqual({ kind: 'voided', released: false });
  });

  test('ends although Stripe fails to create the intent for whoever asks', async () => {
    const payments = await stripePayments();
    payments.server.fault = ({ path }) => (path.endsWith('/payment_intents') ? 'failed' : undefined);
    for (let attempt = 1; attempt <= 5; attempt += 1) await rejectionOf(payments.authorize());
    expect(await rejectionOf(payments.authorize())).toBeInstanceOf(OneOrderError);
    const known = { money: STRIPE_MONEY, since: payments.server.now().toISOString() };
    expect(await payments.cancel(known)).toEqual({ kind: 'voided', released: false });
  });

  test('that Stripe cannot answer is tried again', async () => {
    const { server, authorize, cancel } = await stripePayments();
    await authorize();
    server.fault = () => 'overloaded';
    expect(await rejectionOf(cancel({ reference: 'pi_1' }))).toBeInstanceOf(UnavailableError);
  });
});

/** The calls of an authorization, by its token. */
const CALLS = { pm_visa: 2, tok_visa: 3, 'cus_1/pm_saved': 3 } as const;
const FAULTS = ['overloaded', 'lost', 'late', 'broken', 'failed'] as const;

const points = Object.entries(CALLS).flatMap(([token, count]) =>
  Array.from({ length: count }, (_, index) => index + 1).flatMap((call) =>
    FAULTS.map((fault): [token: string, call: number, fault: StripeFault] => [token, call, fault]),
  ),
);

describe('A void of an order whose authorization stopped somewhere', () => {
  test.each(points)('with %s at call %d (%s) holds and takes nothing, whatever arrives later', async (...point) => {
    const [token, call, fault] = point;
    for (const isKeyForgotten of [false, true]) {
      const payments = await stripePayments();
      const { server } = payments;
      const since = server.now().toISOString();
      server.searchLags = !isKeyForgotten;
      failCall(payments, call, fault);
      await rejectionOf(payments.authorize(token));
      if (isKeyForgotten) server.expireIdempotencyKeys();

      const voided = await voidUntilDone(payments, { money: STRIPE_MONEY, since });
      server.arriveLate();
      // Another delivery of the order that knows nothing of the void.
      if (!isKeyForgotten) await payments.authorize(token).catch(() => {});
      server.arriveLate();
      const movements = server.movements('Shop-prod/o-1');
      expect(server.held()).toBe(0);
      expect(movements).not.toContain('capture');
      expect(voided).toEqual({ kind: 'voided', released: movements.includes('void') });
    }
  });

  test('after the capture whose answer was lost says that it was captured', async () => {
    for (const known of [{ reference: 'pi_1' }, { money: STRIPE_MONEY }, {}]) {
      const payments = await stripePayments();
      await payments.authorize();
      payments.injectOnce('/capture', 'lost');
      await rejectionOf(payments.capture());
      expect(await payments.cancel(known)).toEqual({ kind: 'captured', money: STRIPE_MONEY, reference: 'pi_1' });
    }
  });

  test('makes a capture that was on its way fail', async () => {
    const payments = await stripePayments();
    await payments.authorize();
    payments.injectOnce('/capture', 'late');
    await rejectionOf(payments.capture());
    expect(await payments.cancel({ reference: 'pi_1' })).toEqual({ kind: 'voided', released: true });
    payments.server.arriveLate();
    expect(await payments.capture()).toMatchObject({ kind: 'lapsed' });
    expect(payments.server.movements('Shop-prod/o-1')).toEqual(['authorization', 'void']);
  });

  test('ends in the same way whichever of its own calls fail', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(CALLS)),
        fc.array(fc.constantFrom<(StripeFault | undefined)[]>(undefined, ...FAULTS, 'busy', 'limited'), {
          maxLength: 8,
        }),
        fc.constantFrom('reference', 'since', 'forgotten'),
        async (token, plan, way) => {
          const payments = await stripePayments();
          const { server } = payments;
          const since = server.now().toISOString();
          await payments.authorize(token);
          if (way === 'forgotten') server.expireIdempotencyKeys();
          const steps = [...plan];
          server.fault = () => steps.shift();
          const known = { money: STRIPE_MONEY, ...(way === 'reference' ? { reference: 'pi_1' } : { since }) };
          expect(await voidUntilDone(payments, known)).toEqual({ kind: 'voided', released: true });
          server.arriveLate();
          expect(server.held()).toBe(0);
          expect(server.movements('Shop-prod/o-1')).toEqual(['authorization', 'void']);
        },
      ),
      { numRuns: 60 },
    );
  }, 30_000);
});
