import type { PublishBatchCommand } from '@aws-sdk/client-sns';
import fc from 'fast-check';
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { openShard, openShards } from '../../../lambdas/order/open-orders.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { nextOrder } from '../../../lambdas/order/rules.ts';
import { SANDBOX_STATE_KEY } from '../../../lambdas/payment/sandbox-book.ts';
import type { ConnectStripe } from '../../../lambdas/payment/stripe-caller.ts';
import { stripeGateway } from '../../../lambdas/payment/stripe-gateway.ts';
import { receiptKey } from '../../../lambdas/runtime/delivery.ts';
import { openFence } from '../../../lambdas/runtime/fence.ts';
import { extractLogFields } from '../../../lambdas/runtime/log-fields.ts';
import { outcomeLogLines } from '../../../lambdas/runtime/outcome.ts';
import { lifecyclePublisher } from '../../../lambdas/runtime/publish.ts';
import { dynamoRecordStore } from '../../../lambdas/runtime/records.ts';
import { delivery, sqsRecord } from '../../builders/deliveries.ts';
import { cancelRequested, placed, priced, progressed } from '../../builders/events.ts';
import { orderIds, skus } from '../../builders/orders.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { SimulatedShop } from '../../builders/simulated-shop.ts';

quietLog();

/** What the shop appends to an order's id, which another order's id may end in too. */
const SUFFIXES = [
  '.1',
  '.authorized',
  '.confirmed',
  '.cancelled',
  '.voided',
  '.delayed',
  '.captured',
  '.refunded',
  '.refund-due',
  '.order-confirmed',
  '.order-confirmed.refused',
  '.refused',
  '.deadline-passed',
  '.shop.stock.reserved.v1',
  '/card',
  '/intent',
  '/capture',
  '/cancel/refund',
  '/refund',
  '/2',
];

/** Generates different order ids: one may be another with something the shop appends to ids, in other letters or with other punctuation. */
const severalIds = fc
  .tuple(orderIds, orderIds, fc.array(fc.constantFrom(...SUFFIXES), { minLength: 1, maxLength: 2 }))
  .map(([one, other, suffixes]) => [
    one,
    other,
    `${one}${suffixes.join('')}`,
    one.toLowerCase(),
    one.replaceAll(/\W/g, '.'),
  ])
  .map((ids) => ids.filter((id) => id.length <= 64))
  .map((ids) => [...new Set(ids)]);

describe('Whatever the ids and SKUs of several orders are', () => {
  test('each is decided, with money, goods, texts and a shipment of its own, and no two events share an id', {
    timeout: 30_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        severalIds,
        fc.uniqueArray(skus, { minLength: 2, maxLength: 2 }),
        async (ids, [one = '', other = '']) => {
          const shop = new SimulatedShop(
            Object.fromEntries([
              [one, 100],
              [other, 100],
            ]),
          );
          const [cancelledId = '', ...boughtIds] = ids;
          shop.simulation.send(cancelRequested({ orderId: cancelledId }));
          for (const orderId of ids)
            shop.simulation.send(placed({ orderId, items: [priced(one, 2), priced(other, 1)] }));
          await shop.simulation.run([]);

          expect(shop.simulation.deadLetters).toEqual([]);
          for (const orderId of boughtIds) {
            expect(shop.orders.items.get(orderId)?.status).toBe('CONFIRMED');
            const entries = (['authorization', 'capture', 'void', 'refund'] as const).map(
              (kind) => shop.gateway.entries(kind, orderId).length,
            );
            expect(entries).toEqual([1, 1, 0, 0]);
            expect(shop.shipments.items.get(orderId)?.status).toBe('CONFIRMED');
            expect(shop.texts).toContain(`${orderId} order-confirmed`);
          }
          expect(shop.orders.items.get(cancelledId)).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
          expect(shop.gateway.entries('capture', cancelledId)).toEqual([]);
          const sold = boughtIds.length;
          expect(shop.stock.shelf(one)).toEqual({ sku: one, available: 100 - 2 * sold, reserved: 0, sold: 2 * sold });
          expect(shop.stock.shelf(other)).toEqual({ sku: other, available: 100 - sold, reserved: 0, sold });

          const owners = new Map<string, string>();
          const own = (key: string, owner: string) => {
            expect(owners.get(key) ?? owner, key).toBe(owner);
            owners.set(key, owner);
          };
          for (const { id, source, type, subject = '' } of shop.simulation.published)
            own(`${source} ${id}`, `${type} ${subject}`);
          for (const { orderId, sequence } of shop.feed)
            own(`${orderId}.${sequence}`, `step ${sequence} of ${orderId}`);
          expect(owners.size).toBeGreaterThan(5 * ids.length);
        },
      ),
      { numRuns: 100, interruptAfterTimeLimit: 6_000 },
    );
  });

  test('Stripe gets keys of at most 255 characters that belong to one order, metadata of at most 500, and queries that find it', async () => {
    await fc.assert(
      fc.asyncProperty(severalIds, async (ids) => {
        const owners = new Map<string, string>();
        for (const orderId of ids) {
          const { keys, queries, metadata } = await sentToStripe(orderId);
          expect(keys).toHaveLength(14);
          for (const key of keys) {
            expect(key).toMatch(/^[!-~]{1,255}$/);
            expect(owners.get(key) ?? orderId, key).toBe(orderId);
            owners.set(key, orderId);
          }
          expect(metadata).toContain(orderId);
          for (const value of metadata) expect(value.length).toBeLessThanOrEqual(500);
          expect(queries).toEqual([`metadata['order']:'Shop-prod/${orderId}'`]);
        }
      }),
      { numRuns: 50 },
    );
  });
});

/** Makes every kind of call for an order's payment where Stripe fails once under each kind of key, and returns what it got. */
async function sentToStripe(orderId: string) {
  const keys: string[] = [];
  const metadata: string[] = [];
  const queries: string[] = [];
  type Options = { idempotencyKey: string };
  type Parts = { metadata: Record<string, string> };
  const answer = <Answer>(idempotencyKey: string, value: Answer): Answer => {
    keys.push(idempotencyKey);
    // The failure is saved under the first key, so that the gateway moves on to the next.
    if (!idempotencyKey.endsWith('/2'))
      throw new Stripe.errors.StripeAPIError({
        type: 'api_error',
        message: 'saved',
        statusCode: 500,
        headers: { 'idempotent-replayed': 'true' },
      });
    return value;
  };
  const id = `pi_${Buffer.from(orderId).toString('hex')}`;
  let intent = { id, status: 'requires_capture', currency: 'krw', amount_capturable: 12_000, amount_received: 0 };
  const client = {
    paymentMethods: {
      create: async (_: object, { idempotencyKey }: Options) => answer(idempotencyKey, { id: 'pm_1' }),
    },
    paymentIntents: {
      create: async (parts: Parts, { idempotencyKey }: Options) => {
        metadata.push(...Object.values(parts.metadata));
        return answer(idempotencyKey, { id });
      },
      retrieve: async () => intent,
      confirm: async (_: string, __: object, { idempotencyKey }: Options) => answer(idempotencyKey, intent),
      capture: async (_: string, parts: Parts, { idempotencyKey }: Options) => {
        metadata.push(...Object.values(parts.metadata));
        intent = { ...answer(idempotencyKey, intent), status: 'succeeded', amount_received: 12_000 };
        return intent;
      },
      search: async ({ query }: { query: string }) => {
        queries.push(query);
        return { data: [] };
      },
    },
    refunds: {
      list: () => ({ autoPagingToArray: async () => [] }),
      create: async (parts: Parts, { idempotencyKey }: Options) => {
        metadata.push(...Object.values(parts.metadata));
        return answer(idempotencyKey, { status: 'succeeded' });
      },
    },
  };
  const connect = (() => (use: (stripe: unknown) => unknown) => use(client)) as unknown as ConnectStripe;
  const gateway = stripeGateway(connect, 'Shop-prod');
  const money = { amount: 12_000, currency: 'KRW' };
  await gateway.authorize({ orderId, token: 'tok_visa', money }, {}, openFence);
  await gateway.capture(orderId, money, { reference: id }, openFence);
  for (const refundId of ['cancel', 'card', 'a/refund'])
    await gateway.refund(orderId, refundId, money, { reference: id }, openFence);
  await gateway.find(orderId, {}, openFence);
  return { keys, metadata, queries };
}

describe('Whatever the id of an order is', () => {
  const forAll = (check: (orderId: string) => void | Promise<void>) =>
    fc.assert(
      fc.asyncProperty(orderIds, async (orderId) => check(orderId)),
      { numRuns: 300 },
    );

  // https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: 128 alphanumeric characters and punctuation.
  test('the lifecycle topic takes its steps: their group and deduplication ids', () =>
    forAll(async (orderId) => {
      const sent: PublishBatchCommand['input'][] = [];
      const client = { send: async ({ input }: PublishBatchCommand) => void sent.push(input) };
      await lifecyclePublisher('topic', client as never)([progressed({ orderId, sequence: 12_345 })]);
      const [entry] = sent[0]?.PublishBatchRequestEntries ?? [];
      expect(entry?.MessageGroupId).toBe(orderId);
      expect(entry?.MessageGroupId).toMatch(/^[!-~]{1,128}$/);
      expect(entry?.MessageDeduplicationId).toMatch(/^[!-~]{1,128}$/);
    }));

  test('it is no key of the tables’ other items', () =>
    forAll((orderId) => {
      expect(SANDBOX_STATE_KEY.orderId).not.toBe(orderId);
      expect(receiptKey(orderId)).not.toBe(orderId);
      expect(orderId).not.toMatch(/ /);
    }));

  test('it is a parameter of each statement, and not part of it', () =>
    forAll(async (orderId) => {
      const statements: { Statement: string; Parameters: unknown[] }[] = [];
      const client = {
        send: async ({ input }: { input: { Statements: typeof statements } }) => {
          statements.push(...input.Statements);
          return { Responses: input.Statements.map(() => ({})) };
        },
      };
      const store = dynamoRecordStore<Order>('orders', client as never);
      const record = nextOrder(undefined, delivery(placed({ orderId })), new Date()).after as Order;
      await store.save([
        { before: undefined, after: record },
        { before: record, after: { ...record, published: 1 } },
      ]);
      await store.advanceTo('published', new Map([[orderId, 2]]));
      expect(statements).toHaveLength(3);
      for (const { Statement, Parameters } of statements) {
        expect(Statement).toMatch(
          /^(INSERT INTO "orders" VALUE \{('\w+': \?(, )?)+\}|UPDATE "orders" (SET "\w+" = \? ?)+ ?WHERE "orderId" = \? AND "\w+" [<=] \?)$/,
        );
        expect(Parameters).toContain(orderId);
      }
    }));

  test('the sweep finds it in one shard of each kind', () =>
    forAll((orderId) => {
      for (const state of ['open', 'reminded', 'until'] as const)
        expect(openShards).toContain(openShard(state, orderId));
    }));

  test('its log line is one line of JSON that names it', () =>
    forAll((orderId) => {
      const attempt = {
        record: sqsRecord(placed({ orderId })),
        event: placed({ orderId }),
        published: [],
        startedAt: 0,
        endedAt: 1,
      };
      const [line = '', ...others] = outcomeLogLines('order', [{ ...attempt, outcome: { kind: 'done' } }]);
      expect(others).toEqual([]);
      expect(line).not.toContain('\n');
      expect(JSON.parse(line).orderId).toBe(orderId);
      // The search for an order's lines looks for its id as it is.
      expect(line).toContain(`"orderId":"${orderId}"`);
    }));

  test('it is read out of a message that breaks its contract, unless it looks like a phone number', () =>
    forAll((orderId) => {
      const expected = /\+\d{6,15}/.test(orderId) ? undefined : orderId;
      const escaped = JSON.stringify(orderId).replaceAll('/', '\\/').replaceAll('<', '\\u003c');
      expect(extractLogFields(JSON.stringify({ data: { orderId } })).orderId).toBe(expected);
      expect(extractLogFields(JSON.stringify({ subject: orderId })).orderId).toBe(expected);
      expect(extractLogFields(`{"data":{"orderId": ${escaped},`).orderId).toBe(expected);
    }));
});

test('A trace that a publisher began goes on through every event, with what vendors have added to it', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const tracestate = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE';
  const shop = new SimulatedShop({ A: 5 });
  const context = { traceparent, tracestate };
  shop.simulation.send({ ...placed({ orderId: 'o-1', items: [priced('A')] }), ...context });
  shop.simulation.send({ ...cancelRequested({ orderId: 'o-2' }), ...context });
  shop.simulation.send({ ...placed({ orderId: 'o-2', items: [priced('A')] }), ...context });
  shop.simulation.send(placed({ orderId: 'o-3', items: [priced('A')] }));
  await shop.simulation.run([]);
  expect(shop.orders.items.get('o-1')).toMatchObject(context);

  const ofOrder = (orderId: string) =>
    shop.simulation.published.filter(({ subject }: CloudEvent) => subject === orderId);
  expect(ofOrder('o-1').length).toBeGreaterThan(3);
  for (const event of [...ofOrder('o-1'), ...ofOrder('o-2')]) {
    expect(event).toMatchObject({
      traceparent: expect.stringMatching(/^00-0af7651916cd43dd8448eb211c80319c-/),
      tracestate,
    });
    expect(event.traceparent).not.toBe(traceparent);
  }
  for (const event of ofOrder('o-3')) expect(event).not.toHaveProperty('tracestate');
});
