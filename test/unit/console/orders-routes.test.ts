import { createHash } from 'node:crypto';
import { marshall } from '@aws-sdk/util-dynamodb';
import { Hono } from 'hono';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { localTarget } from '../../../ops/aws-target.ts';
import type { OrderView, Scenarios } from '../../../ops/console/api/orders.ts';
import { answerError } from '../../../ops/console/server/actions.ts';
import type { Console } from '../../../ops/console/server/console.ts';
import { Jobs } from '../../../ops/console/server/jobs.ts';
import { ordersRoutes } from '../../../ops/console/server/orders.ts';
import { deployedShop } from '../../../ops/stack.ts';
import { type Answer, type SentRequest, standInForAws } from '../../harness/aws-stand-in.ts';

const QUEUES = 'http://127.0.0.1:9/000000000000';
const outputs = {
  OrdersTopicArn: 'arn:aws:sns:us-east-1:000000000000:Orders',
  SandboxGatewayTableName: 'Gateway',
  ...Object.fromEntries(
    ['Orders', 'Payments', 'Notifications', 'Stock', 'Reservations'].map((name) => [`${name}TableName`, name]),
  ),
  PaymentQueueUrl: `${QUEUES}/Payment`,
  PaymentDeadLetterQueueUrl: `${QUEUES}/PaymentDead`,
};
const time = '2026-11-21T09:00:00.000Z';
const placed = { time, type: 'shop.order.placed.v1', source: '/shop/checkout' };

type Records = { Orders?: { orderId: string } & Record<string, unknown>; Payments?: object; Reservations?: object };

/** The answers of a shop that knows one order. */
const shopAnswers = (records: Records, answers: Record<string, Answer> = {}): Record<string, Answer> => ({
  BatchGetItem: ({ body }: SentRequest) => {
    const asked: Record<string, { Keys: { orderId: { S: string } }[] }> = JSON.parse(body).RequestItems;
    const isKnown = (table: string) => asked[table]?.Keys.some(({ orderId }) => orderId.S === records.Orders?.orderId);
    const found = Object.entries(records).filter(([table]) => isKnown(table));
    return { Responses: Object.fromEntries(found.map(([table, record]) => [table, [marshall(record)]])) };
  },
  GetQueueAttributes: { Attributes: { ApproximateNumberOfMessages: '0' } },
  ListStackResources: '<StackResourceSummaries/>',
  PublishBatch: '<Successful/><Failed/>',
  Query: { Items: [] },
  ...answers,
});

const scenariosOf = async (app: Hono) => (await (await app.request('/api/scenarios')).json()) as Scenarios;

/** A console on an engine, without what keeps others out. */
function consoleOn(answers: Record<string, Answer>, given: Record<string, undefined> = {}) {
  const { requests } = standInForAws(answers);
  const named = Object.entries({ ...outputs, ...given }).filter(([, value]) => value !== undefined);
  const shop = deployedShop(localTarget('http://127.0.0.1:9'), {
    Outputs: named.map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
  });
  const logged: unknown[] = [];
  const app = new Hono();
  app.onError(answerError);
  const live = { refresh: async () => {} };
  const log = { path: '', write: async (entry: unknown) => void logged.push(entry) };
  ordersRoutes(app, { shop, actionsAllowed: true, jobs: new Jobs(), live, log } as unknown as Console);
  const post = (path: string, body: object) => app.request(path, { method: 'POST', body: JSON.stringify(body) });
  return { app, post, requests, logged };
}

const published = (requests: readonly SentRequest[]) =>
  requests
    .filter(({ action }) => action === 'PublishBatch')
    .map(({ body }) => JSON.parse(new URLSearchParams(body).get('PublishBatchRequestEntries.member.1.Message') ?? ''));

afterEach(() => vi.restoreAllMocks());

const orderId = 'o-1001';
const confirmed = { orderId, status: 'CONFIRMED', total: { amount: 12_000, currency: 'EUR' }, timeline: [placed] };
const captured = { orderId, state: 'captured', money: { amount: 12_000, currency: 'EUR' }, time };
const sold = { orderId, state: 'sold', lines: [{ sku: 'KB-01', quantity: 2 }], time };

describe('The list of orders', () => {
  const listed = (answers: Record<string, Answer> = {}) =>
    consoleOn(shopAnswers({ Orders: { ...confirmed, orderId } }, answers));

  test('is an array of the recent orders, and names its next page where there is one', async () => {
    let shards = 0;
    const Query = () => {
      shards += 1;
      return shards === 1 ? { Items: [marshall({ orderId, openSince: time })], LastEvaluatedKey: {} } : { Items: [] };
    };
    const { app } = listed({ Query });
    const response = await app.request('/api/orders');
    expect(await response.json()).toEqual([
      { orderId, status: 'CONFIRMED', total: { amount: 12_000, currency: 'EUR' }, placedAt: time },
    ]);
    const [, next = ''] =
      /^<(\/api\/orders\?before=[^>]+)>; rel="next"$/.exec(response.headers.get('Link') ?? '') ?? [];
    expect((await app.request(next)).status).toBe(200);
  });

  test('is found by an id, and empty where nothing is found', async () => {
    const { app } = listed();
    const find = async (text: string) => (await app.request(`/api/orders?find=${encodeURIComponent(text)}`)).json();
    expect(await find(orderId)).toMatchObject([{ orderId }]);
    expect(await find('#1029')).toEqual([]);
  });

  test('has no page that nobody was led to', async () => {
    const response = await listed().app.request('/api/orders?before=x');
    expect([response.status, await response.json()]).toEqual([400, { error: 'There is no such page of orders.' }]);
  });
});

describe('One order', () => {
  test.each(['#1029', 'gid://shopify/Order/5', '100%', 'a%2Fb'])('is found by its id %s', async (id) => {
    const { app } = consoleOn(shopAnswers({ Orders: { ...confirmed, orderId: id } }));
    const response = await app.request(`/api/orders/${encodeURIComponent(id)}`);
    expect(await response.json()).toMatchObject({ orderId: id, status: 'CONFIRMED', attempts: [] });
  });

  test('that nobody knows is not found, in a sentence', async () => {
    const response = await consoleOn(shopAnswers({})).app.request('/api/orders/o-none');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: expect.stringContaining('No order o-none is known at') });
  });

  test('has what can be refunded, in money and in goods', async () => {
    const returned = [{ refundId: 'r-1', lines: [{ sku: 'KB-01', quantity: 1, restock: true }], time }];
    const refunds = [{ refundId: 'r-1', amount: 5_000, state: 'done', refunded: 5_000, time }];
    const records = { Orders: confirmed, Payments: { ...captured, refunds }, Reservations: { ...sold, returned } };
    const response = await consoleOn(shopAnswers(records)).app.request(`/api/orders/${orderId}/view`);
    expect(await response.json()).toMatchObject({
      goods: [{ sku: 'KB-01', quantity: 2 }],
      refundable: {
        currency: 'EUR',
        captured: 12_000,
        refunded: 5_000,
        left: 7_000,
        goods: [{ sku: 'KB-01', quantity: 1 }],
      },
    });
  });

  test('that is not confirmed has nothing to refund', async () => {
    const records = { Orders: { ...confirmed, status: 'PLACED' }, Payments: { ...captured, state: 'authorized' } };
    const response = await consoleOn(shopAnswers(records)).app.request(`/api/orders/${orderId}/view`);
    expect(await response.json()).not.toHaveProperty('refundable');
  });
});

test('the dead letters of an order are searched again only when a queue has changed', async () => {
  let depth = 1;
  const body = JSON.stringify({ data: { orderId } });
  const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
  const reasons = { errorType: 'ContractError', errorMessage: 'data.items', consumer: 'payment', failedAt: time };
  const letter = {
    ...{ MessageId: 'm-1', Body: body, MD5OfBody: createHash('md5').update(body).digest('hex'), ReceiptHandle: 'r-1' },
    MessageAttributes: Object.fromEntries(Object.entries(reasons).map(([name, text]) => [name, attribute(text)])),
  };
  const { app, requests } = consoleOn(
    shopAnswers(
      { Orders: confirmed },
      {
        GetQueueAttributes: () => ({ Attributes: { ApproximateNumberOfMessages: String(depth) } }),
        ReceiveMessage: () => ({ Messages: [letter] }),
        ChangeMessageVisibilityBatch: { Successful: [{ Id: '0' }] },
      },
    ),
  );
  const lettersOf = async () => {
    const { trace } = (await (await app.request(`/api/orders/${orderId}/view`)).json()) as OrderView;
    return trace.deadLetters?.map(({ messageId }) => messageId);
  };
  const searches = () => requests.filter(({ action }) => action === 'ReceiveMessage').length;
  expect(await lettersOf()).toEqual(['m-1']);
  const once = searches();
  expect(await lettersOf()).toEqual(['m-1']);
  expect(searches()).toBe(once);
  depth = 0;
  expect(await lettersOf()).toBeUndefined();
});

describe('A test order', () => {
  test('has every outcome of the demonstration to choose from', async () => {
    const { app } = consoleOn({});
    const { scenarios, refusal } = await scenariosOf(app);
    expect(scenarios).toContainEqual({
      ...{ name: 'declined', story: 'card declined', status: 'CANCELLED', reason: 'payment-declined' },
    });
    expect(refusal).toBeUndefined();
  });

  test('is not to be had where orders are charged for real, and it is said why', async () => {
    const { app, post, requests } = consoleOn({}, { SandboxGatewayTableName: undefined });
    const { refusal } = await scenariosOf(app);
    expect(refusal).toContain('charges through a real payment gateway');
    const response = await post('/api/orders/place', { scenario: 'ko' });
    expect([response.status, await response.json()]).toEqual([400, { error: refusal }]);
    expect(requests).toEqual([]);
  });
});

describe('A refund', () => {
  const records = { Orders: confirmed, Payments: captured, Reservations: sold };
  const refund = { refundId: 'r-1', amount: 5_000, items: [{ sku: 'KB-01', quantity: 1, restock: true }] };

  test('is asked for as the command does, and tells what became of it', async () => {
    const done = { ...captured, refunds: [{ refundId: 'r-1', amount: 5_000, state: 'done', refunded: 5_000, time }] };
    const returned = { ...sold, returned: [{ refundId: 'r-1', lines: refund.items, time }] };
    const known: Records = { ...records };
    const PublishBatch = () => {
      Object.assign(known, { Payments: done, Reservations: returned });
      return '<Successful/><Failed/>';
    };
    const { post, requests, logged } = consoleOn(shopAnswers(known, { PublishBatch }));
    const response = await post(`/api/orders/${orderId}/refund`, { ...refund, reason: 'arrived broken' });
    expect(await response.json()).toMatchObject({
      refundId: 'r-1',
      payment: 'refunded',
      stock: 'returned',
      refunded: 5_000,
    });
    expect(published(requests)).toMatchObject([{ data: { orderId, ...refund, reason: 'arrived broken' } }]);
    // What a person wrote may be about a person.
    expect(JSON.stringify(logged)).not.toContain('broken');
    expect(logged).toMatchObject([{ input: { orderId, ...refund }, result: 'begun' }, { result: 'done' }]);
    // The same form once more, as by a double click or a request that is sent again.
    expect((await post(`/api/orders/${orderId}/refund`, refund)).status).toBe(200);
    expect(published(requests)).toHaveLength(1);
  });

  test.each([
    [{ ...refund, amount: 12_001 }, '€120.01 is more than is left of order o-1001'],
    [{ ...refund, items: [{ sku: 'KB-01', quantity: 3 }] }, 'Of KB-01, 2 pieces are left'],
    // Together more than was sold.
    [
      {
        ...refund,
        items: [
          { sku: 'KB-01', quantity: 2, restock: true },
          { sku: 'KB-01', quantity: 1 },
        ],
      },
      'Of KB-01, 2 pieces are left',
    ],
    [{ amount: 0 }, 'The amount may be 0 only where goods come back'],
    [{ refundId: 'r-1' }, 'amount: '],
  ])('that cannot be made (%#) is refused in a sentence, and nothing is published', async (body, sentence) => {
    const { post, requests } = consoleOn(shopAnswers(records));
    const response = await post(`/api/orders/${orderId}/refund`, body);
    expect([response.status, await response.json()]).toEqual([400, { error: expect.stringContaining(sentence) }]);
    expect(published(requests)).toEqual([]);
  });
});

describe('A cancellation', () => {
  test('tells what became of it', async () => {
    const known: Records = { Orders: confirmed };
    const PublishBatch = ({ body }: SentRequest) => {
      const [event] = published([{ body, action: 'PublishBatch', host: '', accessKeyId: undefined }]);
      const step = { time, type: event.type, source: event.source, id: `${event.source} ${event.id}` };
      known.Orders = { ...confirmed, status: 'CANCELLED', timeline: [placed, step] };
      return '<Successful/><Failed/>';
    };
    const { post, requests } = consoleOn(shopAnswers(known, { PublishBatch }));
    const response = await post(`/api/orders/${orderId}/cancel`, { reason: 'wrong size' });
    expect(await response.json()).toMatchObject({ orderId, outcome: 'cancelled', status: 'CANCELLED' });
    expect(published(requests)).toMatchObject([{ data: { orderId, reason: 'wrong size' } }]);
  });

  test('of an order that has shipped is refused with what to do instead', async () => {
    const { post } = consoleOn(shopAnswers({ Orders: { ...confirmed, dispatched: true } }));
    const response = await post(`/api/orders/${orderId}/cancel`, {});
    expect(await response.json()).toEqual({ error: expect.stringContaining('has shipped, so it is not cancelled') });
  });
});
