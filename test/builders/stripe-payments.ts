import { onTestFinished } from 'vitest';
import type { KnownPayment } from '../../lambdas/payment/gateway.ts';
import { stripeCaller } from '../../lambdas/payment/stripe-caller.ts';
import { stripeGateway } from '../../lambdas/payment/stripe-gateway.ts';
import { openFence } from '../../lambdas/runtime/fence.ts';
import { type StripeFault, StripeServer } from './stripe-server.ts';

export const STRIPE_MONEY = { amount: 12_000, currency: 'KRW' };

/** Starts the gateway of the shop `Shop-prod` with a server that acts like Stripe, until the test ends. */
export async function stripePayments(parts: { readKey?: () => Promise<string>; timeout?: number } = {}) {
  const { readKey = async () => 'sk_test_right', timeout = 5_000 } = parts;
  const server = new StripeServer();
  const connection = await server.listen();
  onTestFinished(() => server.close());
  const gateway = stripeGateway(stripeCaller(readKey, { ...connection, timeout }), 'Shop-prod', server.now);

  return {
    server,
    gateway,
    authorize: (token = 'pm_visa', known: KnownPayment = {}, { money = STRIPE_MONEY, fence = openFence } = {}) =>
      gateway.authorize({ orderId: 'o-1', token, money }, known, fence),
    /** Authorizes by what the checkout holds. */
    claim: (authorization = 'pi_held', orderId = 'o-1') =>
      gateway.authorize(
        { orderId, authorization, money: STRIPE_MONEY },
        { reference: authorization, money: STRIPE_MONEY },
        openFence,
      ),
    capture: (known: KnownPayment = { reference: 'pi_1' }, orderId = 'o-1') =>
      gateway.capture(orderId, STRIPE_MONEY, known, openFence),
    cancel: (known: KnownPayment = {}, orderId = 'o-1') => gateway.void(orderId, known, openFence),
    refund: (known: KnownPayment = { reference: 'pi_1' }, refundId = 'cancel', money = STRIPE_MONEY) =>
      gateway.refund('o-1', refundId, money, known, openFence),
    find: (known: KnownPayment = {}, orderId = 'o-1') => gateway.find(orderId, known, openFence),
    /** Injects the fault into the first POST to a path with the ending. */
    injectOnce(ending: string, fault: StripeFault) {
      let injected = false;
      server.fault = ({ path, method }) => {
        if (injected || method !== 'POST' || !path.endsWith(ending)) return undefined;
        injected = true;
        return fault;
      };
    },
    calls: () => server.requests.map(({ method, path }) => `${method} ${path.replace('/v1/', '')}`),
  };
}

/** Returns what an action throws. */
export const rejectionOf = (action: Promise<unknown>): Promise<unknown> =>
  action.then(
    (value) => {
      throw new Error(`nothing was thrown, but ${JSON.stringify(value)} given`);
    },
    (error: unknown) => error,
  );
