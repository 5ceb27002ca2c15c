import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { placeOrder, requestCancellation } from '../../../examples/outbox/place-order.ts';
import { engineEnvironment } from '../../../localstack/environment.ts';
import { capturedOnce, chargesOf, decided, eventually, output, paymentIs, setStock } from '../deployed-shop.ts';
import { missingPostgres, postgres, waitForExit } from '../postgres.ts';
import { type FaultPlan, unreliableSns } from '../unreliable-sns.ts';

const outbox = join(import.meta.dirname, '..', '..', '..', 'examples', 'outbox');
// Only PostgreSQL matters here, so one engine is enough: the faster one.
const reason = inject('engine') === 'ministack' ? missingPostgres : 'tested on MiniStack';
if (inject('engine') === 'ministack' && reason !== undefined)
  console.warn(`\n!!! The outbox is NOT TESTED: ${reason}\n`);

const order = () => ({
  orderId: `t-${ulid()}`,
  orderNumber: '#1029',
  customer: { id: 'c-7', phone: '+821012345678', locale: 'ko' },
  payment: { token: 'tok_visa' },
  items: [{ sku: 'KB-01', quantity: 1, unitPrice: 12000 }],
  charges: [{ kind: 'shipping', amount: 3000 }],
  total: { amount: 15000, currency: 'KRW' },
});

describe.skipIf(reason !== undefined)(`The outbox of a service with PostgreSQL${reason ? ` (${reason})` : ''}`, () => {
  let server: Awaited<ReturnType<typeof postgres>>;
  const relays: ChildProcess[] = [];

  beforeAll(async () => {
    if (inject('skip') !== '') return;
    server = await postgres();
    await server.database.query(await readFile(join(outbox, 'outbox.sql'), 'utf8'));
  }, 60_000);
  beforeEach(async () => {
    await server.database.query('TRUNCATE orders, outbox');
    await setStock('KB-01', 100);
  });
  afterEach(async () => {
    for (const child of relays.splice(0)) await waitForExit(child, () => child.kill('SIGKILL'));
  });
  afterAll(() => server?.end());

  const relay = (endpoint: string): ChildProcess => {
    const child = spawn(process.execPath, [join(outbox, 'relay.ts'), output('OrdersTopicArn')], {
      env: {
        ...engineEnvironment(endpoint),
        ...server.connection,
        PGAPPNAME: 'relay',
      },
      stdio: 'ignore',
    });
    relays.push(child);
    return child;
  };
  const count = async (condition: string) =>
    Number((await server.database.query(`SELECT count(*) FROM outbox WHERE ${condition}`)).rows[0]?.count);
  const allPublished = () =>
    eventually('the outbox is published', async () => (await count('published_at IS NULL')) === 0);
  const placeAll = async (orders: ReturnType<typeof order>[]) => {
    for (const one of orders) await placeOrder(server.database, one);
  };

  test('contains the event of every stored order and no other', async () => {
    const kept = order();
    await placeOrder(server.database, kept);
    await expect(placeOrder(server.database, kept)).rejects.toThrow('duplicate key');
    await expect(requestCancellation(server.database, 'nobody-placed-this', 'why not')).rejects.toThrow('foreign key');
    expect((await server.database.query('SELECT order_id FROM outbox')).rows).toEqual([{ order_id: kept.orderId }]);
  });

  test('publishes the same events again when its relay is killed before marking them as published', async () => {
    const orders = Array.from({ length: 5 }, order);
    await placeAll(orders);
    const killFirst: FaultPlan = ({ number }) =>
      number === 1 ? { lost: () => relays[0]?.kill('SIGKILL') } : undefined;
    await using sns = await unreliableSns(killFirst);
    await waitForExit(relay(sns.endpoint), () => {});
    expect(await count('published_at IS NULL')).toBe(5);
    relay(sns.endpoint);
    await allPublished();
    const [lost, again, ...others] = sns.calls.map((call) => call.orders.map(({ event }) => event));
    expect(again).toEqual(lost);
    expect(others).toEqual([]);
    for (const { orderId } of orders) {
      expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
      await paymentIs(orderId, 'captured');
      expect(await chargesOf(orderId)).toEqual(capturedOnce(15_000));
    }
  });

  test('is emptied by concurrent relays: one continues while another waits for SNS', async () => {
    const orders = Array.from({ length: 25 }, order);
    const second = Promise.withResolvers<void>();
    await using sns = await unreliableSns(async ({ number }) => {
      if (number === 2) second.resolve();
      await second.promise;
      return undefined;
    });
    relay(sns.endpoint);
    relay(sns.endpoint);
    const connected = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'relay'";
    await eventually(
      'both relays are there',
      async () => (await server.database.query(connected)).rows[0]?.count === '2',
    );
    await placeAll(orders);
    await allPublished();
    const sent = sns.calls.flatMap((call) => call.orders.map(({ orderId }) => orderId));
    expect(sent.toSorted()).toEqual(orders.map(({ orderId }) => orderId).toSorted());
  });

  test("publishes an order's event only after the previous one was accepted and does not delay other orders", async () => {
    const [late, other] = [order(), order()];
    await placeOrder(server.database, late);
    await requestCancellation(server.database, late.orderId, 'changed my mind');
    await placeOrder(server.database, other);
    await using sns = await unreliableSns(({ number, orders: [first] }) =>
      number <= 2 ? { failed: { [first?.entry ?? '']: { code: 'InternalError', senderFault: false } } } : undefined,
    );
    relay(sns.endpoint);
    await allPublished();
    const calls = sns.calls.map((call) => call.orders.map(({ orderId }) => orderId));
    expect(calls).toEqual([[late.orderId, other.orderId], [late.orderId], [late.orderId], [late.orderId]]);
    const [placed, ...rest] = sns.calls.map((call) => call.orders[0]?.event);
    expect(rest.slice(0, 2)).toEqual([placed, placed]);
    expect(rest[2]).not.toBe(placed);
  });

  test('keeps an event that SNS rejects with the reason, and the later events of its order', async () => {
    const [bad, good] = [order(), order()];
    await placeOrder(server.database, bad);
    await requestCancellation(server.database, bad.orderId, 'changed my mind');
    await placeOrder(server.database, good);
    await using sns = await unreliableSns(({ orders }) => {
      const entry = orders.find(({ orderId }) => orderId === bad.orderId)?.entry;
      return entry === undefined ? undefined : { failed: { [entry]: { code: 'InvalidParameter', senderFault: true } } };
    });
    relay(sns.endpoint);
    await eventually('the good order is published', async () => (await count('published_at IS NULL')) === 2);
    const [row] = (await server.database.query('SELECT order_id, refusal FROM outbox WHERE refusal IS NOT NULL')).rows;
    expect(row).toEqual({ order_id: bad.orderId, refusal: 'InvalidParameter says the test' });
    const sent = sns.calls.flatMap((call) => call.orders.map(({ orderId }) => orderId));
    expect(sent).toEqual([bad.orderId, good.orderId]);
  });

  test('publishes large events in several calls, and keeps one that no call can take with the reason, while other orders go on', async () => {
    const noted = (bytes: number) => ({ ...order(), note: 'ä'.repeat(bytes / 2) });
    const [large, tooLarge] = [Array.from({ length: 10 }, () => noted(40_000)), noted(300_000)];
    await placeOrder(server.database, tooLarge);
    await requestCancellation(server.database, tooLarge.orderId, 'changed my mind');
    await placeAll(large);
    const limit = 262_144;
    await using sns = await unreliableSns(({ bytes }) =>
      bytes > limit ? { status: 400, code: 'BatchRequestTooLong' } : undefined,
    );
    relay(sns.endpoint);
    await eventually('the large events are published', async () => (await count('published_at IS NULL')) === 2);
    const { rows } = await server.database.query(
      'SELECT order_id, type, refusal FROM outbox WHERE published_at IS NULL ORDER BY sequence',
    );
    expect(rows).toEqual([
      { order_id: tooLarge.orderId, type: 'shop.order.placed.v1', refusal: expect.stringContaining(`${limit} bytes`) },
      { order_id: tooLarge.orderId, type: 'shop.order.cancel-requested.v1', refusal: null },
    ]);
    // A call that is not answered in time is repeated.
    const sent = new Set(sns.calls.flatMap((call) => call.orders.map(({ orderId }) => orderId)));
    expect([...sent]).toEqual(large.map(({ orderId }) => orderId));
    expect(Math.max(...sns.calls.map(({ bytes }) => bytes))).toBeLessThanOrEqual(limit);
  });
});
