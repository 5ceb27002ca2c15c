import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { documentClient } from '../../lambdas/runtime/records.ts';
import type { Measurement } from '../../ops/estimate/calls.ts';
import { cancelRequested, output, publishAll, testOrder } from '../deployed/deployed-shop.ts';
import { CallCounter, itemBytes } from '../harness/call-counter.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { onePiece } from './after-confirmation.ts';
import { checkInvariants } from './check-invariants.ts';
import { connection, consumers, deployedFunction } from './deployed-functions.ts';
import { type Harness, useHarness } from './harness.ts';

// What `ops estimate` reckons with: `npm run test:faults -- calls-per-order -u` writes it anew.
const file = '../../ops/estimate/calls-per-order.json';
// Two full batches; per order more of them take the same.
const ORDERS = 20;

const harness = useHarness();

/** Hands messages out in batches of one size, to one consumer after the other, until there are none. */
async function handle(h: Harness, batch: number, counter: CallCounter): Promise<void> {
  for (let handed = 1; handed > 0; ) {
    handed = 0;
    for (const consumer of consumers) {
      const source = h.source(consumer);
      for (let before = -1; before !== source.invocations.length; ) {
        before = source.invocations.length;
        await source.poll(batch);
        handed += source.invocations.length - before;
      }
    }
  }
  for (const consumer of consumers) counter.recordInvocations(consumer, h.source(consumer).invocations.length);
}

async function tableNames(): Promise<Map<string, string>> {
  const { environment } = await deployedFunction('stock');
  return new Map([
    ...['Orders', 'Payments', 'Stock', 'Notifications', 'Shipments'].map((name): [string, string] => [
      output(`${name}TableName`),
      name.toLowerCase(),
    ]),
    [environment.RESERVATIONS_TABLE_NAME ?? '', 'reservations'],
  ]);
}

/** Counts what `publish` causes. */
async function counted(h: Harness, batch: number, publish: () => Promise<void>): Promise<CallCounter> {
  const counter = new CallCounter(await tableNames());
  const before = h.proxy.observe;
  h.proxy.observe = (call, answer) => {
    before(call, answer);
    counter.recordCall(call, answer);
  };
  await publish();
  await handle(h, batch, counter);
  h.proxy.observe = before;
  return counter;
}

async function measured(h: Harness, batch: number): Promise<Measurement> {
  const tables = await tableNames();
  const { sku } = testOrder();
  await h.ledger.stock(sku, ORDERS);
  const counter = await counted(h, batch, () =>
    h.ledger.place(Array.from({ length: ORDERS }, () => testOrder({ sku }))),
  );
  const { orders } = await checkInvariants(h);
  expect([...orders.values()].filter(({ status }) => status === 'CONFIRMED')).toHaveLength(ORDERS);

  const client = documentClient(new DynamoDBClient(connection()));
  const mine = new Set([...h.ledger.orders.keys(), sku]);
  for (const [table, name] of tables) {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
    const own = Items.filter((item) => mine.has(item.orderId) || mine.has(item.sku));
    counter.recordItemSizes(name, own.map(itemBytes));
  }
  return counter.perOrder(ORDERS, h.logged());
}

test('the calls per order match ops/estimate/calls-per-order.json', async () => {
  const batches: Record<string, Measurement> = {};
  for (const batch of [1, 10]) {
    await harness().reset(1);
    // What other tests left in the processes, an open circuit breaker above all, would be counted too.
    for (const instance of [...harness().instances.values()].flat()) instance.kill();
    batches[batch] = await measured(harness(), batch);
  }
  const about = `${ORDERS} orders of one line and one SKU, all confirmed; per order; the sandbox gateway's own table left out`;
  await expect(`${JSON.stringify({ about, batches }, null, 2)}\n`).toMatchFileSnapshot(file);
}, 120_000);

/** What is asked of orders that are confirmed and paid. */
const REQUESTS = {
  'a cancellation': (_: Harness, { orderId }: TestOrder) => cancelRequested(orderId),
  'a shipment': ({ ledger }: Harness, order: TestOrder) => ledger.ship(order),
  'a refund with its goods': ({ ledger }: Harness, order: TestOrder) =>
    ledger.refund(order, onePiece(order, 'r-1', true)),
};

test('the calls for what is asked after the confirmation stay as they are', async () => {
  const perRequest: Record<string, Record<string, Record<string, number>>> = {};
  for (const [name, request] of Object.entries(REQUESTS)) {
    const h = harness();
    await h.reset(1);
    for (const instance of [...h.instances.values()].flat()) instance.kill();
    const orders = Array.from({ length: 10 }, () => testOrder());
    for (const { sku } of orders) await h.ledger.stock(sku, 1);
    await h.ledger.place(orders);
    await h.settle();
    const counter = await counted(h, 1, () => publishAll(orders.map((order) => request(h, order))));
    const { consumers: calls } = counter.perOrder(orders.length, '');
    perRequest[name] = Object.fromEntries(Object.entries(calls).map(([consumer, one]) => [consumer, one.calls]));
    await checkInvariants(h);
  }
  expect(perRequest).toMatchInlineSnapshot(`
    {
      "a cancellation": {
        "notification": {
          "dynamodb.BatchExecuteStatement": 2,
          "dynamodb.BatchGetItem": 1,
          "events.PutEvents": 1,
          "sns.PublishText": 1,
        },
        "order": {
          "dynamodb.BatchExecuteStatement": 2,
          "dynamodb.BatchGetItem": 1,
          "events.PutEvents": 1,
          "sns.PublishBatch": 2,
        },
        "outcomes": {
          "dynamodb.BatchExecuteStatement": 4,
          "dynamodb.BatchGetItem": 2,
          "sns.PublishBatch": 2,
        },
        "payment": {
          "dynamodb.BatchExecuteStatement": 2,
          "events.PutEvents": 1,
        },
        "shipping": {
          "dynamodb.BatchExecuteStatement": 4,
        },
        "stock": {
          "dynamodb.BatchGetItem": 1,
          "dynamodb.TransactWriteItems": 1,
          "events.PutEvents": 1,
        },
      },
      "a refund with its goods": {
        "notification": {
          "dynamodb.BatchExecuteStatement": 2,
          "events.PutEvents": 1,
          "sns.PublishText": 1,
        },
        "order": {},
        "outcomes": {
          "dynamodb.BatchExecuteStatement": 4,
          "dynamodb.BatchGetItem": 2,
          "sns.PublishBatch": 2,
        },
        "payment": {
          "dynamodb.BatchExecuteStatement": 2,
          "events.PutEvents": 1,
        },
        "shipping": {
          "dynamodb.BatchExecuteStatement": 2,
        },
        "stock": {
          "dynamodb.BatchGetItem": 1,
          "dynamodb.TransactWriteItems": 1,
          "events.PutEvents": 1,
        },
      },
      "a shipment": {
        "notification": {
          "dynamodb.BatchGetItem": 1,
        },
        "order": {
          "dynamodb.BatchExecuteStatement": 2,
          "dynamodb.BatchGetItem": 1,
          "events.PutEvents": 1,
          "sns.PublishBatch": 1,
        },
        "outcomes": {},
        "payment": {
          "dynamodb.BatchExecuteStatement": 1,
        },
        "shipping": {
          "dynamodb.BatchExecuteStatement": 1,
        },
        "stock": {
          "dynamodb.BatchGetItem": 1,
          "dynamodb.TransactWriteItems": 1,
        },
      },
    }
  `);
}, 120_000);
