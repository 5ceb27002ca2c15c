import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SQSRecord } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../../contracts/catalog.ts';
import { orderPlaced } from '../../../contracts/order.ts';
import { ContractError, parseEvent } from '../../../contracts/parse.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import { PROBE_SOURCE, probeTypeOf, readProbe } from '../../../lambdas/runtime/probe.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import { placed } from '../../builders/events.ts';
import { anyProbe, NONCE, probeBody } from '../../builders/probes.ts';
import { quietLog } from '../../builders/quiet-log.ts';

const log = quietLog();
const samples = join(import.meta.dirname, '..', '..', 'contracts', 'samples');
const events = readdirSync(samples).map((file) => JSON.parse(readFileSync(join(samples, file), 'utf8')));

/** A payment consumer whose handler records what it gets. */
function payment(queue: Parameters<typeof consumerDependencies>[0] = {}) {
  const handled: string[] = [];
  const outside = consumerDependencies(queue);
  const refusalOf = () => {
    const [type, source] = ['shop.order.refused.v1', '/shop/order'];
    return { specversion: '1.0' as const, id: 'r', source, type, data: { orderId: 'o' } };
  };
  const receive = consumer(
    'payment',
    [orderPlaced],
    () => async (deliveries) => {
      handled.push(...deliveries.map(({ event }) => event.data.orderId));
      return deliveries.map(() => ({ published: [] }));
    },
    { ...outside, refusalOf },
  );
  return { handled, outside, receive: (...records: SQSRecord[]) => receive({ Records: records }) };
}

const logged = () => log.lines.map((line): Record<string, unknown> => JSON.parse(line));
const metrics = () => logged().filter(({ message }) => message === 'batch');

describe('A probe', () => {
  test('is read from whatever carries it', () => {
    fc.assert(
      fc.property(anyProbe, ({ probe, body }) => {
        expect(readProbe(body)).toEqual({ ...probe, type: probeTypeOf(probe.consumer, ['shop.order.placed.v1']) });
      }),
    );
  });

  test('is never what a valid event of the catalog is taken for, whatever its publisher adds', () => {
    const extras = fc.record(
      {
        id: fc.constantFrom('e-1', NONCE, probeTypeOf('payment', [])),
        source: fc.constantFrom(PROBE_SOURCE, '/shop/checkout', probeTypeOf('payment', [])),
        subject: fc.constantFrom(probeTypeOf('payment', []), PROBE_SOURCE),
        data: fc.record({ probe: fc.constant(NONCE), expect: fc.constant('dead-letter'), until: fc.constant(9e12) }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...events), extras, (event, { data = {}, ...members }) => {
        const body = JSON.stringify({ ...event, ...members, data: { ...event.data, ...data } });
        try {
          parseEvent(body, catalog);
        } catch (error) {
          if (error instanceof ContractError) return;
          throw error;
        }
        expect(readProbe(body)).toBeUndefined();
      }),
    );
  });

  test.each([
    ['another source', { source: '/shop/checkout' }],
    ['no digest', { type: 'shop.verify.payment' }],
    ['a nonce that does not belong in a log', { data: { probe: '+821012345678', expect: 'acknowledge', until: 1 } }],
    ['another expectation', { data: { probe: NONCE, expect: 'refund', until: 1 } }],
    ['its type twice', '{"type":"shop.order.placed.v1",'],
  ])('is none with %s', (_, change) => {
    const body = probeBody();
    const changed =
      typeof change === 'string' ? `${change}${body.slice(1)}` : JSON.stringify({ ...JSON.parse(body), ...change });
    expect(readProbe(changed)).toBeUndefined();
  });
});

describe('A consumer', () => {
  test('hands no probe to its handler, publishes nothing for it, counts it nowhere and is done with it', async () => {
    await fc.assert(
      fc.asyncProperty(anyProbe, async ({ body }) => {
        log.lines = [];
        const { handled, outside, receive } = payment();
        expect(await receive(sqsRecord(body))).toEqual({ batchItemFailures: [] });
        expect([handled, outside.published, outside.postponed, metrics()]).toEqual([[], [], [], []]);
      }),
    );
  });

  test('acknowledges its own probe with one line, and says nothing about those of others', async () => {
    const { receive, outside } = payment();
    await receive(
      sqsRecord(probeBody(), { messageId: 'm-1' }),
      sqsRecord(probeBody({ consumer: 'stock' })),
      sqsRecord(probeBody({ consumer: 'stock', expect: 'dead-letter' })),
    );
    expect(outside.deadLetters).toEqual([]);
    expect(logged()).toEqual([
      {
        level: 'INFO',
        time: expect.any(String),
        message: 'probe acknowledged',
        consumer: 'payment',
        eventType: probeTypeOf('payment', ['shop.order.placed.v1']),
        probe: NONCE,
        messageId: 'm-1',
      },
    ]);
  });

  test('dead-letters a probe that asks for it, without telling a publisher and without counting it', async () => {
    const { receive, outside } = payment();
    await receive(sqsRecord(probeBody({ expect: 'dead-letter' })));
    expect(outside.deadLetters).toMatchObject([
      { errorType: 'Probe', errorMessage: expect.stringContaining('ops verify') },
    ]);
    expect(outside.published).toEqual([]);
    expect(logged()).toMatchObject([{ message: 'probe dead-lettered', probe: NONCE }]);
  });

  test.each([
    ['that nobody waits for any more, so that a late or redriven one leaves nothing', -1],
    ['that no run would wait for, so that a publisher who makes one up leaves nothing that stays', 3_601_000],
  ])('only acknowledges a probe %s', async (_, milliseconds) => {
    const { receive, outside } = payment();
    await receive(sqsRecord(probeBody({ expect: 'dead-letter', until: Date.now() + milliseconds })));
    expect(outside.deadLetters).toEqual([]);
    expect(logged()).toMatchObject([{ message: 'probe expired' }]);
  });

  test.each([
    ['refuses it', async () => new Set<string>()],
    ['cannot be reached', () => Promise.reject(new Error('AccessDenied'))],
  ])('says so and is done with the probe where the dead-letter queue %s', async (_, deadLetter) => {
    const { receive } = payment({ queue: { deadLetter } });
    expect(await receive(sqsRecord(probeBody({ expect: 'dead-letter' })))).toEqual({ batchItemFailures: [] });
    expect(logged()).toMatchObject([{ level: 'ERROR', message: 'probe not dead-lettered' }]);
  });

  test('handles and counts the neighbours of a probe as without it', async () => {
    const { receive, handled, outside } = payment();
    const broken = sqsRecord({ type: 'shop.order.placed.v1' }, { messageId: 'broken' });
    await receive(
      sqsRecord(probeBody()),
      sqsRecord(placed({ orderId: 'a' })),
      broken,
      sqsRecord(probeBody({ expect: 'dead-letter' })),
    );
    expect(handled).toEqual(['a']);
    expect(outside.published).toHaveLength(1);
    expect(metrics()).toMatchObject([
      { Done: 1, Retried: 0, DeadLettered: 1, Waited: [expect.any(Number), expect.any(Number)] },
    ]);
  });
});
