import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { IntakeRequest } from '../../../lambdas/intake/request.ts';
import { fromAcme, fromShopify, fromStripe, memoryIntake, NOW, type Signing, secrets } from './requests.ts';

const body = JSON.stringify({ type: 'something', text: '주문 가나다' });
const schemes = [
  {
    scheme: 'standard-webhooks',
    sign: fromAcme,
    sender: 'acme',
    signature: 'webhook-signature',
    time: 'webhook-timestamp',
  },
  { scheme: 'stripe', sign: fromStripe, sender: 'checkout', signature: 'stripe-signature', time: 'stripe-signature' },
  {
    scheme: 'shopify',
    sign: (text: string, signing?: Signing) => fromShopify(text, 'orders/create', signing),
    sender: 'storefront',
    signature: 'x-shopify-hmac-sha256',
    time: undefined,
  },
] as const;

const statusOf = async (request: IntakeRequest, intake = memoryIntake()) => (await intake.send(request)).status;

/** Returns bytes of which one was replaced by another. */
const withOtherByte = (bytes: Buffer, index: number, by: number): Buffer => {
  const changed = Buffer.from(bytes);
  const at = index % changed.length;
  changed[at] = ((changed[at] ?? 0) + by) % 256;
  return changed;
};

const otherByte = fc.record({ index: fc.nat(1_000), by: fc.integer({ min: 1, max: 255 }) });

describe.each(schemes)('A request signed by $scheme', ({ sign, sender, signature, time }) => {
  test('is taken for the sender, whose library signed it', async () => {
    expect(await statusOf(sign(body))).toBeLessThan(401);
  });

  test('is refused with any one byte of its body changed', async () => {
    await fc.assert(
      fc.asyncProperty(otherByte, async ({ index, by }) => {
        const request = sign(body);
        expect(await statusOf({ ...request, body: withOtherByte(request.body, index, by) })).toBe(401);
      }),
    );
  });

  test('is refused with any one byte of its signature or time changed', async () => {
    const request = sign(body);
    const names = [signature, ...(time === undefined ? [] : [time])];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), otherByte, async (name, { index, by }) => {
        const value = withOtherByte(Buffer.from(request.headers[name] ?? ''), index, by).toString('latin1');
        expect(await statusOf({ ...request, headers: { ...request.headers, [name]: value } })).toBe(401);
      }),
      { numRuns: 500 },
    );
  });

  test('is refused without its signature, or with an empty one', async () => {
    for (const value of [undefined, '', ' ', 'v1,', 'v1=', 't=,v1='])
      expect(await statusOf({ ...sign(body), headers: { ...sign(body).headers, [signature]: value } })).toBe(401);
  });

  test('is taken with each of several secrets, and refused with another one', async () => {
    const other = `whsec_${Buffer.from('another key with 32 characters..').toString('base64')}`;
    const intake = memoryIntake();
    const request = sign(body, { secret: other });
    expect(await statusOf(request, intake)).toBe(401);
    intake.words[sender] = [secrets[sender], other];
    expect(await statusOf(request, intake)).not.toBe(401);
    expect(await statusOf(sign(body), intake)).not.toBe(401);
    intake.words[sender] = [];
    expect(await statusOf(request, intake)).toBe(401);
  });
});

describe.each([
  { scheme: 'standard-webhooks', sign: fromAcme },
  { scheme: 'stripe', sign: fromStripe },
])('A request signed by $scheme', ({ sign }) => {
  test.each([
    [-301, 401],
    [-300, 400],
    [300, 400],
    [301, 401],
  ])(
    '%i seconds from now is answered with %i (401: not signed; 400: signed, and no event)',
    async (seconds, status) => {
      const found = await statusOf(sign('[]', { at: NOW - (NOW % 1000) + seconds * 1000 }));
      expect(found).toBe(status);
    },
  );

  test('is refused where its time is no number of seconds', async () => {
    for (const bad of ['', 'now', '-1', '1.5', '1e9', ' 1795680000', '9'.repeat(400)]) {
      const headers = Object.fromEntries(
        Object.entries(sign(body).headers).map(([name, value]) => [
          name,
          name === 'webhook-timestamp' ? bad : String(value).replace(/^t=\d+/, `t=${bad}`),
        ]),
      );
      expect(await statusOf({ ...sign(body), headers })).toBe(401);
    }
  });
});

describe('Several signatures of one request', () => {
  test('are one of them right, as while a sender changes its secret', async () => {
    const request = fromAcme('[]');
    const signature = `v1,${'A'.repeat(43)}= v1a,x ${request.headers['webhook-signature']}`;
    expect(await statusOf({ ...request, headers: { ...request.headers, 'webhook-signature': signature } })).toBe(400);

    const stripe = fromStripe('[]');
    const [time, right] = String(stripe.headers['stripe-signature']).split(',');
    const header = `${time},v1=${'0'.repeat(64)},${right},v0=${'1'.repeat(64)}`;
    expect(await statusOf({ ...stripe, headers: { 'stripe-signature': header } })).toBe(400);
  });

  test('count only in the version that is known', async () => {
    const request = fromAcme('[]');
    const signature = String(request.headers['webhook-signature']).replace('v1,', 'v2,');
    expect(await statusOf({ ...request, headers: { ...request.headers, 'webhook-signature': signature } })).toBe(401);
    const header = String(fromStripe('[]').headers['stripe-signature']).replace('v1=', 'v0=');
    expect(await statusOf({ ...fromStripe('[]'), headers: { 'stripe-signature': header } })).toBe(401);
  });
});

test('A secret without bytes signs nothing', async () => {
  const intake = memoryIntake();
  intake.words.acme = ['whsec_', '='];
  const request = fromAcme('[]');
  const signed = `msg_1.${request.headers['webhook-timestamp']}.[]`;
  const signature = `v1,${createHmac('sha256', '').update(signed).digest('base64')}`;
  expect(await statusOf({ ...request, headers: { ...request.headers, 'webhook-signature': signature } }, intake)).toBe(
    401,
  );
});

test("Stripe's API key beside the secret signs nothing", async () => {
  const intake = memoryIntake();
  intake.words.checkout = ['rk_test_0123456789', secrets.checkout];
  expect(await statusOf(fromStripe('[]', { secret: 'rk_test_0123456789' }), intake)).toBe(401);
  expect(await statusOf(fromStripe('[]'), intake)).toBe(400);
});
