import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../../contracts/catalog.ts';
import { orderRefused } from '../../../contracts/order.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import { traceIdOf } from '../../../contracts/traceparent.ts';
import { consumes } from '../../../lambdas/order/consumes.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { refusalOf } from '../../../lambdas/order/refusal.ts';
import { type ConsumerDependencies, consumer } from '../../../lambdas/runtime/consume.ts';
import { PermanentError, UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { GIVE_UP_HOURS } from '../../../lambdas/runtime/retry-policy.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import { placed } from '../../builders/events.ts';
import { orderHandler } from '../../builders/order-handler.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';

const log = quietLog();

/** The order consumer with its records in memory, and what it told publishers. */
function order(parts: Pick<Partial<ConsumerDependencies>, 'publish'> = {}) {
  const outside = { ...consumerDependencies(parts), refusalOf };
  const handler = consumer(
    'order',
    consumes,
    orderHandler(new MemoryRecordStore<Order>(), () => new Date()),
    outside,
  );
  return {
    outside,
    refusals: () =>
      outside.published
        .filter(({ type }) => type === orderRefused.type)
        .map((event) => parseEvent(JSON.stringify(event), [orderRefused])),
    receive: async (...records: ReturnType<typeof sqsRecord>[]) =>
      (await handler({ Records: records })).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
  };
}

const spoiled = (parts: object = {}) => ({
  ...placed({ id: 'm-77' }),
  data: { ...placed().data, items: [{ sku: 'KB-01', quantity: 0, unitPrice: 1 }], ...parts },
});

describe('A publisher is told once of a message', () => {
  test('that breaks its contract: which, and what is wrong', async () => {
    const { outside, refusals, receive } = order();
    expect(await receive(sqsRecord(spoiled()))).toEqual([]);
    expect(refusals()).toMatchObject([
      {
        source: '/shop/order',
        subject: 'o-1001',
        data: {
          orderId: 'o-1001',
          source: '/shop/checkout',
          id: 'm-77',
          problems: [{ path: 'data.items[0].quantity', problem: 'must be at least 1' }],
        },
      },
    ]);
    expect(outside.deadLetters).toMatchObject([
      { errorType: 'ContractError', errorMessage: 'data.items[0].quantity: must be at least 1' },
    ]);
  });

  test.each<[string, string, object]>([
    ['of an unknown type', JSON.stringify({ ...placed({ id: 'm-1' }), type: 'shop.order.placed.v9' }), { id: 'm-1' }],
    [
      'about goods that came in',
      JSON.stringify({ ...placed({ id: 'm-1' }), type: 'shop.stock.received.v1', data: { receiptId: 'r-1' } }),
      { source: '/shop/checkout', id: 'm-1', problems: [{ path: 'data.items', problem: 'is missing' }] },
    ],
    ['that is no JSON', '{"type":"shop.order.placed.v1","data":', {}],
    ['that is an array', '[{"orderId":"o-1"}]', {}],
    ['that is empty', '', {}],
    ['that has no envelope', '{"data":{"orderId":"o-7"}}', { orderId: 'o-7' }],
    ['whose order id is none', JSON.stringify(spoiled({ orderId: 'a b' })), { source: '/shop/checkout', id: 'm-77' }],
  ])('%s', async (_, body, identity) => {
    const { outside, refusals, receive } = order();
    await receive(sqsRecord(body));
    expect(refusals()).toHaveLength(1);
    expect(refusals()[0]?.data).toMatchObject(identity);
    expect(refusals()[0]?.data.problems.length).toBeGreaterThan(0);
    expect(outside.deadLetters).toHaveLength(1);
  });

  test.each([
    ['data.total', placed({ currency: 'USD' })],
    ['data.payment', placed({ token: 'x' })],
    ['data.items', placed({ items: [{ sku: 'KB-02', quantity: 1, unitPrice: 12_000 }] })],
  ])('that contradicts the order on record in %s', async (path, again) => {
    if (path === 'data.payment') Object.assign(again.data, { payment: { kind: 'captured', reference: 'pi_1' } });
    const { outside, refusals, receive } = order();
    await receive(sqsRecord(placed()), sqsRecord({ ...again, id: 'm-2' }));
    expect(refusals().map(({ data }) => data)).toEqual([
      {
        orderId: 'o-1001',
        source: '/shop/checkout',
        id: 'm-2',
        problems: [{ path, problem: expect.stringContaining('Order o-1001 was already placed with') }],
      },
    ]);
    expect(outside.deadLetters).toMatchObject([{ errorType: 'ConflictError' }]);
  });
});

describe('The id of what a publisher is told', () => {
  const idOf = async (body: unknown) => {
    const { refusals, receive } = order();
    await receive(sqsRecord(body));
    return refusals()[0]?.id;
  };

  test('is the same for a message that is redriven and refused again, whatever message of the queue carries it', async () => {
    for (const body of [JSON.stringify(spoiled()), 'no JSON']) expect(await idOf(body)).toBe(await idOf(body));
  });

  test('differs for two messages of one source and id', async () => {
    expect(await idOf(spoiled())).not.toBe(await idOf(spoiled({ total: {} })));
  });
});

describe('Nobody is told', () => {
  test.each([
    ['a message that is retried', new UnavailableError('down')],
    ['a failure that is not its publisher’s', new PermanentError('no')],
    ['an error of our own', new TypeError('oops')],
  ])('of %s', (_, reason) => {
    expect(refusalOf(sqsRecord(spoiled()), reason)).toBeUndefined();
  });

  test('of a message that is taken', async () => {
    const { refusals, receive } = order();
    await receive(sqsRecord(placed()), sqsRecord(placed({ id: 'again' })));
    expect(refusals()).toEqual([]);
  });
});

describe('While the bus takes nothing', () => {
  const down = async (events: readonly object[]) => events.map(() => new UnavailableError('The bus is down'));

  test('a refused message is retried, with both reasons, and not dead-lettered', async () => {
    const { outside, receive } = order({ publish: down });
    expect(await receive(sqsRecord(spoiled(), { messageId: 'refused' }))).toEqual(['refused']);
    expect(outside.deadLetters).toEqual([]);
    expect(outside.postponed).toHaveLength(1);
    expect(log.lines.map((line) => JSON.parse(line)).find(({ message }) => message !== 'batch')).toMatchObject({
      errorType: 'RefusalUnpublishedError',
      errorMessage: 'The bus is down, so its publisher is not told yet that data.items[0].quantity: must be at least 1',
    });
  });

  test('a message that is given up still says what is wrong with it', async () => {
    const { outside, receive } = order({ publish: down });
    await receive(sqsRecord(spoiled(), { attempt: 700, sentSecondsAgo: GIVE_UP_HOURS * 3_600 }));
    expect(outside.deadLetters[0]?.errorMessage).toMatch(/The bus is down.*data\.items\[0\]\.quantity: must be/);
  });

  test('its neighbours in the batch are dead-lettered by their own answers', async () => {
    const { outside, receive } = order({
      publish: async (events) =>
        events.map(({ subject }) => (subject === 'o-2' ? new UnavailableError('refused') : undefined)),
    });
    const records = ['o-1', 'o-2', 'o-3'].map((orderId) => sqsRecord(spoiled({ orderId }), { messageId: orderId }));
    expect(await receive(...records)).toEqual(['o-2']);
    expect(outside.deadLetters.map(({ record, errorType }) => [record.messageId, errorType])).toEqual([
      ['o-1', 'ContractError'],
      ['o-3', 'ContractError'],
    ]);
  });

  test('and the invocation has no time left, the message is retried', async () => {
    const outside = { ...consumerDependencies({ publish: () => new Promise(() => {}) }), refusalOf };
    const handler = consumer('order', consumes, () => async () => [], outside);
    const record = sqsRecord(spoiled(), { messageId: 'refused' });
    const answer = await handler({ Records: [record] }, { getRemainingTimeInMillis: () => 3_010 });
    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: 'refused' }]);
    expect(outside.deadLetters).toEqual([]);
  });
});

describe('What a publisher is told', () => {
  test('belongs to the trace of the message, and otherwise of the order', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { refusals, receive } = order();
    await receive(sqsRecord({ ...spoiled(), traceparent, tracestate: 'vendor=1' }), sqsRecord(spoiled()));
    const [own, derived] = refusals();
    expect(own).toMatchObject({ traceparent: expect.stringMatching(/^00-0af7651916cd43dd/), tracestate: 'vendor=1' });
    expect(traceIdOf(derived?.traceparent, 'another')).toBe(traceIdOf(undefined, 'o-1001'));
  });

  test('quotes no phone number, token or name, wherever the message has one', async () => {
    const secrets = ['+821012345678', 'tok_secret', 'Kim'];
    const anywhere = fc.constantFrom(...secrets);
    const bodies = fc
      .record({
        id: anywhere,
        source: anywhere,
        subject: anywhere,
        type: anywhere,
        time: anywhere,
        data: fc.anything(),
      })
      .map((event) => ({ ...event, id: '+821012345678', source: 'x' }));
    const spoilings = fc.record({
      orderId: fc.constantFrom('+821012345678', 'a +821012345678'),
      customer: anywhere,
      payment: fc.oneof(anywhere, fc.record({ token: fc.constantFrom('tok_secret', 7), kind: anywhere })),
      items: fc.oneof(anywhere, fc.array(fc.record({ sku: fc.constant('Kim\n'), quantity: anywhere }))),
      total: fc.record({ amount: anywhere, currency: anywhere }),
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(bodies, spoilings.map(spoiled)), async (body) => {
        const { outside, receive } = order();
        await receive(sqsRecord(body));
        const told = JSON.stringify(outside.published);
        for (const secret of secrets) expect(told).not.toContain(secret);
        expect(outside.published).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  test('keeps its own contract for any body', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.json(),
          fc.anything().map((data) => JSON.stringify({ ...placed(), data })),
        ),
        async (body) => {
          const { outside, receive } = order();
          await receive(sqsRecord(body));
          for (const event of outside.published) parseEvent(JSON.stringify(event), catalog);
          expect(outside.published).toHaveLength(1);
        },
      ),
      { numRuns: 300 },
    );
  });
});
