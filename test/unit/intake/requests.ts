import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { answerTo } from '../../../lambdas/intake/answer.ts';
import type { IntakeRequest } from '../../../lambdas/intake/request.ts';
import {
  type IntakeAnswer,
  type IntakeDependencies,
  type Ledger,
  senderOf,
  takeIn,
} from '../../../lambdas/intake/rules.ts';
import { shopify } from '../../../lambdas/intake/shopify.ts';
import { standardWebhooks } from '../../../lambdas/intake/standard-webhooks.ts';
import { type ReadSession, stripe } from '../../../lambdas/intake/stripe.ts';

/** The time at which the intake of the tests works. */
export const NOW = Date.UTC(2026, 10, 27, 9, 0, 20);

export const secrets = {
  acme: `whsec_${Buffer.from('a key of Acme with 32 characters').toString('base64')}`,
  checkout: 'whsec_0123456789abcdef',
  storefront: 'shpss_0123456789abcdef',
};

/** What differs from a request as it should be. */
export type Signing = { id?: string; at?: number; secret?: string };

/** Signs a body as an official library of Standard Webhooks does. */
export const fromAcme = (body: string, { id = 'msg_1', at = NOW, secret = secrets.acme }: Signing = {}) =>
  post('/acme', body, {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(at), body),
  });

/** Signs a body as Stripe's library does. */
export const fromStripe = (payload: string, { at = NOW, secret = secrets.checkout }: Signing = {}) =>
  post('/checkout', payload, {
    'stripe-signature': Stripe.webhooks.generateTestHeaderString({
      payload,
      secret,
      timestamp: Math.floor(at / 1000),
    }),
  });

/** Signs a body as Shopify documents it. */
export const fromShopify = (body: string, topic = 'orders/create', { secret = secrets.storefront }: Signing = {}) =>
  post('/storefront', body, {
    'x-shopify-topic': topic,
    'x-shopify-hmac-sha256': createHmac('sha256', secret).update(body).digest('base64'),
  });

export const post = (path: string, body: string, headers: Record<string, string> = {}): IntakeRequest => ({
  method: 'POST',
  path,
  headers,
  body: Buffer.from(body),
});

/** An intake in memory, with what it published, and everything that it read and wrote on the way. */
export function memoryIntake({ readSession }: { readSession?: ReadSession } = {}) {
  const entries = new Map<string, { digest?: string; requests?: number; done?: boolean }>();
  const published: string[] = [];
  const calls: string[] = [];
  const failing = new Set<string>();
  const call = (name: string) => {
    calls.push(name);
    if (failing.has(name)) throw new Error(`${name} failed`);
  };
  const ledger: Ledger = {
    async count(entry) {
      call('count');
      const requests = (entries.get(entry)?.requests ?? 0) + 1;
      entries.set(entry, { requests });
      return requests;
    },
    async claim({ entry, digest }) {
      call('claim');
      const found = entries.get(entry);
      if (found === undefined) entries.set(entry, { digest });
      return found && { digest: String(found.digest), done: found.done === true };
    },
    async complete(entry) {
      call('complete');
      entries.set(entry, { ...entries.get(entry), done: true });
    },
  };
  const words: Record<string, string[]> = Object.fromEntries(
    Object.entries(secrets).map(([name, secret]) => [name, [secret]]),
  );
  const clock = { now: NOW };
  const dependencies: IntakeDependencies = {
    senders: new Map([
      ['acme', { scheme: 'standard-webhooks', secret: 'acme', perMinute: 3 }],
      ['checkout', { scheme: 'stripe', secret: 'checkout', perMinute: 60 }],
      ['storefront', { scheme: 'shopify', secret: 'storefront', perMinute: 60 }],
    ]),
    schemes: {
      'standard-webhooks': standardWebhooks,
      stripe: stripe(
        readSession ??
          (async () => {
            throw new Error('nothing is to be read from Stripe');
          }),
      ),
      shopify,
    },
    async readSecrets(name) {
      call('readSecrets');
      return words[name] ?? [];
    },
    ledger,
    async publish(message) {
      call('publish');
      published.push(message);
    },
    now: () => clock.now,
  };
  const send = async (request: IntakeRequest): Promise<IntakeAnswer> => {
    try {
      return await takeIn(request, senderOf(request, dependencies.senders), dependencies);
    } catch (error) {
      return answerTo(error);
    }
  };
  return { send, published, calls, failing, words, clock, entries };
}
