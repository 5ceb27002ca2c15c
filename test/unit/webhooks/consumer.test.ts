import { randomBytes } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test, vi } from 'vitest';
import { circuitBreaker } from '../../../lambdas/runtime/circuit-breaker.ts';
import { UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { openFence } from '../../../lambdas/runtime/fence.ts';
import { probeTypeOf } from '../../../lambdas/runtime/probe.ts';
import { endpointDelivery, signedPost } from '../../../lambdas/webhooks/endpoint.ts';
import type { EndpointRecord } from '../../../lambdas/webhooks/endpoint-record.ts';
import { endpointHealth } from '../../../lambdas/webhooks/health.ts';
import { type Post, poster } from '../../../lambdas/webhooks/post.ts';
import { postTestEvent } from '../../../lambdas/webhooks/test-event.ts';
import { webhooksConsumer } from '../../../lambdas/webhooks/webhooks-consumer.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import { MemoryEndpointTable } from '../../builders/endpoint-table.ts';
import { cancelled, confirmed, placed } from '../../builders/events.ts';
import { type Answering, HostileServer } from '../../builders/hostile-server.ts';
import { NONCE, probeBody } from '../../builders/probes.ts';
import { quietLog } from '../../builders/quiet-log.ts';

const log = quietLog();
const logged = () => log.lines.map((line): Record<string, unknown> => JSON.parse(line));

const KEY = `whsec_${randomBytes(32).toString('base64')}`;
const EVENT = cancelled({ orderId: 'o-1' });

type Given = {
  record?: Omit<EndpointRecord, 'endpoint'>;
  readKeys?: () => Promise<readonly string[]>;
  callSeconds?: number;
};

/** The function with endpoints whose paths are their names at one server; `given` says what differs for each. */
function webhooks(base: string, given: Readonly<Record<string, Given>>, post?: Post) {
  const outside = consumerDependencies();
  const posting = post ?? poster([new URL(base).host]);
  const tables = new Map<string, MemoryEndpointTable>();
  const connections = new Map(
    Object.entries(given).map(([name, { readKeys = async () => [KEY] }]) => [
      name,
      async () => signedPost({ name, url: `${base}/${name}?token=tok_1` }, await readKeys(), posting),
    ]),
  );
  const deliveries = Object.entries(given).map(([name, { record, callSeconds = 10 }]) => {
    const table = new MemoryEndpointTable(record && { endpoint: name, ...record });
    tables.set(name, table);
    const connect = connections.get(name) ?? (() => Promise.reject(new Error('no such endpoint')));
    const breaker = circuitBreaker({ downstream: `endpoint ${name}`, callSeconds, random: () => 1 });
    return [
      name,
      endpointDelivery({ name, connect, health: endpointHealth(name, table, () => Date.now()), breaker }),
    ] as const;
  });
  const receive = webhooksConsumer(outside.queue, new Map(deliveries));
  return { outside, tables, connections, receive: (...records: SQSRecord[]) => receive({ Records: records }) };
}

const message = (endpoint: string, event: unknown = EVENT, parts: Parameters<typeof sqsRecord>[1] = {}) =>
  sqsRecord({ endpoint, event }, parts);

const accepts: Answering = (response) => void response.writeHead(204).end();
const answers =
  (status: number, headers = {}): Answering =>
  (response) =>
    void response.writeHead(status, headers).end('secret of the receiver');

/** Serves endpoints, and the function that posts to them. */
async function served(paths: Readonly<Record<string, Answering>>, given?: Readonly<Record<string, Given>>) {
  const server = await HostileServer.start(
    Object.fromEntries(Object.entries(paths).map(([name, answering]) => [`/${name}`, answering])),
  );
  const endpoints = given ?? Object.fromEntries(Object.keys(paths).map((name) => [name, {}]));
  return {
    server,
    ...webhooks(`http://127.0.0.1:${server.port}`, endpoints),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe('A message', () => {
  test('is posted, verified by its receiver, and done', async () => {
    await using shop = await served({ erp: accepts });
    expect(await shop.receive(message('erp'))).toEqual({ batchItemFailures: [] });
    const [received] = shop.server.received;
    const headers = Object.fromEntries(Object.entries(received?.headers ?? {}).map(([k, v]) => [k, String(v)]));
    expect(new Webhook(KEY).verify(received?.body ?? '', headers)).toEqual(EVENT);
    expect(shop.tables.get('erp')?.calls).toEqual(['read']);
    expect(logged()).toMatchObject([
      { message: 'done', consumer: 'webhooks', endpoint: 'erp', orderId: 'o-1', eventType: EVENT.type },
      { message: 'batch', consumer: 'webhooks', Done: 1, Retried: 0, DeadLettered: 0 },
    ]);
  });

  test('has the same webhook-id and body at every try, and another id at another endpoint', async () => {
    await using shop = await served({ erp: accepts, crm: accepts });
    await shop.receive(message('erp'));
    await shop.receive(message('erp', EVENT, { attempt: 7 }), message('crm'));
    const of = (path: string) => shop.server.received.filter((one) => one.path.startsWith(path));
    const [first, second] = of('/erp');
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body).toBe(first?.body);
    expect(of('/crm')[0]?.headers['webhook-id']).not.toBe(first?.headers['webhook-id']);
  });

  test('is dead-lettered as it came, with a reason that says what to do, where its endpoint is disabled', async () => {
    const record = { disabledAt: '2026-11-27T12:00:00.000Z', disabledReason: 'it answered 410 Gone' };
    await using shop = await served({ erp: accepts }, { erp: { record } });
    const lettered = message('erp');
    expect(await shop.receive(lettered)).toEqual({ batchItemFailures: [] });
    expect(shop.outside.deadLetters).toEqual([
      {
        record: lettered,
        errorType: 'EndpointDisabledError',
        errorMessage:
          'The endpoint erp is disabled since 2026-11-27T12:00:00.000Z: it answered 410 Gone. Once it takes events again, `ops webhooks enable erp`, then `ops dlq redrive --consumer webhooks`.',
      },
    ]);
    expect(shop.server.received).toEqual([]);
  });

  test('disables an endpoint that answers 410, and is dead-lettered; so are those behind it, without a call', async () => {
    await using shop = await served({ erp: answers(410) });
    await shop.receive(message('erp'));
    await shop.receive(message('erp', confirmed({ orderId: 'o-2' })));
    expect(shop.outside.deadLetters.map(({ errorType }) => errorType)).toEqual([
      'EndpointGoneError',
      'EndpointDisabledError',
    ]);
    expect(shop.server.received).toHaveLength(1);
    expect(logged().filter(({ WebhookEndpointDisabled }) => WebhookEndpointDisabled === 1)).toHaveLength(1);
  });

  test.each([
    ['names no endpoint of the settings', { endpoint: 'crm', event: EVENT }, 'UnknownEndpointError'],
    ['is no envelope', EVENT, 'ContractError'],
    ['has an event of the topic', { endpoint: 'erp', event: placed({ orderId: 'o-1' }) }, 'ContractError'],
    ['is no JSON', 'erp', 'ContractError'],
  ])('is dead-lettered where it %s', async (_, body, errorType) => {
    await using shop = await served({ erp: accepts });
    await shop.receive(sqsRecord(body));
    expect(shop.outside.deadLetters).toMatchObject([{ errorType }]);
    expect(shop.server.received).toEqual([]);
  });

  test('is dead-lettered where its endpoint has a private address, and says how the settings allow it', async () => {
    await using server = await HostileServer.start({});
    const shop = webhooks(`https://localhost:${server.port}`, { erp: {} }, poster([]));
    await shop.receive(message('erp'));
    expect(shop.outside.deadLetters).toMatchObject([
      {
        errorType: 'AddressRefusedError',
        errorMessage: `localhost:${server.port} has an address that is not public; \`webhooks.allowPrivate\` of the settings may name localhost:${server.port}`,
      },
    ]);
    expect(server.connections).toBe(0);
  });

  test('is retried without a call, and says nothing of the endpoint, where the keys cannot be read', async () => {
    const readKeys = () => Promise.reject(new UnavailableError('The secret of endpoint erp could not be read: x'));
    await using shop = await served({ erp: accepts }, { erp: { readKeys } });
    const { batchItemFailures } = await shop.receive(message('erp'));
    expect(batchItemFailures).toHaveLength(1);
    expect(shop.server.received).toEqual([]);
    expect(shop.tables.get('erp')?.calls).toEqual(['read']);
  });

  test('is not retried before Retry-After', async () => {
    await using shop = await served({ erp: answers(503, { 'retry-after': '900' }) });
    await shop.receive(message('erp'));
    expect(shop.outside.postponed).toMatchObject([{ seconds: 900 }]);
  });
});

describe('An endpoint', () => {
  test.each<[string, Answering, RegExp]>([
    ['answers 500', answers(500), /^The endpoint erp answered 500$/],
    ['answers 400', answers(400), /^The endpoint erp answered 400$/],
    [
      'redirects to this machine',
      answers(302, { location: 'http://127.0.0.1/' }),
      /^The endpoint erp answered 302: a redirect is not followed$/,
    ],
    ['resets', (_, socket) => socket.resetAndDestroy(), /^The endpoint erp gave no answer: ECONNRESET$/],
    [
      'sends huge headers',
      answers(200, { x: 'x'.repeat(20_000) }),
      /^The endpoint erp gave no answer: HPE_HEADER_OVERFLOW$/,
    ],
  ])(
    'that %s is tried again, once for each receipt, and the log has neither its answer nor its query',
    async (_, answering, reason) => {
      await using shop = await served({ erp: answering });
      const { batchItemFailures } = await shop.receive(message('erp'));
      expect(batchItemFailures).toHaveLength(1);
      expect(shop.outside.postponed).toHaveLength(1);
      expect(shop.server.received).toHaveLength(1);
      expect(logged()[0]).toMatchObject({
        message: 'will be tried again',
        errorMessage: expect.stringMatching(reason),
      });
      expect(log.lines.join('')).not.toMatch(/secret of the receiver|tok_1/);
      expect(shop.tables.get('erp')?.record).toHaveProperty('failingSince');
    },
  );

  test('that never answers is given up after its time, and its connection with it', async () => {
    await using shop = await served({ erp: () => {} }, { erp: { callSeconds: 0.05 } });
    await shop.receive(message('erp'));
    expect(logged()[0]).toMatchObject({ errorMessage: 'The endpoint erp did not answer within 0.05 s' });
    await expect.poll(() => shop.server.open).toBe(0);
  });

  test('that is dead delays no message of another in the same batch, and is not called once its breaker is open', async () => {
    const dead: Answering = (_, socket) => socket.resetAndDestroy();
    await using shop = await served({ dead, healthy: accepts });
    // Of each order one message for each: what fails at one endpoint blocks nothing of the order at the other.
    const batch = (from: number) =>
      Array.from({ length: 5 }, (_, index) => {
        const event = confirmed({ orderId: `o-${from + index}` });
        return [message('dead', event, { messageId: `dead ${from + index}` }), message('healthy', event)];
      }).flat();
    const first = await shop.receive(...batch(1));
    const second = await shop.receive(...batch(6));
    const calls = (name: string) => shop.server.received.filter(({ path }) => path.startsWith(`/${name}`)).length;
    expect(calls('healthy')).toBe(10);
    expect(calls('dead')).toBe(5);
    expect(
      [...first.batchItemFailures, ...second.batchItemFailures].map(({ itemIdentifier }) => itemIdentifier),
    ).toEqual(Array.from({ length: 10 }, (_, index) => `dead ${index + 1}`));
    expect(logged().filter(({ errorType }) => errorType === 'CircuitOpenError')).toHaveLength(5);
  });

  test('that takes events again is known to fail no more', async () => {
    const record = { failingSince: '2026-11-27T12:00:00.000Z' };
    await using shop = await served({ erp: accepts }, { erp: { record } });
    await shop.receive(message('erp'));
    expect(shop.tables.get('erp')?.record).toEqual({ endpoint: 'erp' });
  });

  test('whose breaker is open is not recorded as failing, because it was not called', async () => {
    await using shop = await served({ erp: (_, socket) => socket.resetAndDestroy() });
    const batch = Array.from({ length: 5 }, (_, index) => message('erp', confirmed({ orderId: `o-${index}` })));
    await shop.receive(...batch);
    const table = shop.tables.get('erp') ?? expect.fail();
    expect(table.calls).toEqual(['read', 'noteFailure']);
    // Another instance had a success, and this one reads so.
    table.record = undefined;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 });
    await shop.receive(message('erp')).finally(() => vi.useRealTimers());
    expect(table.calls).toEqual(['read', 'noteFailure', 'read']);
    expect(table.record).toBeUndefined();
  });

  test('that fails for one message alone does not open its breaker for the others', async () => {
    await using shop = await served({ erp: answers(400) });
    for (let attempt = 1; attempt <= 10; attempt += 1) await shop.receive(message('erp', EVENT, { attempt }));
    expect(shop.server.received).toHaveLength(10);
  });
});

test('Nothing is posted once the time of the invocation is over, as after a thaw', async () => {
  await using shop = await served({ erp: accepts });
  const connect = shop.connections.get('erp') ?? expect.fail();
  const health = endpointHealth('erp', shop.tables.get('erp') ?? expect.fail());
  const deliver = endpointDelivery({ name: 'erp', connect, health, breaker: circuitBreaker({ downstream: 'erp' }) });
  const over = { ...openFence, remainingMs: () => 0 };
  await expect(deliver({ event: EVENT, attempt: 1, invokedAtMs: 0, fence: over })).rejects.toMatchObject({
    name: 'DeadlineExceededError',
  });
  expect([shop.server.connections, shop.tables.get('erp')?.record]).toEqual([0, undefined]);
});

describe('A batch', () => {
  test('answers a probe in the envelope of an endpoint, which no endpoint gets', async () => {
    await using shop = await served({ erp: accepts });
    const probe = JSON.parse(probeBody({ consumer: 'webhooks' }));
    const failing = JSON.parse(probeBody({ consumer: 'webhooks', expect: 'dead-letter' }));
    const lettered = message('erp', failing);
    expect(await shop.receive(message('erp', probe), lettered)).toEqual({ batchItemFailures: [] });
    expect(shop.server.received).toEqual([]);
    expect(shop.outside.deadLetters).toMatchObject([{ record: lettered, errorType: 'Probe' }]);
    expect(logged()).toMatchObject([
      { message: 'probe acknowledged', eventType: probeTypeOf('webhooks', ['shop.order.placed.v1']), probe: NONCE },
      { message: 'probe dead-lettered' },
    ]);
  });
});

describe('A test event', () => {
  test('is posted with a signature, also to a disabled endpoint, and changes nothing of it', async () => {
    const record = { disabledAt: '2026-11-27T12:00:00.000Z', disabledReason: 'it answered 410 Gone' };
    await using shop = await served({ erp: accepts }, { erp: { record } });
    const connect = shop.connections.get('erp') ?? expect.fail();
    const result = await postTestEvent('erp', connect, 10);
    const [received] = shop.server.received;
    const headers = Object.fromEntries(Object.entries(received?.headers ?? {}).map(([k, v]) => [k, String(v)]));
    expect(result).toEqual({
      ok: true,
      status: 204,
      milliseconds: expect.any(Number),
      webhookId: headers['webhook-id'],
    });
    expect(new Webhook(KEY).verify(received?.body ?? '', headers)).toMatchObject({
      type: 'shop.webhooks.test.v1',
      data: { endpoint: 'erp' },
    });
    expect(shop.tables.get('erp')?.calls).toEqual([]);
  });

  test.each<[string, Answering, object]>([
    ['answers 500', answers(500), { ok: false, status: 500, error: 'The endpoint erp answered 500' }],
    [
      'resets',
      (_, socket) => socket.resetAndDestroy(),
      { ok: false, error: 'The endpoint erp gave no answer: ECONNRESET' },
    ],
  ])('says what is wrong where the endpoint %s', async (_, answering, expected) => {
    await using shop = await served({ erp: answering });
    const connect = shop.connections.get('erp') ?? expect.fail();
    expect(await postTestEvent('erp', connect, 10)).toMatchObject(expected);
  });

  test('ends with its time, and says so', async () => {
    await using shop = await served({ erp: () => {} });
    const connect = shop.connections.get('erp') ?? expect.fail();
    expect(await postTestEvent('erp', connect, 0.05)).toMatchObject({
      ok: false,
      error: 'The endpoint erp did not answer within 0.05 s',
    });
  });
});
