import { describe, expect, test } from 'vitest';
import { type OrderPlaced, orderPlaced } from '../../../contracts/order.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import { type Json, mapped, platformOrders } from '../../builders/platform-orders.ts';
import { fromShopify, fromStripe, memoryIntake, secrets } from './requests.ts';

function sample(name: string): { json: Json; event: OrderPlaced } {
  const found = platformOrders.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no order ${name}`);
  return { json: structuredClone(found.json), event: mapped(found) };
}

const stripeEvent = (object: Json, { type = 'checkout.session.completed', ...rest } = {}) =>
  fromStripe(JSON.stringify({ id: 'evt_1', object: 'event', type, data: { object }, ...rest }));

/** Returns a session as a webhook has it: without its lines, and its payment intent by id. */
function asSent({ line_items: _, payment_intent, ...session }: Json) {
  return { ...session, payment_intent: payment_intent?.id ?? null };
}

const publishedBy = (intake: ReturnType<typeof memoryIntake>) => intake.published.map((text) => JSON.parse(text));

describe('A Checkout Session of Stripe', () => {
  test.each(['stripe-checkout-paid', 'stripe-checkout-authorized', 'stripe-checkout-coupon-100'])(
    'that has its lines becomes the order that the mapping makes of it: %s',
    async (name) => {
      const intake = memoryIntake();
      const { json, event } = sample(name);
      expect(await intake.send(stripeEvent(json))).toMatchObject({ status: 202, body: { id: event.id } });
      expect(publishedBy(intake)).toEqual([parseEvent(JSON.stringify(event), [orderPlaced])]);
    },
  );

  test('without its lines, as a webhook has it, is read from Stripe with the key beside the secret', async () => {
    const { json, event } = sample('stripe-checkout-authorized');
    const asked: string[][] = [];
    const intake = memoryIntake({
      readSession: async (...given) => {
        asked.push(given);
        return json;
      },
    });
    intake.words.checkout = [secrets.checkout, 'rk_live_1'];
    expect(await intake.send(stripeEvent(asSent(json)))).toMatchObject({ status: 202, body: { id: event.id } });
    expect(asked).toEqual([[json.id, 'rk_live_1']]);
    expect(publishedBy(intake)).toEqual([expect.objectContaining({ source: '/shop/stripe-checkout' })]);
  });

  test('without its lines is refused where there is no key, and told what to do', async () => {
    const intake = memoryIntake();
    const { json } = sample('stripe-checkout-authorized');
    expect(await intake.send(stripeEvent(asSent(json)))).toEqual({
      status: 400,
      body: {
        problems: [
          { path: 'data.object.line_items', problem: expect.stringMatching(/^is missing: .*restricted key/) },
          { path: 'data.object.payment_intent', problem: expect.stringMatching(/^must be expanded .*restricted key/) },
        ],
      },
    });
    const partial = { ...json, line_items: { ...json.line_items, has_more: true } };
    expect(await intake.send(stripeEvent(partial))).toMatchObject({
      status: 400,
      body: { problems: [{ path: 'data.object.line_items', problem: expect.stringMatching(/only the first lines/) }] },
    });
  });

  test('that is paid needs only the id of its payment intent', async () => {
    const intake = memoryIntake();
    const { json, event } = sample('stripe-checkout-paid');
    await intake.send(stripeEvent({ ...json, payment_intent: json.payment_intent.id }));
    expect(publishedBy(intake)[0]?.data.payment).toEqual(event.data.payment);
  });

  test('is the same message where Stripe sends its event again with other particulars', async () => {
    const intake = memoryIntake();
    const { json } = sample('stripe-checkout-paid');
    const first = await intake.send(stripeEvent(json, { pending_webhooks: 2 } as object));
    const second = await intake.send(stripeEvent(json, { pending_webhooks: 1 } as object));
    expect(second).toEqual(first);
    expect(intake.published).toHaveLength(1);
  });

  test('of a subscription, and every other event, is accepted and ignored', async () => {
    const intake = memoryIntake();
    const { json } = sample('stripe-checkout-paid');
    const requests = [
      stripeEvent({ ...json, mode: 'subscription' }),
      stripeEvent({}, { type: 'payment_intent.succeeded' }),
    ];
    for (const request of requests)
      expect(await intake.send(request)).toMatchObject({
        status: 202,
        body: { ignored: expect.stringMatching(/^only .* becomes an order$/) },
      });
    expect(intake.published).toEqual([]);
  });
});

describe('An order of Shopify', () => {
  const payments: Record<string, OrderPlaced['data']['payment']> = {
    'shopify-paid': { kind: 'captured', reference: 'gid://shopify/Order/5820113604711' },
    'shopify-authorized': { kind: 'authorized', reference: 'gid://shopify/Order/5820113604712' },
    'shopify-bank-deposit': { kind: 'awaited' },
    'shopify-coupon-100': undefined,
  };

  test.each(Object.entries(payments))(
    'becomes an order, whose payment is found by the order itself: %s',
    async (name, payment) => {
      const intake = memoryIntake();
      const { json, event } = sample(name);
      expect(await intake.send(fromShopify(JSON.stringify(json.order)))).toMatchObject({
        status: 202,
        body: { id: `${json.order.admin_graphql_api_id}/placed` },
      });
      const [published] = publishedBy(intake);
      expect(published).toMatchObject({
        source: '/shop/shopify',
        data: { items: JSON.parse(JSON.stringify(event.data.items)) },
      });
      expect(published.data.payment?.kind).toBe(payment?.kind);
      if (payment !== undefined && 'reference' in payment)
        expect(published.data.payment.reference).toBe(json.order.admin_graphql_api_id);
    },
  );

  test('is the same message however often its webhook comes, under whatever id', async () => {
    const intake = memoryIntake();
    const request = fromShopify(JSON.stringify(sample('shopify-paid').json.order));
    for (const id of ['a', 'a', 'b'])
      expect(
        (await intake.send({ ...request, headers: { ...request.headers, 'x-shopify-webhook-id': id } })).status,
      ).toBe(202);
    expect(intake.published).toHaveLength(1);
  });

  test('with another total under the same id is refused', async () => {
    const intake = memoryIntake();
    const { order } = sample('shopify-authorized').json;
    await intake.send(fromShopify(JSON.stringify(order)));
    expect((await intake.send(fromShopify(JSON.stringify({ ...order, name: '#77' })))).status).toBe(409);
  });

  test.each(['voided', 'refunded'])('that is %s is accepted and ignored', async (financial_status) => {
    const intake = memoryIntake();
    const order = { ...sample('shopify-paid').json.order, financial_status };
    expect(await intake.send(fromShopify(JSON.stringify(order)))).toMatchObject({
      status: 202,
      body: { ignored: `the order is ${financial_status}` },
    });
    expect(intake.published).toEqual([]);
  });

  test('is taken where a proxy has dropped the header of its topic', async () => {
    const intake = memoryIntake();
    const request = fromShopify(JSON.stringify(sample('shopify-paid').json.order));
    const { 'x-shopify-topic': _, ...headers } = request.headers;
    expect(await intake.send({ ...request, headers })).toMatchObject({ status: 202, body: { id: expect.any(String) } });
    expect(intake.published).toHaveLength(1);
  });

  test('is ignored on any topic but orders/create', async () => {
    const intake = memoryIntake();
    const text = JSON.stringify(sample('shopify-paid').json.order);
    expect(await intake.send(fromShopify(text, 'orders/updated'))).toMatchObject({
      status: 202,
      body: { ignored: expect.any(String) },
    });
    expect(intake.published).toEqual([]);
  });
});

describe('What a platform sends in another shape', () => {
  const bodies = ['null', '[]', '{', '', '{"financial_status":"paid"}', '{"line_items":{}}', '\u0000'];

  test.each(bodies)('is a problem, and no failure of the intake: %j', async (text) => {
    const intake = memoryIntake();
    expect((await intake.send(fromShopify(text))).status).toBe(400);
    const lines = { data: [null] };
    for (const object of [tryJson(text), { line_items: lines, currency: 'usd' }, { line_items: lines }])
      expect((await intake.send(stripeEvent(object))).status).toBe(400);
    expect(intake.published).toEqual([]);
  });

  test('is a problem where its sums do not match, with both of them', async () => {
    const intake = memoryIntake();
    const { json } = sample('stripe-checkout-paid');
    expect(await intake.send(stripeEvent({ ...json, amount_total: 1 }))).toEqual({
      status: 400,
      body: {
        problems: [{ path: 'data.object', problem: expect.stringMatching(/^cannot become an order: The lines/) }],
      },
    });
  });

  test('is a problem of the order where it breaks the contract', async () => {
    const intake = memoryIntake();
    const { json } = sample('stripe-checkout-paid');
    expect(await intake.send(stripeEvent({ ...json, client_reference_id: 'with space' }))).toMatchObject({
      status: 400,
      body: { problems: [{ path: 'data.orderId' }] },
    });
  });
});

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
