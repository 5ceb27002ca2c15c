import { describe, expect, test } from 'vitest';
import { MIN_ATTEMPTS } from '../../../lambdas/runtime/retry-policy.ts';
import type { EndpointRecord } from '../../../lambdas/webhooks/endpoint-record.ts';
import { endpointHealth } from '../../../lambdas/webhooks/health.ts';
import { MemoryEndpointTable } from '../../builders/endpoint-table.ts';
import { quietLog } from '../../builders/quiet-log.ts';

const log = quietLog();
const NOW = Date.parse('2026-11-27T12:00:00Z');
const HOUR = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString();

/** Instances of the function that share a table and a clock. */
function shop(record?: Omit<EndpointRecord, 'endpoint'>) {
  const table = new MemoryEndpointTable(record && { endpoint: 'erp', ...record });
  const clock = { now: NOW };
  const instance = () => {
    const health = endpointHealth('erp', table, () => clock.now);
    return {
      ...health,
      /** Tries one message, in an invocation of its own. */
      async tries(answer: 'taken' | 'failed' | 'gone', attempt = 1) {
        const known = await health.recordOf(clock.now);
        if (known?.disabledAt !== undefined) return known;
        if (answer === 'taken') await health.succeeded();
        else if (answer === 'gone') await health.gone();
        else await health.failed(attempt);
        return undefined;
      },
    };
  };
  return { table, clock, instance, ...instance() };
}

const notices = () => log.lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'ERROR');

describe('The health of an endpoint', () => {
  test('costs no write and a read every ten seconds while all is well, however many events there are', async () => {
    const { table, clock, tries } = shop();
    for (let event = 0; event < 100; event += 1) {
      await tries('taken');
      clock.now += 100;
    }
    expect(table.calls).toEqual(['read']);
    await tries('taken');
    expect(table.calls).toEqual(['read', 'read']);
  });

  test('is read once by all messages of a batch, and their failures are written once', async () => {
    const { table, clock, recordOf, failed } = shop();
    await Promise.all(Array.from({ length: 10 }, () => recordOf(clock.now)));
    await Promise.all(Array.from({ length: 10 }, () => failed(1)));
    expect(table.calls).toEqual(['read', 'noteFailure']);
    expect(table.record).toEqual({ endpoint: 'erp', failingSince: iso(NOW) });
  });

  test('keeps the first failure, and forgets it at the first success, each with one write', async () => {
    const { table, clock, tries } = shop();
    await tries('failed');
    clock.now += 30_000;
    await tries('failed');
    expect(table.record).toEqual({ endpoint: 'erp', failingSince: iso(NOW) });
    await tries('taken');
    await tries('taken');
    expect(table.record).toEqual({ endpoint: 'erp' });
    expect(table.calls.filter((name) => name !== 'read')).toEqual(['noteFailure', 'noteSuccess']);
  });

  test('is written twice a minute at most where every other event fails', async () => {
    const { table, clock, tries } = shop();
    for (let event = 0; event < 600; event += 1) {
      await tries(event % 2 === 0 ? 'failed' : 'taken');
      clock.now += 100;
    }
    expect(table.calls.filter((name) => name !== 'read').length).toBeLessThanOrEqual(2);
  });

  test('learns from another instance within ten seconds', async () => {
    const { clock, tries, instance } = shop();
    await tries('taken');
    await instance().tries('gone');
    expect(await tries('taken')).toBeUndefined();
    clock.now += 10_000;
    expect(await tries('taken')).toMatchObject({ disabledReason: 'it answered 410 Gone' });
  });
});

describe('An endpoint is disabled', () => {
  const failingFor = (hours: number) => shop({ failingSince: iso(NOW - hours * HOUR) });

  test('after three days without a success, with one notice and one count of the metric', async () => {
    const { table, tries, instance } = failingFor(72);
    const other = instance();
    await other.recordOf(NOW);
    await tries('failed', MIN_ATTEMPTS);
    await other.failed(MIN_ATTEMPTS);
    expect(table.record).toMatchObject({
      disabledAt: iso(NOW),
      disabledReason: `it took nothing since ${iso(NOW - 72 * HOUR)}`,
    });
    expect(notices()).toMatchObject([
      {
        message: `the endpoint erp is disabled: it took nothing since ${iso(NOW - 72 * HOUR)}`,
        consumer: 'webhooks',
        endpoint: 'erp',
        WebhookEndpointDisabled: 1,
        _aws: {
          CloudWatchMetrics: [
            { Dimensions: [['consumer'], ['consumer', 'endpoint']], Metrics: [{ Name: 'WebhookEndpointDisabled' }] },
          ],
        },
      },
    ]);
  });

  test.each([
    ['before', 71.9, MIN_ATTEMPTS],
    ['by a message that was not tried all the time, as after a pause', 100, MIN_ATTEMPTS - 1],
  ])('not %s', async (_, hours, attempt) => {
    const { table, tries } = failingFor(hours);
    await tries('failed', attempt);
    expect(table.record).not.toHaveProperty('disabledAt');
    expect(notices()).toEqual([]);
  });

  test('not where another instance had a success meanwhile', async () => {
    const { table, tries, recordOf, instance } = failingFor(72);
    await recordOf(NOW);
    await instance().tries('taken');
    await tries('failed', MIN_ATTEMPTS);
    expect(table.record).toEqual({ endpoint: 'erp' });
    expect(notices()).toEqual([]);
  });

  test('at once where it answers 410, once however many instances hear it', async () => {
    const { table, tries, instance } = shop();
    const other = instance();
    await other.recordOf(NOW);
    await tries('gone');
    await other.gone();
    expect(table.record).toMatchObject({ disabledAt: iso(NOW), disabledReason: 'it answered 410 Gone' });
    expect(notices()).toHaveLength(1);
  });

  test('and then read once in an invocation, however many messages are dead-lettered', async () => {
    const { table, clock, recordOf } = shop({ disabledAt: iso(NOW - HOUR), disabledReason: 'x' });
    for (let message = 0; message < 10; message += 1) {
      clock.now += 1;
      expect(await recordOf(NOW)).toHaveProperty('disabledAt');
    }
    expect(table.calls).toEqual(['read']);
  });

  test('until it is enabled: what is redriven afterwards finds it so, in every instance', async () => {
    const { table, clock, recordOf, instance } = shop({ disabledAt: iso(NOW - HOUR), disabledReason: 'x' });
    const other = instance();
    for (const read of [recordOf, other.recordOf]) expect(await read(NOW)).toHaveProperty('disabledAt');
    table.record = undefined;
    clock.now += 1;
    for (const read of [recordOf, other.recordOf]) expect(await read(clock.now)).toBeUndefined();
  });
});

describe('Where the table', () => {
  test('cannot be read, the message fails, and the next one asks again', async () => {
    const { table, recordOf } = shop();
    table.failure = new Error('throttled');
    await expect(recordOf(NOW)).rejects.toThrow('throttled');
    table.failure = undefined;
    expect(await recordOf(NOW)).toBeUndefined();
  });

  test('cannot be written, the message is what it is, and the next answer is recorded', async () => {
    const { table, recordOf, failed, tries } = shop();
    await recordOf(NOW);
    table.failure = new Error('throttled');
    await failed(1);
    expect(log.lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'WARN', message: 'the state of an endpoint could not be recorded', endpoint: 'erp' },
    ]);
    table.failure = undefined;
    await tries('failed');
    expect(table.record).toHaveProperty('failingSince');
  });
});
