import { execFile } from 'node:child_process';
import { createHmac, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { goodsOf } from '../../contracts/order.ts';
import { verifyIntake } from '../../ops/verify/intake.ts';
import { type Json, mapped, platformOrders } from '../builders/platform-orders.ts';
import { decided, orderOf, output, placed, setStock, shop, testOrder } from './deployed-shop.ts';
import { sendToIntake } from './intake-senders.ts';
import { intakeSecrets } from './suite-secrets.ts';

const webhook = new Webhook(intakeSecrets['intake-acme']);

/** Signs a body as the sender `acme` does. */
function signed(body: string, { id = `msg_${ulid()}`, at = new Date(), signer = webhook } = {}) {
  return {
    body,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signer.sign(id, at, body),
    },
  };
}

const minutesFromNow = (minutes: number) => new Date(Date.now() + minutes * 60_000);

/** Returns an order of a platform under an id of its own, as its webhook has it, and puts its goods on the shelves. */
async function platformOrder(name: string): Promise<{ orderId: string; json: Json }> {
  const found = platformOrders.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no order ${name}`);
  const { orderId } = mapped(found).data;
  const own = orderId.replace(/\d{6}$/, String(randomInt(1_000_000)).padStart(6, '0'));
  const json = JSON.parse(JSON.stringify(found.json).replaceAll(orderId, own));
  for (const { sku, quantity } of goodsOf(mapped(found).data.items)) await setStock(sku, quantity);
  return { orderId: own, json };
}

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'intake.md'), 'utf8');

/** Runs the shell example of the page for an order of its own, against the engine. */
async function runExample(order: string): Promise<unknown> {
  const [, example = ''] = /```sh\n(.*?)```/s.exec(page) ?? [];
  const host = output('IntakeUrl').split('/')[2];
  const { stdout } = await promisify(execFile)(
    'bash',
    ['-euc', `curl() { command curl -H "Host: ${host}" "$@"; }\n${example.replaceAll('acme-1001', order)}`],
    { env: { ...process.env, INTAKE_URL: `${shop.where}/`, ACME_SECRET: intakeSecrets['intake-acme'] } },
  );
  return JSON.parse(stdout);
}

describe('A message that is posted to the intake', () => {
  test('becomes an order that is confirmed, and is answered in the same way when it is posted again', async () => {
    // Its text is not ASCII, so that a function URL encodes it.
    const order = testOrder({ sku: `의자-${ulid()}` });
    await setStock(order.sku, 1);
    const message = placed(order);
    const request = signed(JSON.stringify(message));
    const answers = [await sendToIntake('acme', request), await sendToIntake('acme', request)];
    for (const { status, body } of answers) expect({ status, body }).toEqual({ status: 202, body: { id: message.id } });
    expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
    const { timeline = [] } = (await orderOf(order.orderId)) ?? {};
    expect(timeline[0]).toMatchObject({ type: 'shop.order.placed.v1', source: message.source });
  });

  test('may be signed and sent by a shell, as the page shows', async () => {
    const id = `acme-${ulid()}`;
    expect(await runExample(id)).toEqual({ id });
    expect(await decided(id)).toMatchObject({ total: { amount: 12_000, currency: 'KRW' } });
  });

  test('is refused with 409 where its id was used for another body', async () => {
    const message = placed(testOrder());
    const id = `msg_${ulid()}`;
    expect((await sendToIntake('acme', signed(JSON.stringify(message), { id }))).status).toBe(202);
    const otherBody = JSON.stringify(placed(testOrder()));
    expect((await sendToIntake('acme', signed(otherBody, { id }))).status).toBe(409);
    const otherOrder = JSON.stringify(placed(testOrder(), message.id));
    expect((await sendToIntake('acme', signed(otherOrder))).status).toBe(409);
  });

  test.each([
    ['forged', () => signed('{}', { signer: new Webhook(`whsec_${Buffer.from('another one').toString('base64')}`) })],
    ['six minutes late', () => signed('{}', { at: minutesFromNow(-6) })],
    ['six minutes early', () => signed('{}', { at: minutesFromNow(6) })],
    ['not signed', () => ({ body: '{}' })],
    ['changed after it was signed', () => ({ ...signed('{}'), body: '{ }' })],
  ])('is refused with 401 where it is %s', async (_, request) => {
    expect(await sendToIntake('acme', request())).toMatchObject({
      status: 401,
      body: { error: expect.stringMatching(/sign/) },
    });
  });

  test('is refused with every problem by path where it breaks its contract', async () => {
    const { data, ...message } = placed(testOrder());
    const broken = { ...message, id: '', data: { ...data, items: [{ sku: 'A', quantity: 0, unitPrice: -1 }] } };
    const { status, body } = await sendToIntake('acme', signed(JSON.stringify(broken)));
    expect(status).toBe(400);
    expect((body as { problems: { path: string }[] }).problems.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['id', 'data.items[0].quantity', 'data.items[0].unitPrice']),
    );
  });

  test('is refused where only the shop may say it', async () => {
    const { source, ...placedMessage } = placed(testOrder());
    const outcome = { ...placedMessage, source: '/shop/payment', type: 'shop.payment.authorized.v1' };
    expect(await sendToIntake('acme', signed(JSON.stringify(outcome)))).toMatchObject({
      status: 400,
      body: { problems: [{ path: 'type', problem: expect.stringMatching(/^must be one of shop\.order\.placed\.v1/) }] },
    });
    expect(source).not.toBe(outcome.source);
  });

  test('is refused where it is too large, or nobody posts there, or it is not posted', async () => {
    expect((await sendToIntake('acme', signed('x'.repeat(262_145)))).status).toBe(413);
    for (const path of ['', 'nobody', 'acme/', 'constructor'])
      expect((await sendToIntake(path, signed('{}'))).status, path).toBe(404);
    const { status, headers } = await sendToIntake('acme', { method: 'GET' });
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'POST' });
  });

  test('is refused with 429 beyond what its sender may post in a minute, and told when to come back', async () => {
    const answers = [];
    // Three a minute; a new minute may begin once.
    for (let request = 0; request < 7; request += 1) answers.push(await sendToIntake('slow', signed('{}')));
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused?.headers['retry-after'])).toBeLessThanOrEqual(60);
  });
});

describe("A platform's webhook", () => {
  const stripeRequest = (type: string, object: Json) => {
    const payload = JSON.stringify({ id: `evt_${ulid()}`, object: 'event', type, data: { object } });
    const secret = intakeSecrets['intake-checkout'];
    const header = Stripe.webhooks.generateTestHeaderString({ payload, secret });
    return { body: payload, headers: { 'stripe-signature': header } };
  };
  const shopifyRequest = (topic: string, order: Json) => {
    const body = JSON.stringify(order);
    const hmac = createHmac('sha256', intakeSecrets['intake-storefront']).update(body).digest('base64');
    return { body, headers: { 'x-shopify-topic': topic, 'x-shopify-hmac-sha256': hmac } };
  };

  test.each(['shopify-paid', 'shopify-authorized', 'shopify-coupon-100'])(
    'of Shopify becomes an order that is confirmed: %s',
    async (name) => {
      const { orderId, json } = await platformOrder(name);
      const request = shopifyRequest('orders/create', json.order);
      const answers = [await sendToIntake('storefront', request), await sendToIntake('storefront', request)];
      for (const { status, body } of answers)
        expect({ status, body }).toEqual({ status: 202, body: { id: `${orderId}/placed` } });
      expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
      expect((await orderOf(orderId))?.timeline[0]).toMatchObject({ source: '/shop/shopify' });
    },
  );

  test.each(['stripe-checkout-paid', 'stripe-checkout-authorized', 'stripe-checkout-coupon-100'])(
    'of Stripe becomes an order that is confirmed: %s',
    async (name) => {
      const { orderId, json } = await platformOrder(name);
      const request = stripeRequest('checkout.session.completed', json);
      const { status, body } = await sendToIntake('checkout', request);
      expect({ status, body }).toEqual({ status: 202, body: { id: `${orderId}/placed` } });
      expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
      expect((await orderOf(orderId))?.timeline[0]).toMatchObject({ source: '/shop/stripe-checkout' });
    },
  );

  test('that tells of something else is accepted, so that the platform goes on, and ignored', async () => {
    const other = [
      await sendToIntake('checkout', stripeRequest('payment_intent.created', {})),
      await sendToIntake('storefront', shopifyRequest('orders/updated', {})),
    ];
    for (const { status, body } of other)
      expect({ status, body }).toEqual({ status: 202, body: { ignored: expect.stringMatching(/becomes an order/) } });
  });

  test("is refused where another platform's secret signed it", async () => {
    const forged = { ...shopifyRequest('orders/create', {}), body: '{ }' };
    expect((await sendToIntake('storefront', forged)).status).toBe(401);
    expect((await sendToIntake('checkout', signed('{}'))).status).toBe(401);
  });
});

test('`ops verify` finds that each sender is known, with its secret, and nobody else', async () => {
  const hops = await verifyIntake(shop);
  expect(hops).toEqual(
    ['acme', 'checkout', 'storefront', 'slow', 'nobody'].map((sender) => ({
      from: 'HTTP',
      to: `intake of ${sender}`,
      ok: true,
      by: 'probe',
      milliseconds: expect.any(Number),
    })),
  );
});
