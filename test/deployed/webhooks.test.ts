import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { explain } from '../../ops/explain/explain.ts';
import { verify } from '../../ops/verify/verify.ts';
import { confirmed } from '../builders/events.ts';
import { decided, eventually, placed, publish, putOnBus, setStock, shop, testOrder } from './deployed-shop.ts';
import { runOps } from './ops.ts';
import { keyOf } from './suite-secrets.ts';
import { type Posted, receiverAt } from './webhook-receiver.ts';

const port = inject('webhookPort');
const { receivedAt, answer } = receiverAt(port);

type Endpoint = 'erp' | 'gone';

/** Waits until an endpoint got so many posts about an order, and returns them. */
const posts = (endpoint: Endpoint, orderId: string, count = 1): Promise<Posted[]> =>
  eventually(`${endpoint} got ${count} posts about ${orderId}`, async () => {
    const got = await receivedAt(`/${endpoint}`, orderId);
    return got.length >= count ? got : undefined;
  });

/** Verifies a post as a receiver does; returns its `webhook-id`. */
function verified(endpoint: Endpoint, { headers, body }: Posted): string {
  new Webhook(keyOf(endpoint)).verify(body, headers as Record<string, string>);
  return String(headers['webhook-id']);
}

/** Has the shop confirm an order, and returns it. */
async function confirmedOrder() {
  const order = testOrder();
  await setStock(order.sku, 1);
  await publish(placed(order));
  await decided(order.orderId);
  return order;
}

const listed = async (endpoint: Endpoint) => {
  const { result } = await runOps('webhooks', 'list');
  return result.find(({ name }: { name: string }) => name === endpoint);
};

describe('An event', () => {
  test('reaches each endpoint once, signed, under one webhook-id, and without anything personal', async () => {
    const { orderId, phone, token } = await confirmedOrder();
    const ids = await Promise.all(
      (['erp', 'gone'] as const).map(async (endpoint) => {
        const [post] = await posts(endpoint, orderId);
        if (post === undefined) throw new Error('There is no post');
        expect(post.headers['content-type']).toBe('application/json');
        expect(JSON.parse(post.body)).toMatchObject({ type: 'shop.order.confirmed.v1', subject: orderId });
        expect(post.body).not.toContain(phone.slice(1));
        expect(post.body).not.toContain(token);
        expect(post.body).not.toContain('customer');
        return verified(endpoint, post);
      }),
    );
    expect(new Set(ids).size).toBe(2);
    for (const endpoint of ['erp', 'gone'] as const) expect(await receivedAt(`/${endpoint}`, orderId)).toHaveLength(1);
  });

  test('arrives as it is, whatever its texts contain', async () => {
    const { orderId } = testOrder();
    const items = [{ sku: 'a "quoted" \\ back\\\\slash, <detail>, 의자 😀', quantity: 1 }];
    await putOnBus(confirmed({ orderId, items }));
    const [post] = await posts('erp', orderId);
    expect(JSON.parse(post?.body ?? '').data.items).toEqual(items);
  });

  test('comes again under the same id after an answer that is no success, with the same body', async () => {
    const order = testOrder();
    await answer('/erp', order.orderId, { status: 500 }, { status: 500 });
    await putOnBus(confirmed(order));
    const all = await posts('erp', order.orderId, 3);
    expect(new Set(all.map((post) => verified('erp', post))).size).toBe(1);
    expect(new Set(all.map(({ body }) => body)).size).toBe(1);
  });

  test('is posted again where a redirect was answered, and never to where that leads', async () => {
    const order = testOrder();
    await answer('/erp', order.orderId, { status: 307, location: `http://127.0.0.1:${port}/elsewhere` });
    await putOnBus(confirmed(order));
    await posts('erp', order.orderId, 2);
    expect(await receivedAt('/elsewhere', '')).toEqual([]);
  });
});

describe('An endpoint that answers 410', () => {
  afterEach(() => runOps('webhooks', 'enable', 'gone', '--yes'));

  test('is disabled, and gets what it missed once it is enabled; the other endpoint goes on', async () => {
    const first = testOrder();
    await answer('/gone', first.orderId, { status: 410 });
    await putOnBus(confirmed(first));
    await eventually('gone is disabled', async () => (await listed('gone')).enabled === false);
    expect(await listed('gone')).toMatchObject({ reason: expect.stringContaining('410') });
    expect(await listed('erp')).toMatchObject({ enabled: true });

    const { orderId: later } = testOrder();
    await putOnBus(confirmed({ orderId: later }));
    await posts('erp', later);
    const [letter] = await eventually('the later event is a dead letter', async () => {
      const { result } = await runOps('dlq', 'show', '--consumer', 'webhooks', '--order', later);
      return result.length > 0 ? result : undefined;
    });
    expect(letter).toMatchObject({ errorType: 'EndpointDisabledError' });
    expect(JSON.stringify(letter)).toContain('webhooks enable gone');
    expect(await receivedAt('/gone', later)).toEqual([]);

    expect((await runOps('webhooks', 'enable', 'gone', '--yes')).result).toMatchObject({
      changed: true,
      enabled: true,
    });
    expect((await runOps('dlq', 'redrive', '--consumer', 'webhooks', '--yes')).code).toBe(0);
    const [refused, again] = await posts('gone', first.orderId, 2);
    expect(again?.headers['webhook-id']).toBe(refused?.headers['webhook-id']);
    await posts('gone', later);
    expect(await receivedAt('/erp', later)).toHaveLength(1);
  });
});

test('A replay posts an event again, under the id that it had', async () => {
  const { orderId } = await confirmedOrder();
  const [first] = await posts('erp', orderId);
  const options = [
    'webhooks',
    'replay',
    'erp',
    '--from',
    '10m',
    '--order',
    orderId,
    '--type',
    'shop.order.confirmed.v1',
  ];
  await eventually('the archive has it', async () => (await runOps(...options, '--dry-run')).result.count === 1);
  expect(await runOps(...options)).toMatchObject({ code: 0, result: { count: 1, endpoint: 'erp' } });
  const [, again] = await posts('erp', orderId, 2);
  expect(again?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(again?.body).toBe(first?.body);
  expect(await receivedAt('/gone', orderId)).toHaveLength(1);
});

describe('webhooks test', () => {
  test('posts a signed test event, and tells the answer', async () => {
    const { code, result } = await runOps('webhooks', 'test', 'erp');
    expect({ code, result }).toMatchObject({ code: 0, result: { endpoint: 'erp', ok: true, status: 204 } });
    const [post] = await posts('erp', 'shop.webhooks.test');
    expect(post && verified('erp', post)).toBe(result.webhookId);
  });

  test('fails where the endpoint does not take it, and says what to do', async () => {
    await answer('/gone', 'shop.webhooks.test', { status: 401 });
    const { code, said, result } = await runOps('webhooks', 'test', 'gone');
    expect({ code, result }).toMatchObject({ code: 1, result: { ok: false, status: 401 } });
    expect(said).toContain('refuses the signature');
    expect(await listed('gone')).toMatchObject({ enabled: true });
  });
});

test('Each endpoint is a receiver of its own to explain, and a hop of its own to verify', async () => {
  const { routes } = await explain(shop, { type: 'shop.order.confirmed.v1' });
  const receivers = routes.filter(({ gets }) => gets === 'yes').map(({ to }) => to);
  expect(receivers).toEqual(expect.arrayContaining(['webhooks (erp)', 'webhooks (gone)']));
  const { hops } = await verify(shop);
  const own = hops.filter(({ from, to }) => `${from} ${to}`.includes('webhooks'));
  expect(own.filter(({ ok }) => !ok)).toEqual([]);
  expect(own.map(({ from, to, by }) => `${from} → ${to}, ${by}`).sort()).toEqual([
    'bus (erp) → webhooks dead letters, read',
    'bus (erp) → webhooks, probe',
    'bus (gone) → webhooks dead letters, read',
    'bus (gone) → webhooks, probe',
    'webhooks queue → webhooks dead letters, read',
    'webhooks → webhooks dead letters, probe',
  ]);
  expect(await receivedAt('/erp', 'shop.verify')).toEqual([]);
});

describe('An endpoint of another name', () => {
  test.each([['test'], ['enable']])('is refused by webhooks %s, with those that there are', async (command) => {
    const { code, said } = await runOps('webhooks', command, 'erpp', '--yes');
    expect(code).toBe(1);
    expect(said).toContain('There is no endpoint erpp; there are erp, gone. Did you mean erp?');
  });
});
